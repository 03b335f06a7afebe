#include "cli/equal_points_fixture.hpp"

namespace windrow::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

using EqualPointsMpiTest = EqualPointsFixture;

TEST_F(EqualPointsMpiTest, are_computed_once_on_any_number_of_ranks) {
  for (const int ranks : {1, 2, 5}) {
    std::filesystem::remove(path("log"));
    const std::string results = "ranks" + std::to_string(ranks);
    const Ended run = mpirun_windrow(ranks, {"run", "study.toml", "--dir", results});
    EXPECT_EQ(run.code, 1) << run.text();
    EXPECT_THAT(run.out, HasSubstr("6 of 8 points succeeded, 2 failed; this run evaluated 4 "));
    EXPECT_THAT(run.out, HasSubstr(kSentence));
    EXPECT_THAT(logged("log"), ElementsAre(1, 2, 3, 4));
    EXPECT_EQ(exported(results), kExport);
  }
  write("mended", "");
  EXPECT_EQ(mpirun_windrow(3, {"run", "study.toml", "--dir", "ranks5", "--retry-failed"}).code, 0);
  EXPECT_EQ(exported("ranks5"), kMended);
}

}  // namespace
}  // namespace windrow::test
