#include <gmock/gmock.h>

#include "cli/cli_fixture.hpp"
#include "cli/studies.hpp"

namespace windrow::test {
namespace {

class ShardsMpiTest : public CliTest {};

TEST_F(ShardsMpiTest, shards_run_under_mpirun_and_are_merged_by_the_last) {
  write("mixed.toml", kMixedStudy);
  write_program("mixed.sh", kMixedProgram);
  EXPECT_EQ(windrow({"run", "mixed.toml", "--dir", "reference"}).code, 1);
  for (int number = 1; number <= 2; ++number) {
    const Ended ended =
        mpirun_windrow(3, {"run", "mixed.toml", "--shard", std::to_string(number) + "/2", "--dir", "results"});
    EXPECT_EQ(ended.code, 1) << ended.text();
    const bool merged = ended.out.find("Merged 2 shards with 36 outcomes") != std::string::npos;
    EXPECT_EQ(merged, number == 2) << ended.text();
  }
  EXPECT_EQ(exported("results"), exported("reference"));
}

// The jobs of an array after an output was added: the first ran without it.
TEST_F(ShardsMpiTest, outputs_that_a_shard_lacks_are_read_by_collect_and_by_merge) {
  const auto write_study = [this](const std::string& outputs) {
    write("added.toml",
          "[parameters.x]\nvalues = { linear = { from = 0, to = 19, points = 20 } }\n[command]\n"
          "run = 'echo {{x}} >> {{study.dir}}/log; echo a={{x}} b={{x}}5'\nkeep = 'all'\n[outputs]\n"
          "a = { stdout = 'a=(\\S+)' }\n" +
              outputs);
  };
  const std::string added = "b = { stdout = 'b=(\\S+)' }\n";
  for (const std::string verb : {"collect", "merge"}) {
    write_study("");
    EXPECT_EQ(mpirun_windrow(3, {"run", "added.toml", "--shard", "1/2", "--dir", verb}).code, 0);
    write_study(added);
    if (verb == "collect") {
      EXPECT_EQ(windrow({"collect", "added.toml", "--dir", verb}).code, 0);
    }
    const Ended last = mpirun_windrow(3, {"run", "added.toml", "--shard", "2/2", "--dir", verb});
    EXPECT_EQ(last.code, 0) << last.text();
    if (verb == "merge") {
      EXPECT_EQ(windrow({"merge", verb}).code, 0);
    }
    EXPECT_FALSE(std::filesystem::exists(path(verb) / "shards"));
  }
  EXPECT_EQ(logged("log").size(), 40U) << "each point once in each directory";
  EXPECT_EQ(windrow({"run", "added.toml", "--dir", "reference"}).code, 0);
  EXPECT_EQ(exported("collect"), exported("reference"));
  EXPECT_EQ(exported("merge"), exported("reference"));
}

TEST_F(ShardsMpiTest, plan_counts_what_ranks_evaluate_of_a_sample) {
  write("mixed.toml", kMixedStudy);
  write_program("mixed.sh", kMixedProgram);
  EXPECT_THAT(windrow({"plan", "mixed.toml", "--sample", "7"}).out,
              testing::HasSubstr("chosen: 7 of 36 points, of which 7 are to be run"));
  mpirun_windrow(3, {"run", "mixed.toml", "--sample", "7"});
  EXPECT_EQ(recorded("mixed.windrow").size(), 7U);
  EXPECT_THAT(windrow({"plan", "mixed.toml", "--sample", "9"}).out,
              testing::HasSubstr("chosen: 9 of 36 points, of which 2 are to be run"));
}

}  // namespace
}  // namespace windrow::test
