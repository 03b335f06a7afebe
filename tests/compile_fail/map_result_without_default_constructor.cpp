// FIRST ERROR: map keeps a value for every index, also where execute failed: its results need a default constructor
#include "windrow/parallel/manager.hpp"

struct Length {
  explicit Length(double its_metres) : metres(its_metres) {}
  double metres;
};

void run(windrow::ParallelManager& manager) {
  manager.map([] { return 0; }, [](int&, std::uint64_t) { return Length(1); }, 10);
}
