// Each way in which a program can fail costs one point, and everything that tells of it agrees.
#include <gmock/gmock.h>

#include <sstream>

#include "cli/cli_fixture.hpp"

namespace windrow::test {
namespace {

using testing::HasSubstr;

struct Expected {
  const char* program;
  const char* kind;
  const char* word;  ///< in the explanation
};

const std::vector<Expected> kPoints = {
    {"./fine.sh", "ok", "Status: ok"},
    {"./segfault.sh", "crashed", "Segmentation fault"},
    {"./three.sh", "exited", "no licence today"},
    {"./silent.sh", "bad_output", "answer"},
    {"./slow.sh", "timed_out", "over its time limit of 0.3s"},
    {"./stubborn.sh", "timed_out", "over its time limit of 0.3s"},
    {"./missing.sh", "exited", "missing.sh"},
    {"./abort.sh", "crashed", "Aborted"},
    {"./garbage.sh", "bad_output", "many"},
    {"./fine.sh", "ok", "42"},
};

class FailuresTest : public CliTest {
 protected:
  void SetUp() override {
    write_program("fine.sh", "echo answer=42\n");
    write_program("segfault.sh", "kill -SEGV $$\n");
    write_program("three.sh", "echo no licence today >&2; exit 3\n");
    write_program("silent.sh", "exit 0\n");
    write_program("slow.sh", "sleep 60\n");
    write_program("stubborn.sh", "trap '' TERM; setsid sleep 60 & while :; do sleep 60; done\n");
    write_program("abort.sh", "kill -ABRT $$\n");
    write_program("garbage.sh", "echo answer=many\n");
    std::string programs;
    for (const Expected& point : kPoints) programs += std::string(point.program) + "\n";
    write("programs.csv", "program\n" + programs);
    write("failing.toml", R"(
[design]
method = "table"
file = "programs.csv"
[command]
run = ["{{program}}"]
timeout = "300ms"
grace = "200ms"
[outputs]
answer = { stdout = 'answer=(\w+)', type = "integer" }
)");
  }
};

TEST_F(FailuresTest, each_costs_one_point_of_the_right_kind) {
  const Ended run = windrow({"run", "failing.toml"});
  EXPECT_EQ(run.code, 1) << run.text();
  EXPECT_THAT(run.out, HasSubstr("2 of 10 points succeeded, 8 failed"));
  const std::string told = windrow({"failures", "failing.windrow", "--all"}).out;
  for (const Expected& point : kPoints) {
    if (std::string(point.kind) == "ok") continue;
    EXPECT_THAT(told, HasSubstr(point.word)) << point.program;
  }
  const auto records = csv_records(exported("failing.windrow"));
  ASSERT_EQ(records.size(), kPoints.size() + 1);
  for (std::size_t i = 0; i < kPoints.size(); ++i) {
    EXPECT_EQ(records[i + 1].back(), kPoints[i].kind) << kPoints[i].program;
    EXPECT_EQ(records[i + 1][2], std::string(kPoints[i].kind) == "ok" ? "42" : "nan") << kPoints[i].program;
  }
}

TEST_F(FailuresTest, status_explain_and_the_kept_directory_agree) {
  EXPECT_EQ(windrow({"run", "failing.toml", "--workers", "3"}).code, 1);
  const Ended status = windrow({"status", "failing.windrow"});
  EXPECT_EQ(status.code, 0);
  EXPECT_THAT(status.out, HasSubstr("failing: 10 of 10 points evaluated\n"));
  for (const char* part : {"crashed 2", "timed_out 2", "exited 2", "bad_output 2"}) {
    EXPECT_THAT(status.out, HasSubstr(part));
  }
  for (std::size_t i = 0; i < kPoints.size(); ++i) {
    const std::string index = std::to_string(i);
    const Ended explained = windrow({"explain", "failing.windrow", index});
    EXPECT_EQ(explained.code, 0);
    EXPECT_THAT(explained.out, HasSubstr("Status: " + std::string(kPoints[i].kind)));
    EXPECT_THAT(explained.out, HasSubstr(kPoints[i].word));
    EXPECT_THAT(explained.out, HasSubstr(std::string("program = ") + kPoints[i].program));
    const bool kept = std::filesystem::exists(path("failing.windrow/points") / index);
    EXPECT_EQ(kept, std::string(kPoints[i].kind) != "ok") << index;
    EXPECT_THAT(explained.out, HasSubstr(kept ? "stderr" : "was not kept"));
  }
  EXPECT_EQ(read_file(path("failing.windrow/points/2/stderr")), "no licence today\n");
  EXPECT_THAT(windrow({"explain", "failing.windrow", "1"}).out,
              HasSubstr("Status: crashed: signal 11 (Segmentation fault)"));
  EXPECT_THAT(windrow({"explain", "failing.windrow", "2"}).out, HasSubstr("Status: exited: exit code 3"));
}

TEST_F(FailuresTest, nothing_is_left_of_points_that_succeeded) {
  write("good.toml", R"(
[parameters.x]
values = { linear = { from = 1, to = 60, points = 60 } }
[command]
run = "echo {{x}}; [ {{x}} -lt 50 ] || touch more"
[outputs]
y = { stdout = '\S+' }
)");
  EXPECT_EQ(windrow({"run", "good.toml", "--workers", "3"}).code, 0);
  EXPECT_TRUE(std::filesystem::is_empty(path("good.windrow/points")));
}

TEST_F(FailuresTest, the_command_that_is_kept_can_be_run_again_by_hand) {
  EXPECT_EQ(windrow({"run", "failing.toml"}).code, 1);
  const auto kept = path("failing.windrow/points/2");
  Ended again = start({"/bin/sh", (kept / "command").string()}).wait();
  EXPECT_EQ(again.code, 3);
  EXPECT_EQ(again.err, "no licence today\n");
}

TEST_F(FailuresTest, quiet_still_says_by_its_exit_code_that_some_failed) {
  const Ended run = windrow({"run", "failing.toml", "--quiet"});
  EXPECT_EQ(run.code, 1);
  EXPECT_EQ(run.out + run.err, "");
}

}  // namespace
}  // namespace windrow::test
