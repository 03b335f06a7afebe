// FIRST ERROR: a function that goes to a worker captures nothing: pass values as arguments, or use a ForkingPool
#include "windrow/pool/executor.hpp"

void run(windrow::ProcessPool& pool, double factor) {
  pool.submit([factor](double x) { return factor * x; }, 1.0);
}
