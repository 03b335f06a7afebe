// FIRST ERROR: 'struct Field' has no member named 'serialize'
// FIRST ERROR: no member named 'serialize' in 'Field'
#include "windrow/parallel/manager.hpp"

struct Field {
  double* values;
};

void run(windrow::ParallelManager& manager) {
  manager.map([] { return 0; }, [](int&, std::uint64_t) { return Field{}; }, 10);
}
