#include "cli/cli_fixture.hpp"
#include "cli/files.hpp"

namespace windrow::test {
namespace {

class FilesMpiTest : public CliTest {};

// Ranks other than the root look for no file: they are told what there is.
TEST_F(FilesMpiTest, everything_reaches_programs_of_all_ranks) {
  write("study.toml", kFilesStudy);
  write_program("sim", kFilesProgram);
  write("system/controlDict.mustache", "{{x}}000\n");
  write("a.txt", "10\n");
  write("b c.txt", "200\n");
  write("data/table", "0\n");
  EXPECT_EQ(windrow({"run", "study.toml", "--dir", "alone", "--workers", "1"}).code, 0);
  const Ended ended = mpirun_windrow(3, {"run", "study.toml", "--dir", "ranks"});
  EXPECT_EQ(ended.code, 0) << ended.text();
  EXPECT_EQ(exported("ranks"), exported("alone"));
  EXPECT_EQ(csv_records(exported("ranks")).at(1).at(4), "1210");
  for (int i = 0; i < 16; ++i) {
    const std::string field = "field" + std::to_string(1 + i / 4) + ".vtk";
    EXPECT_TRUE(std::filesystem::exists(path("ranks/points/" + std::to_string(i) + "/" + field))) << i;
  }
}

}  // namespace
}  // namespace windrow::test
