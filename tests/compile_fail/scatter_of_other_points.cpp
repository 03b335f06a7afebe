// FIRST ERROR: execute must take (Model&, const P&) or (Model&, std::span<const P>)
#include <string>
#include <vector>

#include "windrow/parallel/manager.hpp"

void run(windrow::ParallelManager& manager) {
  manager.scatter([] { return 1.0; }, [](double& model, const std::string&) { return model; },
                  std::vector<double>{1.0, 2.0});
}
