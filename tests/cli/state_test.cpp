// What is said of the state of a study is true: a point that runs, how long the rest may take, how wide a terminal is.
#include <pty.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <sstream>

#include "cli/interrupt_fixture.hpp"
#include "windrow/base/text.hpp"

namespace windrow::test {
namespace {

using testing::ContainsRegex;
using testing::HasSubstr;
using testing::Not;
using namespace std::chrono_literals;

class StateTest : public InterruptTest {
 protected:
  Program waiting_run(const Arguments& more = {}) {
    Arguments arguments = {"run", "waiting.toml", "--workers", "2"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return start_windrow(arguments);
  }
  void stop(Program& run) {
    run.signal_group(SIGINT);
    run.wait();
  }
  std::string explained(const std::string& index) { return windrow({"explain", "waiting.windrow", index}).out; }
};

TEST_F(StateTest, explain_of_a_running_point_says_where_and_since_when) {
  Program run = waiting_run();
  EXPECT_TRUE(wait_until_busy());
  EXPECT_TRUE(eventually(10s, [&] { return explained("3").find("Status: running") != std::string::npos; }));
  EXPECT_THAT(explained("3"), ContainsRegex("\nStatus: running on worker [01] \\([^)]+\\), for [0-9.]+(ms|s), since "
                                            "[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}\n"));
  EXPECT_THAT(explained("3"), HasSubstr("x = 3\n"));
  EXPECT_THAT(explained("11"), HasSubstr("Status: not evaluated yet; the run that is going on will come to it.\n"));
  EXPECT_THAT(explained("0"), Not(HasSubstr("running")));
  const auto json = nlohmann::json::parse(windrow({"explain", "waiting.windrow", "3", "--json"}).out);
  EXPECT_EQ(json["status"], "pending");
  EXPECT_TRUE(json["running"]["since"].is_number());
  EXPECT_TRUE(json["running"]["host"].is_string());
  stop(run);
  EXPECT_THAT(explained("3"), HasSubstr("Status: not evaluated yet; the next `windrow run` evaluates it.\n"));
  EXPECT_THAT(windrow({"explain", "waiting.windrow", "3", "--json"}).out, Not(HasSubstr("\"running\"")));
}

TEST_F(StateTest, a_failed_point_that_is_tried_again_says_both) {
  write_program("waiting.sh", "[ -e \"$(dirname \"$0\")/wait\" ] || exit 3\nsleep 3600\n");
  std::filesystem::remove(path("wait"));
  EXPECT_EQ(windrow({"run", "waiting.toml", "--quiet"}).code, 1);
  write("wait", "");
  Program run = waiting_run({"--retry-failed"});
  EXPECT_TRUE(eventually(10s, [&] {
    return explained("0").find("It is running again: on worker") != std::string::npos;
  })) << explained("0");
  EXPECT_THAT(explained("0"), HasSubstr("Status: exited: exit code 3\n"));
  stop(run);
}

TEST_F(StateTest, explain_of_a_point_that_a_shard_runs) {
  Program run = waiting_run({"--shard", "1/2"});
  EXPECT_TRUE(eventually(10s, [&] {
    for (int index = 3; index < 12; ++index) {
      if (explained(std::to_string(index)).find("Status: running on worker") != std::string::npos) return true;
    }
    return false;
  }));
  stop(run);
}

TEST_F(StateTest, status_and_plan_estimate_what_is_left) {
  EXPECT_THAT(windrow({"plan", "waiting.toml"}).out, Not(HasSubstr("Estimate")));
  Program run = waiting_run();
  EXPECT_TRUE(wait_until_busy());
  stop(run);
  const std::string expected =
      "Estimate for the 9 points left: [0-9.a-z]+, 2 at a time, by the mean of 3 finished "
      "points \\([0-9.a-z]+\\)\n";
  EXPECT_THAT(windrow({"status", "waiting.windrow"}).out, ContainsRegex(expected));
  EXPECT_THAT(windrow({"plan", "waiting.toml"}).out, ContainsRegex(expected));
  for (const Arguments& arguments :
       {Arguments{"status", "waiting.windrow", "--json"}, Arguments{"plan", "waiting.toml", "--json"}}) {
    const auto json = nlohmann::json::parse(windrow(arguments).out);
    EXPECT_EQ(json["estimate"]["finished"], 3);
    EXPECT_EQ(json["estimate"]["at_a_time"], 2);
    EXPECT_NEAR(json["estimate"]["seconds"].get<double>(), 4.5 * json["estimate"]["seconds_per_point"].get<double>(),
                1e-9);
  }
  std::filesystem::remove(path("wait"));
  EXPECT_EQ(windrow({"run", "waiting.toml", "--quiet"}).code, 0);
  EXPECT_THAT(windrow({"status", "waiting.windrow"}).out, Not(HasSubstr("Estimate")));
  EXPECT_THAT(windrow({"plan", "waiting.toml"}).out, Not(HasSubstr("Estimate")));
}

TEST_F(StateTest, an_estimate_is_not_made_of_another_program) {
  std::filesystem::remove(path("wait"));
  EXPECT_EQ(windrow({"run", "waiting.toml", "--quiet"}).code, 0);
  write("waiting.toml", "[parameters.x]\nvalues = [1, 2]\n[command]\nrun = ['echo', 'other', '{{x}}']\n");
  EXPECT_THAT(windrow({"plan", "waiting.toml"}).out, Not(HasSubstr("Estimate")));
}

TEST_F(StateTest, what_programs_with_ranks_wait_for_is_no_reason_for_fewer_workers) {
  write("ranks.toml", R"(
[parameters.x]
values = { linear = { from = 1, to = 24, points = 24 } }
[command]
run = "sleep 0.1; echo {{x}}"
ranks = 2
launcher = ["env"]
)");
  const Ended run = windrow({"run", "ranks.toml", "--workers", "4"});
  EXPECT_EQ(run.code, 0) << run.text();
  EXPECT_THAT(run.out, Not(HasSubstr("fewer of them")));
  EXPECT_THAT(run.out, HasSubstr("while points held the slots of several."));
  EXPECT_THAT(windrow({"timing", "ranks.windrow"}).out, HasSubstr("while points held the slots of several."));
}

TEST_F(StateTest, watch_keeps_to_the_width_of_a_terminal_to_the_last_frame) {
  write("waiting.toml",
        "[study]\nname = 'a-name-that-is-longer-than-the-terminal-is-wide-by-far-and-more'\n"
        "[parameters.x]\nvalues = [1, 2]\n[command]\nrun = ['echo', '{{x}}']\n");
  ASSERT_EQ(windrow({"run", "waiting.toml", "--dir", "waiting.windrow", "--quiet"}).code, 0);
  for (const unsigned columns : {24U, 40U, 57U}) {
    int master = -1, terminal = -1;
    struct winsize size = {};
    size.ws_row = 10;
    size.ws_col = static_cast<unsigned short>(columns);
    ASSERT_EQ(openpty(&master, &terminal, nullptr, nullptr, &size), 0);
    Program watch = start({WINDROW_PROGRAM, "watch", "waiting.windrow"}, {{"TERM", "xterm"}}, terminal);
    close(terminal);
    std::string bytes;
    std::array<char, 4096> buffer{};
    for (ssize_t count = 0; (count = read(master, buffer.data(), buffer.size())) > 0;) {  // ends with EIO
      bytes.append(buffer.data(), static_cast<std::size_t>(count));
    }
    close(master);
    EXPECT_EQ(watch.wait().code, 0);
    std::istringstream lines(bytes);
    for (std::string line; std::getline(lines, line);) {
      line.erase(std::remove(line.begin(), line.end(), '\r'), line.end());
      EXPECT_LE(text::width(line), columns) << line;
    }
    EXPECT_THAT(bytes, HasSubstr("The run has ended:"));
  }
}

}  // namespace
}  // namespace windrow::test
