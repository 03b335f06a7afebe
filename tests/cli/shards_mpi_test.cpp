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

}  // namespace
}  // namespace windrow::test
