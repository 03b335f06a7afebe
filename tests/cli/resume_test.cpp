// Running a study again, changed, twice at a time, or asking about it while it runs.
#include <gmock/gmock.h>
#include <signal.h>

#include "cli/cli_fixture.hpp"
#include "cli/studies.hpp"

namespace windrow::test {
namespace {

using testing::AllOf;
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

TEST_F(ResumeTest, a_changed_design_runs_new_points_alone_and_says_what_it_found) {
  EXPECT_EQ(run_and_log({}, 0, "8 of 8 points succeeded"), all_indices(8));
  const auto expect = [&](const std::string& values, const std::string& found, const Indices& ran) {
    write_study(values, "./step.sh");
    const Ended plan = windrow({"plan", "study.toml"});
    EXPECT_THAT(plan.out, AllOf(HasSubstr(found), HasSubstr("left to run: " + std::to_string(ran.size()) + " of ")));
    std::filesystem::remove(path("log"));
    const Ended ended = windrow({"run", "study.toml"});
    EXPECT_EQ(ended.code, 0) << ended.text();
    EXPECT_THAT(ended.err, HasSubstr(found));
    EXPECT_EQ(logged("log"), ran);  // the values, which are the points' own
    const std::string resumed = exported("study.windrow");
    EXPECT_EQ(windrow({"run", "study.toml", "--dir", "fresh.windrow"}).code, 0);
    EXPECT_EQ(resumed, exported("fresh.windrow"));
    std::filesystem::remove_all(path("fresh.windrow"));
  };
  expect("[0, 1, 2, 3, 4, 5, 6, 7, 8]", "8 of 9 points are known from earlier runs; what differs: parameters.x: ", {8});
  expect("[10, 7, 6, 5]", "3 of 4 points are known from earlier runs", {10});
  EXPECT_THAT(windrow({"status", "study.toml"}).out,
              AllOf(HasSubstr("study: 4 of 4 points evaluated"),
                    HasSubstr("Kept, not counted: 6 outcomes of points that the design has no more")));
  expect("[7, 0, 6, 12]", "3 of 4 points are known from earlier runs", {12});
}

TEST_F(ResumeTest, a_changed_command_runs_all_points_and_explain_says_why) {
  EXPECT_EQ(run_and_log({}, 0, "8 of 8 points succeeded"), all_indices(8));
  write_program("other.sh", "echo y=7\n");
  write_study("[0, 1, 2, 3]", "./other.sh");
  EXPECT_THAT(
      windrow({"explain", "study.toml", "2"}).out,
      AllOf(HasSubstr("As it was before study.toml was changed:\n"), HasSubstr("y = 4\n"),
            HasSubstr("It has to be evaluated. Against the nearest point that was evaluated, 2:\n"
                      "  `command.run` changed from [\"./step.sh\", \"{{x}}\"] to [\"./other.sh\", \"{{x}}\"]\n")));
  EXPECT_EQ(run_and_log({}, 0, "4 of 4 points succeeded; this run evaluated 4"), Indices());
  EXPECT_EQ(exported("study.windrow"), "index,x,y,status\n0,0,7,ok\n1,1,7,ok\n2,2,7,ok\n3,3,7,ok\n");
}

TEST_F(ResumeTest, explain_says_of_a_changed_study_where_a_point_is_from) {
  EXPECT_EQ(run_and_log({}, 0, "8 of 8 points succeeded"), all_indices(8));
  write_study("[7, 70]", "./step.sh");
  EXPECT_THAT(windrow({"explain", "study.windrow", "0"}).out,
              HasSubstr("does not evaluate it: it has the outcome of point 7 before the change.\n"));
  EXPECT_THAT(windrow({"explain", "study.windrow", "1"}).out,
              HasSubstr("the nearest point that was evaluated, 7:\n  `x` changed from 7 to 70\n"));
  EXPECT_THAT(windrow({"explain", "study.windrow", "5"}).out, HasSubstr("has no such point: its last is 1."));
}

TEST_F(ResumeTest, inputs_belong_to_what_is_computed_and_the_index_where_it_is_named) {
  write("mesh.dat", "coarse");
  const auto study = [&](const std::string& values, const std::string& argument) {
    write("study.toml", "[parameters.x]\nvalues = " + values + "\n[command]\nrun = [\"./step.sh\", \"{{x}}\", \"" +
                            argument + "\"]\ninputs = [\"mesh.dat\"]\n[outputs]\ny = { stdout = 'y=(\\d+)' }\n");
  };
  study("[1, 2]", "{{point.dir}}");
  EXPECT_EQ(run_and_log({}, 0, "2 of 2 points succeeded"), (Indices{1, 2}));
  EXPECT_EQ(run_and_log({}, 0, "Nothing to do"), Indices());
  write("mesh.dat", "fine");
  EXPECT_EQ(run_and_log({}, 0, "2 of 2 points succeeded"), (Indices{1, 2}));
  study("[3, 2, 1]", "{{point.dir}}");
  EXPECT_EQ(run_and_log({}, 0, "3 of 3 points succeeded"), (Indices{3}));
  study("[3, 2, 1]", "{{point.index}}");
  EXPECT_EQ(run_and_log({}, 0, "3 of 3 points succeeded"), (Indices{1, 2, 3}));
  study("[2, 3, 1]", "{{point.index}}");
  EXPECT_EQ(run_and_log({}, 0, "3 of 3 points succeeded"), (Indices{2, 3}));
  std::filesystem::remove(path("mesh.dat"));
  EXPECT_THAT(windrow({"run", "study.toml"}).err, HasSubstr("mesh.dat cannot be read"));
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
  EXPECT_THAT(
      windrow({"explain", "study.windrow", "5"}).out,
      testing::AnyOf(HasSubstr("not evaluated yet; the run that is going on"), HasSubstr("Status: running on")));

  first.signal(SIGINT);
  EXPECT_EQ(first.wait().code, 130);
  EXPECT_THAT(windrow({"status", "study.toml"}).out,
              HasSubstr("not running; the last run was stopped by SIGINT; `windrow run` continues it"));
}

}  // namespace
}  // namespace windrow::test
