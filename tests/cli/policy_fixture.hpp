#pragma once

#include <gmock/gmock.h>
#include <signal.h>

#include "cli/cli_fixture.hpp"

namespace windrow::test {

/// 12 points that append their index to the file `log` when they begin. Other files say what else they do; `slow` holds
/// the seconds that they take.
class PolicyTest : public CliTest {
 protected:
  void SetUp() override {
    write_study("", "");
    write_program("policy.sh", R"(
directory=$(dirname "$0")
echo $1 >> "$directory/log"
tries=$(grep -c "^$1\$" "$directory/log")
[ -e "$directory/flaky" ] && [ $(($1 % 4)) = 3 ] && [ $tries -lt 3 ] && { echo "try $tries" >&2; exit 9; }
[ -e "$directory/broken" ] && [ $(($1 % 4)) = 3 ] && exit 9
[ -e "$directory/deadly" ] && [ $1 = 5 ] && [ $tries -lt 2 ] && { kill -9 $PPID; sleep 60; }
[ -e "$directory/endless" ] && [ $1 = 11 ] && sleep 3600
[ -e "$directory/waiting" ] && [ $1 -gt 2 ] && sleep 3600
[ -e "$directory/slow" ] && sleep $(cat "$directory/slow")
echo square=$(($1 * $1))
)");
  }

  void write_study(const std::string& command, const std::string& run) const {
    write("policy.toml", R"(
[parameters.x]
values = { linear = { from = 0, to = 11, points = 12 } }
[command]
run = ["./policy.sh", "{{point.index}}"]
grace = "200ms"
)" + command + R"(
[outputs]
square = { stdout = 'square=(\d+)', type = "integer" }
[run]
)" + run);
  }

  /// The run ended with points left and code 75; the next one evaluates just those.
  void expect_run_again(const Ended& ended) {
    EXPECT_EQ(ended.code, 75) << ended.text();
    expect_continued();
  }

  void expect_continued() {
    const std::size_t before = recorded("policy.windrow").size();
    EXPECT_LT(before, 12U) << "the run was to stop before its end";
    for (const char* file : {"waiting", "endless", "slow"}) std::filesystem::remove(path(file));
    const Ended again = windrow({"run", "policy.toml"});
    EXPECT_EQ(again.code, 0) << again.text();
    EXPECT_THAT(again.out, testing::HasSubstr("12 of 12 points succeeded"));
    EXPECT_THAT(again.out, testing::HasSubstr("this run evaluated " + std::to_string(12 - before) + " "));
  }
};

}  // namespace windrow::test
