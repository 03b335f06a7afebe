#pragma once

#include <gmock/gmock.h>
#include <signal.h>

#include "cli/cli_fixture.hpp"
#include "cli/entries.hpp"

namespace windrow::test {

/// Four points; the first ends at once, the others wait until there is a file `go`.
class CleanTest : public CliTest {
 protected:
  void SetUp() override {
    write("study.toml", R"([parameters.x]
values = [0, 1, 2, 3]
[command]
run = ["./wait.sh", "{{x}}", "{{study.dir}}"]
grace = "100ms"
[outputs]
y = { stdout = 'x=(\d+)' }
)");
    write_program("wait.sh",
                  "echo $1 >> $2/begun\n[ $1 = 0 ] || while [ ! -e $2/go ]; do sleep 0.01; done\necho x=$1\n");
  }

  std::set<std::string> points() const { return entries_of(path("study.windrow/points")); }

  /// Until the second point runs and the first has its outcome; then all processes are killed.
  void kill_in_the_second_point(Program& run) {
    ASSERT_TRUE(wait_for_log("begun", 2));
    ASSERT_TRUE(eventually(std::chrono::seconds(10), [this] { return recorded("study.windrow").size() == 1; }));
    for (const Process& process : left_processes()) kill(process.pid, SIGKILL);
    run.signal_group(SIGKILL);
    run.wait();
    expect_nothing_left(std::chrono::seconds(3));
  }

  /// After that: the directory of a point.
  void expect_remains() const {
    EXPECT_TRUE(points().contains("1") || points().contains("2") || points().contains("3"));
    EXPECT_FALSE(points().contains("0"));
  }

  void expect_clean() {
    EXPECT_THAT(points(), testing::IsEmpty());
    EXPECT_THAT(entries_of(path("study.windrow")),
                testing::Each(testing::AnyOf("results.sqlite", "lock", "live.json", "points")));
    EXPECT_EQ(recorded("study.windrow").size(), 1U);
  }
};

}  // namespace windrow::test
