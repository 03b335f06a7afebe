// FIRST ERROR: build must return the model
#include "windrow/parallel/manager.hpp"

void run(windrow::ParallelManager& manager) {
  manager.map([] {}, [](std::uint64_t index) { return index; }, 10);
}
