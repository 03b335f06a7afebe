// FIRST ERROR: execute must return its result
#include <span>
#include <vector>

#include "windrow/parallel/manager.hpp"

void run(windrow::ParallelManager& manager) {
  manager.scatter([] { return 1.0; }, [](double&, std::span<const double>) {}, std::vector<double>{1.0, 2.0});
}
