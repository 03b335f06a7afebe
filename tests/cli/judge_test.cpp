// How an outcome is judged is no part of what a point is: other conditions judge known points again.
#include <gmock/gmock.h>

#include "cli/cli_fixture.hpp"

namespace windrow::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

class JudgeTest : public CliTest {
 protected:
  void SetUp() override {
    write_program("step.sh", R"sh(
echo $1 >> "$(dirname "$0")/log"
echo "e=$1"
if [ $1 = 2 ]; then echo "n=nan"; echo "Severe: no convergence" >&2; else echo "n=$1"; fi
[ $1 = 3 ] && exit 3
exit 0
)sh");
  }

  /// @param keys  lines of [command]
  void write_study(const std::string& keys, const std::string& outputs = kOutputs,
                   const std::string& values = "[1, 2, 4, 5]") const {
    write("study.toml", "[parameters.x]\nvalues = " + values + "\n[command]\nrun = [\"./step.sh\", \"{{x}}\"]\n" +
                            keys + "\n[outputs]\n" + outputs);
  }

  /// What plan says of points that are left is what run does.
  Ended run_as_planned(std::size_t evaluated, int code) {
    const std::string left = "left to run: " + std::to_string(evaluated) + " of ";
    const bool has_run = std::filesystem::exists(path("study.windrow"));
    if (has_run) {
      EXPECT_THAT(windrow({"plan", "study.toml"}).out, HasSubstr(left));
    }
    const std::size_t before = runs();
    const Ended run = windrow({"run", "study.toml"});
    EXPECT_EQ(run.code, code) << run.text();
    EXPECT_EQ(runs() - before, evaluated) << run.text();
    return run;
  }

  std::string failure_of(const std::string& point) { return windrow({"explain", "study.windrow", point}).out; }
  std::string csv() { return exported("study.windrow"); }
  std::size_t runs() const { return logged("log").size(); }

  static constexpr const char* kOutputs = "e = { stdout = 'e=(\\S+)' }\nn = { stdout = 'n=(\\S+)' }\n";
  static constexpr const char* kFinite = "e = { stdout = 'e=(\\S+)' }\nn = { stdout = 'n=(\\S+)', finite = true }\n";
};

constexpr const char* kAll = "index,x,e,n,status\n0,1,1,1,ok\n1,2,2,nan,ok\n2,4,4,4,ok\n3,5,5,5,ok\n";

TEST_F(JudgeTest, conditions_on_values_need_no_files_and_no_run) {
  write_study("keep = \"none\"");
  run_as_planned(4, 0);
  ASSERT_EQ(csv(), kAll);
  write_study("keep = \"none\"\nvalid = [\"e < 5\"]");
  EXPECT_THAT(windrow({"plan", "study.toml"}).out,
              AllOf(HasSubstr("4 of 4 points are known from earlier runs (4 judged again by their values), 1 of them "
                              "fails: an output is not there, or a condition does not hold; what differs: "
                              "command.valid: (none) -> [\"e < 5\"]"),
                    HasSubstr("Evaluated already: 4 (1 failed)")));
  run_as_planned(0, 1);
  EXPECT_THAT(csv(), AllOf(HasSubstr("2,4,4,4,ok\n"), HasSubstr("3,5,nan,nan,bad_output\n")));
  EXPECT_THAT(failure_of("3"), HasSubstr("the outputs are not valid, `e < 5` does not hold: e = 5"));
  write_study("keep = \"none\"\nvalid = [\"e < 4\"]");
  run_as_planned(0, 1);
  EXPECT_THAT(csv(), AllOf(HasSubstr("2,4,nan,nan,bad_output\n"), HasSubstr("3,5,nan,nan,bad_output\n")));
  write_study("keep = \"none\"\nvalid = [\"e < 6\"]");
  EXPECT_EQ(windrow({"collect", "study.toml"}).code, 0);
  EXPECT_EQ(csv(), kAll) << "from the values that it had";
  write_study("keep = \"none\"");
  run_as_planned(0, 0);
  EXPECT_EQ(csv(), kAll);
}

TEST_F(JudgeTest, finite_is_judged_by_stored_values) {
  write_study("keep = \"none\"");
  run_as_planned(4, 0);
  write_study("keep = \"none\"", kFinite);
  const Ended collected = windrow({"collect", "study.toml"});
  EXPECT_EQ(collected.code, 1);
  EXPECT_THAT(collected.out, AllOf(HasSubstr("4 points were judged by known values."), HasSubstr("1 of them fails"),
                                   HasSubstr("3 of 4 points succeeded, 1 failed.")));
  EXPECT_THAT(failure_of("1"), HasSubstr("output `n`: it is nan, and has to be finite"));
  EXPECT_THAT(csv(), HasSubstr("1,2,nan,nan,bad_output\n"));
  write_study("keep = \"none\"");
  run_as_planned(1, 0);
  EXPECT_EQ(csv(), kAll) << "a NaN of a failure is not known, so that its point was evaluated again";
}

TEST_F(JudgeTest, texts_are_judged_by_kept_files_and_else_the_point_runs_again) {
  write_study("keep = \"all\"");
  run_as_planned(4, 0);
  std::filesystem::remove_all(path("study.windrow/points/2"));
  write_study("keep = \"all\"\nfail_if = [{ stderr = 'Severe' }]");
  EXPECT_THAT(windrow({"plan", "study.toml"}).out,
              HasSubstr("3 of 4 points are known from earlier runs (3 by files that were kept), 1 run again"));
  run_as_planned(1, 1);
  EXPECT_THAT(csv(), HasSubstr("1,2,nan,nan,bad_output\n2,4,4,4,ok\n"));
  const std::string judged = failure_of("1");
  EXPECT_THAT(judged, HasSubstr("the program says that it failed, `Severe` matches in stderr: Severe: no convergence"));
  write_study("keep = \"all\"\nfail_if = [{ stderr = 'Sev' }, { stdout = 'e=5' }]");
  run_as_planned(0, 1);
  EXPECT_THAT(failure_of("1"), HasSubstr("`Sev` matches in stderr"));
  EXPECT_THAT(failure_of("3"), HasSubstr("`e=5` matches in stdout"));
  write_study("keep = \"all\"\nrequire = [{ stdout = 'n=\\d' }]");
  run_as_planned(0, 1);
  EXPECT_THAT(failure_of("1"), AllOf(HasSubstr("which is required, matches nothing in stdout"),
                                     HasSubstr("stderr ends"), HasSubstr("no convergence")));
  write_study("keep = \"all\"");
  run_as_planned(0, 0);
  EXPECT_EQ(csv(), kAll);
}

TEST_F(JudgeTest, a_failure_of_the_first_run_becomes_a_result_by_the_files_that_it_kept) {
  write_study("fail_if = [{ stderr = 'Severe' }]\nvalid = [\"e < 5\"]");
  run_as_planned(4, 1);
  EXPECT_THAT(csv(), AllOf(HasSubstr("1,2,nan,nan,bad_output\n"), HasSubstr("3,5,nan,nan,bad_output\n")));
  std::filesystem::remove_all(path("study.windrow/points/3"));
  write_study("");
  run_as_planned(1, 0);
  EXPECT_EQ(csv(), kAll);
}

TEST_F(JudgeTest, a_condition_less_leaves_results_as_they_are) {
  write_study("keep = \"none\"\nfail_if = [{ stderr = 'Fatal' }, { stderr = 'Error' }]");
  run_as_planned(4, 0);
  write_study("keep = \"none\"\nfail_if = [{ stderr = 'Error' }]");
  EXPECT_THAT(windrow({"plan", "study.toml"}).out, Not(HasSubstr("by files that were kept")));
  run_as_planned(0, 0);
  EXPECT_EQ(csv(), kAll);
}

TEST_F(JudgeTest, what_keep_left_is_not_taken_for_all_that_there_was) {
  write_study("keep = [\"stdout\"]");
  run_as_planned(4, 0);
  write_study("keep = [\"stdout\"]\nrequire = [{ stdout = 'e=' }]");
  run_as_planned(0, 0);
  write_study("keep = [\"stdout\"]\nfail_if = [{ stderr = 'Severe' }]");
  run_as_planned(4, 1);
  EXPECT_THAT(csv(), HasSubstr("1,2,nan,nan,bad_output\n"));
}

TEST_F(JudgeTest, exit_codes_of_failures_are_known_and_those_of_results_where_there_was_one) {
  const std::string values = "[1, 3, 4]";
  write_study("", kOutputs, values);
  run_as_planned(3, 1);
  EXPECT_THAT(csv(), HasSubstr("1,3,nan,nan,exited\n"));
  write_study("success_codes = [0, 3]", kOutputs, values);
  run_as_planned(0, 0);
  EXPECT_EQ(csv(), "index,x,e,n,status\n0,1,1,1,ok\n1,3,3,3,ok\n2,4,4,4,ok\n");
  write_study("success_codes = [0, 3, 7]", kOutputs, values);
  run_as_planned(0, 0);
  write_study("", kOutputs, values);
  EXPECT_THAT(windrow({"plan", "study.toml"}).out,
              HasSubstr("3 run again since their files or exit codes were not kept"));
  run_as_planned(3, 1);
  EXPECT_THAT(csv(), HasSubstr("1,3,nan,nan,exited\n"));
}

TEST_F(JudgeTest, an_output_that_is_read_anew_is_judged_too) {
  write_study("keep = \"all\"\nvalid = [\"e < 5\"]");
  run_as_planned(4, 1);
  write_study("keep = \"all\"\nvalid = [\"e < 5\"]", "e = { stdout = 'n=(\\S+)' }\n");
  run_as_planned(0, 1);
  EXPECT_EQ(csv(), "index,x,e,status\n0,1,1,ok\n1,2,nan,bad_output\n2,4,4,ok\n3,5,nan,bad_output\n");
  write_study("keep = \"none\"\nvalid = [\"e < 5\"]", "n = { stdout = 'n=(\\S+)' }\ne = { stdout = 'e=(\\S+)' }\n");
  EXPECT_THAT(windrow({"collect", "study.toml"}).out, HasSubstr("3 of 4 points succeeded, 1 failed."));
}

// They are in the store, and not in the directories of points that succeeded.
TEST_F(JudgeTest, arrays_are_judged_by_what_is_stored) {
  write_program("step.sh", R"sh(
echo $1 >> "$(dirname "$0")/log"
head="{'descr': '<f4', 'fortran_order': False, 'shape': (1, 2), }"
high='\200\177'
[ $1 = 2 ] || high='\000\077'
printf "\223NUMPY\1\0\074\0%s\n\0\0\200\077\0\0$high" "$head" > field.npy
)sh");
  write_study("keep = \"all\"", "field = { array = \"field.npy\" }\n");
  run_as_planned(4, 0);
  write_study("keep = \"all\"", "field = { array = \"field.npy\", finite = true }\n");
  run_as_planned(0, 1);
  EXPECT_THAT(failure_of("1"), HasSubstr("output `field`: the number at 1 of "));
  EXPECT_EQ(csv(),
            "index,x,field,status\n0,1,arrays/field/0.npy,ok\n1,2,,bad_output\n2,4,arrays/field/2.npy,ok\n"
            "3,5,arrays/field/3.npy,ok\n");
  write_study("keep = \"all\"", "field = { array = \"field.npy\" }\n");
  run_as_planned(0, 0);
  EXPECT_THAT(csv(), HasSubstr("1,2,arrays/field/1.npy,ok\n"));
  EXPECT_THAT(windrow({"run", "study.toml", "--retry-failed"}).out, HasSubstr("Nothing to do"))
      << "all arrays are whole";
  write_study("keep = \"all\"", "other = { array = \"field.npy\" }\n");
  run_as_planned(4, 0);
}

TEST_F(JudgeTest, optional_values_that_are_missing_or_not_numbers_are_told_apart_by_files) {
  const std::string optional = "e = { stdout = 'e=(\\S+)' }\nn = { stdout = 'n=(\\S+)', optional = true }\n";
  const std::string finite =
      "e = { stdout = 'e=(\\S+)' }\nn = { stdout = 'n=(\\S+)', optional = true, finite = true }\n";
  write_study("keep = \"all\"", optional);
  run_as_planned(4, 0);
  write_study("keep = \"all\"", finite);
  run_as_planned(0, 1);
  EXPECT_THAT(failure_of("1"), HasSubstr("it is nan, and has to be finite"));
  write_study("keep = \"none\"", optional);
  std::filesystem::remove_all(path("study.windrow/points"));
  run_as_planned(1, 0);
  EXPECT_EQ(csv(), kAll);
  write_study("keep = \"none\"", finite);
  run_as_planned(0, 1);
  EXPECT_THAT(failure_of("1"), HasSubstr("it is nan, and has to be finite")) << "as it was before";
  std::filesystem::remove_all(path("study.windrow"));
  write_study("keep = \"none\"", optional);
  run_as_planned(4, 0);
  write_study("keep = \"none\"", finite);
  EXPECT_THAT(windrow({"explain", "study.toml", "1"}).out, HasSubstr("judged again, by files that were not kept"));
  run_as_planned(1, 1);
  EXPECT_EQ(runs(), 10U);
}

}  // namespace
}  // namespace windrow::test
