#include "cli/failure_groups_fixture.hpp"

namespace windrow::test {
namespace {

using testing::HasSubstr;

class FailureGroupsMpiTest : public FailureGroupsCliTest {};

TEST_F(FailureGroupsMpiTest, the_same_groups_on_any_number_of_ranks) {
  for (const int ranks : {1, 2, 3}) {
    const std::string results = "results" + std::to_string(ranks);
    const Ended run = mpirun_windrow(ranks, {"run", "groups.toml", "--dir", results});
    EXPECT_THAT(run.out, HasSubstr(kSummary)) << ranks;
    EXPECT_THAT(run.err, HasSubstr("First failure, point ")) << ranks;
    EXPECT_EQ(run.err.find("First failure"), run.err.rfind("First failure")) << run.err;
    std::string told = windrow({"failures", results}).out;
    EXPECT_THAT(told, HasSubstr("all have x = 3 m, where no point succeeded\n"));
  }
}

}  // namespace
}  // namespace windrow::test
