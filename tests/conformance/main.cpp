// Runs one suite on whatever backend and number of ranks the environment asks for.
#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>

#include "conformance/conformance.hpp"
#include "windrow/parallel/launch.hpp"

namespace windrow::test {

static ParallelManager* current = nullptr;
ParallelManager& manager() {
  return *current;
}

}  // namespace windrow::test

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  windrow::LaunchOptions options;
  options.runs_programs = true;
  options.isolates_evaluations = true;
  options.peers = std::getenv("WINDROW_TEST_ROOT_ALONE") == nullptr;
  return windrow::launch(
      argc, argv,
      [](windrow::ParallelManager& manager) {
        windrow::test::current = &manager;
        if (!manager.is_root()) {
          auto& listeners = testing::UnitTest::GetInstance()->listeners();
          delete listeners.Release(listeners.default_result_printer());
        }
        const bool failed_here = RUN_ALL_TESTS() != 0;
        if (failed_here && !manager.is_root()) std::fprintf(stderr, "tests failed on rank %d\n", manager.rank());
        return manager.all_reduce(failed_here ? 1 : 0, windrow::op::max);
      },
      options);
}
