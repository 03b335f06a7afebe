// FIRST ERROR: windrow cannot send this type to another process
#include "windrow/parallel/manager.hpp"

struct Field {
  double* values;
};

void run(windrow::ParallelManager& manager) {
  manager.map([] { return 0; }, [](int&, std::uint64_t) { return Field{}; }, 10);
}
