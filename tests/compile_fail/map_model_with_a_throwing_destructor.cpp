// FIRST ERROR: the destructors of models and results must not throw
#include "windrow/parallel/manager.hpp"

struct Model {
  ~Model() noexcept(false);
};

void run(windrow::ParallelManager& manager) {
  manager.map([] { return Model(); }, [](Model&, std::uint64_t) { return 1.0; }, 10);
}
