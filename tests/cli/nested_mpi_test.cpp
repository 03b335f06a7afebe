#include <gmock/gmock.h>

#include "cli/cli_fixture.hpp"
#include "cli/studies.hpp"

namespace windrow::test {
namespace {

class NestedMpiTest : public CliTest {};

TEST_F(NestedMpiTest, sweeps_of_mpirun_are_in_the_same_table) {
  write("mixed.toml", kMixedStudy);
  write_program("mixed.sh", kMixedProgram);
  EXPECT_EQ(windrow({"run", "mixed.toml", "--dir", "serial/case=1"}).code, 1);
  EXPECT_EQ(windrow({"run", "mixed.toml", "--dir", "serial/case=2"}).code, 1);
  for (const char* place : {"results/case=1", "results/case=2"}) {
    const Ended ended = mpirun_windrow(3, {"run", "mixed.toml", "--dir", place});
    EXPECT_EQ(ended.code, 1) << ended.text();
  }
  EXPECT_EQ(exported("results"), exported("serial"));
  EXPECT_EQ(csv_records(exported("results")).size(), 1U + 2 * 36);
}

}  // namespace
}  // namespace windrow::test
