// FIRST ERROR: a function that goes to a worker captures nothing: pass values as arguments, or use a ForkingPool
#include <vector>

#include "windrow/pool/executor.hpp"

void run(windrow::ProcessPool& pool, double factor) {
  pool.map([factor](double x) { return factor * x; }, std::vector<double>{1.0, 2.0});
}
