// Running a study again, changed, twice at a time, or asking about it while it runs.
#include <gmock/gmock.h>
#include <signal.h>

#include "cli/cli_fixture.hpp"
#include "cli/studies.hpp"

namespace windrow::test {
namespace {

using testing::HasSubstr;
using Indices = std::vector<std::uint64_t>;

class ResumeTest : public CliTest {
 protected:
  void SetUp() override {
    write_program("step.sh", R"(
directory=$(dirname "$0")
echo $1 >> "$directory/log"
[ -e "$directory/wait" ] && [ $1 -gt 3 ] && sleep 3600
[ -e "$directory/broken" ] && [ $(($1 % 3)) = 0 ] && exit 3
echo y=$(($1 * 2))
)");
    write_study("[0, 1, 2, 3, 4, 5, 6, 7]", "./step.sh");
  }

  void write_study(const std::string& values, const std::string& program) const {
    write("study.toml", "[parameters.x]\nvalues = " + values + "\n[command]\nrun = [\"" + program +
                            "\", \"{{x}}\"]\n[outputs]\ny = { stdout = 'y=(\\d+)' }\n");
  }

  Indices run_and_log(const Arguments& options, int code, const std::string& said) {
    std::filesystem::remove(path("log"));
    Arguments arguments = {"run", "study.toml"};
    arguments.insert(arguments.end(), options.begin(), options.end());
    const Ended ended = windrow(arguments);
    EXPECT_EQ(ended.code, code) << ended.text();
    EXPECT_THAT(ended.out, HasSubstr(said));
    return logged("log");
  }
};

TEST_F(ResumeTest, a_finished_study_runs_nothing_and_says_so) {
  EXPECT_EQ(run_and_log({}, 0, "8 of 8 points succeeded"), all_indices(8));
  const std::string before = exported("study.windrow");
  EXPECT_EQ(run_and_log({}, 0, "Nothing to do: all 8 points are evaluated already.\n"), Indices());
  EXPECT_EQ(run_and_log({"--retry-failed"}, 0, "Nothing to do: all 8 points are evaluated already.\n"), Indices());
  EXPECT_EQ(exported("study.windrow"), before);
}

TEST_F(ResumeTest, failed_points_run_again_only_if_asked_for) {
  write("broken", "");
  EXPECT_EQ(run_and_log({}, 1, "5 of 8 points succeeded, 3 failed"), all_indices(8));
  EXPECT_EQ(run_and_log({}, 1, "all 8 points are evaluated already, 3 failed (--retry-failed"), Indices());
  EXPECT_EQ(run_and_log({"--retry-failed"}, 1, "5 of 8 points succeeded, 3 failed"), (Indices{0, 3, 6}));
  std::filesystem::remove(path("broken"));
  EXPECT_EQ(run_and_log({"--retry-failed"}, 0, "8 of 8 points succeeded"), (Indices{0, 3, 6}));
}

TEST_F(ResumeTest, a_changed_study_is_refused_with_what_differs) {
  EXPECT_EQ(run_and_log({}, 0, "8 of 8 points succeeded"), all_indices(8));
  const auto expect_refused = [&](const std::string& difference) {
    std::filesystem::remove(path("log"));
    const Ended ended = windrow({"run", "study.toml"});
    EXPECT_EQ(ended.code, 2) << ended.text();
    EXPECT_EQ(ended.out, "");
    EXPECT_THAT(ended.err, HasSubstr(difference));
    EXPECT_THAT(ended.err, HasSubstr("give the new study another directory with --dir"));
    EXPECT_EQ(logged("log"), Indices());
    EXPECT_THAT(windrow({"plan", "study.toml"}).out, HasSubstr("holds the results of another study"));
  };
  const std::string before = exported("study.windrow");
  write_study("[0, 1, 2, 3, 4, 5, 6, 9]", "./step.sh");
  expect_refused("parameters.x: ");
  write_study("[0, 1, 2]", "./step.sh");
  expect_refused("points: 8 -> 3");
  write_study("[0, 1, 2, 3, 4, 5, 6, 7]", "/bin/echo");
  expect_refused("command.run: ");
  EXPECT_EQ(exported("study.windrow"), before);
  EXPECT_EQ(run_and_log({"--dir", "other.windrow"}, 1, "0 of 8 points succeeded"), Indices());
}

TEST_F(ResumeTest, a_changed_unit_or_description_changes_no_result) {
  EXPECT_EQ(run_and_log({}, 0, "8 of 8 points succeeded"), all_indices(8));
  write("study.toml", "# a comment\n" + read_file(path("study.toml")) + "[study]\ndescription = \"new\"\n");
  EXPECT_EQ(run_and_log({}, 0, "Nothing to do"), Indices());
}

// As a run leaves it that was killed before its first commit.
TEST_F(ResumeTest, an_empty_store_is_one_without_results) {
  write("study.windrow/results.sqlite", "");
  const Ended status = windrow({"status", "study.windrow"});
  EXPECT_EQ(status.code, 2);
  EXPECT_THAT(status.err, HasSubstr("run the study first"));
  const Ended plan = windrow({"plan", "study.toml"});
  EXPECT_EQ(plan.code, 0) << plan.text();
  EXPECT_THAT(plan.out, HasSubstr("No earlier results can be read: "));
  EXPECT_EQ(run_and_log({}, 0, "8 of 8 points succeeded"), all_indices(8));
}

TEST_F(ResumeTest, one_run_at_a_time_while_all_may_ask) {
  write("wait", "");
  Program first = start_windrow({"run", "study.toml", "--workers", "2"});
  ASSERT_TRUE(wait_for_log("log", 6));
  ASSERT_TRUE(eventually(std::chrono::seconds(5), [this] { return recorded("study.windrow").size() == 4; }));

  const Ended second = windrow({"run", "study.toml"});
  EXPECT_EQ(second.code, 2) << second.text();
  EXPECT_THAT(second.err, HasSubstr("are being written by process " + std::to_string(first.pid()) + " on "));

  const Ended status = windrow({"status", "study.toml"});
  EXPECT_EQ(status.code, 0) << status.text();
  EXPECT_THAT(status.out, HasSubstr("study: 4 of 8 points evaluated, running\n"));
  const Ended exporting = windrow({"export", "study.toml", "--csv", "-"});
  EXPECT_EQ(exporting.code, 0);
  EXPECT_EQ(exporting.out, "index,x,y,status\n0,0,0,ok\n1,1,2,ok\n2,2,4,ok\n3,3,6,ok\n");
  EXPECT_THAT(exporting.err, HasSubstr("4 of 8 points have no outcome yet"));
  EXPECT_THAT(windrow({"explain", "study.windrow", "5"}).out, HasSubstr("not evaluated yet"));

  first.signal(SIGINT);
  EXPECT_EQ(first.wait().code, 130);
  EXPECT_THAT(windrow({"status", "study.toml"}).out, HasSubstr("not running; `windrow run` continues it"));
}

}  // namespace
}  // namespace windrow::test
