#include "cli/timing_fixture.hpp"

namespace windrow::test {
namespace {

class TimingMpiTest : public TimingVerbTest {};

TEST_F(TimingMpiTest, the_trace_of_a_run_on_four_ranks_adds_up_to_its_account) {
  const Ended run = mpirun_windrow(4, {"run", "unequal.toml"});
  EXPECT_EQ(run.code, 0) << run.text();
  EXPECT_NE(run.out.find("\nTime: evaluate "), std::string::npos) << run.text();
  expect_trace_of_the_account("unequal.windrow");
}

}  // namespace
}  // namespace windrow::test
