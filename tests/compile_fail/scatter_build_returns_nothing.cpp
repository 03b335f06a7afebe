// FIRST ERROR: build must return the model
#include <vector>

#include "windrow/parallel/manager.hpp"

void run(windrow::ParallelManager& manager) {
  manager.scatter([] {}, [](double point) { return point; }, std::vector<double>{1.0, 2.0});
}
