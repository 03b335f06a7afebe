#include "cli/examples.hpp"

namespace windrow::test {
namespace {

class ExamplesMpiTest : public ExampleTest {};

TEST_F(ExamplesMpiTest, the_embedded_solver_prints_the_same_from_three_ranks) {
  expect_same_bytes(start_mpirun(3, {WINDROW_EMBEDDED_SOLVER, "ranks"}));
}

}  // namespace
}  // namespace windrow::test
