// FIRST ERROR: execute must take (Model&, std::uint64_t index) and return the result
#include "windrow/parallel/manager.hpp"

void run(windrow::ParallelManager& manager) {
  manager.map([] { return 1.0; }, [](double& model) { return model; }, 10);
}
