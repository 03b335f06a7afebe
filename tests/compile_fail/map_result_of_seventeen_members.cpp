// FIRST ERROR: windrow can send structs of up to 16 members: give this one a serialize()
#include "windrow/parallel/manager.hpp"

struct Field {
  int a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q;
};

void run(windrow::ParallelManager& manager) {
  manager.map([] { return 0; }, [](int&, std::uint64_t) { return Field{}; }, 10);
}
