#include <gmock/gmock.h>

#include "cli/check_fixture.hpp"

namespace windrow::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;

class CheckMpiTest : public CheckTest {};

TEST_F(CheckMpiTest, a_damaged_row_is_named_once_and_evaluated_again_on_any_number_of_ranks) {
  const std::string reference = finished();
  for (const int ranks : {1, 3}) {
    damage_row();
    std::filesystem::remove(path("log"));
    const Ended run = mpirun_windrow(ranks, {"run", "study.toml"});
    EXPECT_EQ(run.code, 0) << run.text();
    const std::string line = "point 17: its row in results.sqlite is damaged, and evaluated again";
    EXPECT_THAT(run.err, HasSubstr(line));
    EXPECT_EQ(run.err.find(line), run.err.rfind(line));
    EXPECT_THAT(run.out, AllOf(HasSubstr("this run evaluated 1 "), HasSubstr("1 point had a damaged row")));
    EXPECT_EQ(logged("log"), (std::vector<std::uint64_t>{17}));
    EXPECT_EQ(exported(kResults), reference);
  }
}

}  // namespace
}  // namespace windrow::test
