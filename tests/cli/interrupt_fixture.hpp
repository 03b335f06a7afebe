#pragma once

#include <gmock/gmock.h>
#include <signal.h>

#include "cli/cli_fixture.hpp"

namespace windrow::test {

/// A study whose first three points are quick and whose others wait for an hour, as long as there is a file `wait`.
/// Their programs ignore SIGTERM where there is a file `stubborn`.
class InterruptTest : public CliTest {
 protected:
  void SetUp() override {
    write("wait", "");
    write_program("waiting.sh", R"(
directory=$(dirname "$0")
[ -e "$directory/stubborn" ] && trap '' TERM
echo $1 >> "$directory/log"
[ -e "$directory/wait" ] && [ $1 -gt 2 ] && sleep 3600
echo x=$1
)");
    write_study("300ms");
  }

  void write_study(const std::string& grace) const {
    write("waiting.toml", R"(
[parameters.x]
values = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]
[command]
run = ["./waiting.sh", "{{x}}"]
grace = ")" + grace + R"("
[outputs]
x_back = { stdout = 'x=(\d+)', type = "integer" }
)");
  }

  /// The first three points are recorded, two others are waiting.
  bool wait_until_busy() {
    return wait_for_log("log", 5) && eventually(std::chrono::seconds(5), [this] {
             return recorded("waiting.windrow") == std::set<std::uint64_t>{0, 1, 2};
           });
  }

  /// No point counts as failed; the next run evaluates just those that are missing, and all is well.
  void expect_continued() {
    expect_nothing_left();
    const auto status = windrow({"status", "waiting.windrow"});
    EXPECT_THAT(status.out, testing::HasSubstr("waiting: 3 of 12 points evaluated, not running"));
    EXPECT_THAT(status.out, testing::HasSubstr("  failed     0\n"));
    std::filesystem::remove(path("wait"));
    std::filesystem::remove(path("log"));
    const Ended again = windrow({"run", "waiting.toml"});
    EXPECT_EQ(again.code, 0) << again.text();
    EXPECT_THAT(again.out, testing::HasSubstr("12 of 12 points succeeded; this run evaluated 9 "));
    EXPECT_EQ(logged("log"), (std::vector<std::uint64_t>{3, 4, 5, 6, 7, 8, 9, 10, 11}));
  }
};

}  // namespace windrow::test
