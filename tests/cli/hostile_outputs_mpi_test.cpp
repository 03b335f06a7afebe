#include "cli/hostile_outputs_fixture.hpp"

namespace windrow::test {
namespace {

class HostileOutputsMpiTest : public HostileOutputsFixture {};

TEST_F(HostileOutputsMpiTest, each_is_the_failure_of_its_own_point) {
  const Ended run = mpirun_windrow(3, {"run", "hostile.toml"});
  expect_outcomes(run, "hostile.windrow");
}

}  // namespace
}  // namespace windrow::test
