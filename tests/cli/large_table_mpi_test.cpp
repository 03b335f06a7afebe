// A table of many rows lies once in the memory of a node.
#include <gmock/gmock.h>

#include <fstream>

#include "cli/large_table_fixture.hpp"

namespace windrow::test {
namespace {

/// What a process has in memory, in kilobytes; pages that others have, too, are shared out among them.
long proportional(pid_t pid) {
  std::ifstream in("/proc/" + std::to_string(pid) + "/smaps_rollup");
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with("Pss:")) return std::stol(line.substr(4));
  }
  return 0;
}

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)  // these take memory of their own
using LargeTableMpiTest = LargeTableFixture;

TEST_F(LargeTableMpiTest, ranks_of_a_node_share_one_text) {
  constexpr int kRanks = 4;
  write_study(
      "['sh', '-c', 'echo $1 >> ../../../log; while [ ! -e ../../../go ]; do sleep 0.05; done; echo \"<$2>\"', 'sh', "
      "'{{i}}', '{{name}}']",
      "", kEcho);
  const auto memory_of_all = [&](int rows) {
    write_rows(rows);
    for (const char* left : {"study.windrow", "go", "log"}) std::filesystem::remove_all(path(left));
    Program run = start_mpirun(kRanks, {WINDROW_PROGRAM, "run", "study.toml", "--only", "0-7"});
    EXPECT_TRUE(wait_for_log("log", kRanks));  // each has loaded the study
    long sum = 0;
    for (const auto& process : left_processes()) sum += process.name == "windrow" ? proportional(process.pid) : 0;
    write("go", "");
    EXPECT_EQ(run.wait().code, 0);
    return sum;
  };
  const long small = memory_of_all(10);
  const long large = memory_of_all(kRows);
  const long file = static_cast<long>(std::filesystem::file_size(path("t.csv")) / 1024);
  EXPECT_GT(large - small, file / 2) << "what is measured is there";
  EXPECT_LT(large - small, 3 * file) << "not a copy for each of four ranks";
}
#endif

}  // namespace
}  // namespace windrow::test
