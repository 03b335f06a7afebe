// Failures of the surroundings are not failures of points, and a study that cannot work is noticed early.
#include "cli/disk_fixture.hpp"
#include "cli/policy_fixture.hpp"

namespace windrow::test {
namespace {

using testing::AllOf;
using testing::AnyOf;
using testing::HasSubstr;
using testing::Not;

class NoRoomTest : public DiskTest {
 protected:
  /// The run has stopped, points are left, none has failed; with room the same command does the rest.
  void expect_open(const Ended& stopped, const testing::Matcher<std::string>& why) {
    EXPECT_EQ(stopped.code, 2) << stopped.text();
    EXPECT_THAT(stopped.err, AnyOf(AllOf(why, HasSubstr("this is no failure of the point")),
                                   HasSubstr("database or disk is full; free some space")))
        << "whoever needs room first";
    EXPECT_THAT(exported("disk/results"),
                Not(AnyOf(HasSubstr("exception"), HasSubstr("exited"), HasSubstr("bad_output"))));
  }
};

TEST_F(NoRoomTest, no_inode_stops_the_run_and_leaves_the_points) {
  ASSERT_TRUE(disk().remount(0, "size=64m,nr_inodes=60"));
  const Arguments run = {"run", "bulky.toml", "--dir", "disk/results", "--workers", "2"};
  expect_open(windrow(run), HasSubstr("No space left on device"));
  EXPECT_THAT(windrow({"status", "disk/results"}).out, HasSubstr("the last run was stopped since on "));
  ASSERT_TRUE(disk().remount(0, "size=64m,nr_inodes=6000"));
  EXPECT_THAT(windrow(run).out, HasSubstr("200 of 200 points succeeded"));
}

TEST_F(NoRoomTest, a_disk_that_programs_have_filled_stops_the_run) {
  ASSERT_TRUE(disk().remount(0, "size=3m"));
  write_program("bulky.sh", R"(
head -c 200000 /dev/zero > bulk || exit 1
echo square=$(($1 * $1))
)");
  const Arguments run = {"run", "bulky.toml", "--dir", "disk/results", "--workers", "2"};
  expect_open(windrow(run),
              AnyOf(HasSubstr("nothing more can be written to "), HasSubstr("less than 1 MiB is free at "),
                    HasSubstr("No space left on device; this is no failure")));
  ASSERT_TRUE(disk().remount(0, "size=99m"));
  EXPECT_THAT(windrow(run).out, HasSubstr("200 of 200 points succeeded"));
}

TEST_F(NoRoomTest, a_file_in_the_place_of_the_directories_stops_the_run) {
  ASSERT_TRUE(disk().remount(0, "size=64m"));
  write_program("bulky.sh", R"(
directory=$(dirname "$0")
echo $1 >> "$directory/log"
[ $1 = 3 ] && [ -e "$directory/drop" ] && rm -rf "$directory/disk/results/points" && : > "$directory/disk/results/points"
echo square=$(($1 * $1))
)");
  write("drop", "");  // a file where the directories of points are to be
  const Arguments run = {"run", "bulky.toml", "--dir", "disk/results", "--workers", "1"};
  const Ended stopped = windrow(run);
  EXPECT_EQ(stopped.code, 2) << stopped.text();
  EXPECT_THAT(stopped.err, HasSubstr("this is no failure of the point"));
  std::filesystem::remove(path("drop"));
  std::filesystem::remove(path("disk/results/points"));
  EXPECT_THAT(windrow(run).out, HasSubstr("200 of 200 points succeeded"));
}

class OtherDiskTest : public CliTest {};

TEST_F(OtherDiskTest, a_program_that_says_that_a_disk_is_full_stops_the_run) {
  write("study.toml", R"(
[parameters.x]
values = [1, 2, 3, 4]
[command]
run = "[ {{x}} != 3 ] || head -c 9 /dev/zero > /dev/full || exit 3; echo y={{x}}"
[outputs]
y = { stdout = 'y=(\S+)' }
)");
  const Ended stopped = windrow({"run", "study.toml", "--workers", "1"});
  EXPECT_EQ(stopped.code, 2) << stopped.text();
  EXPECT_THAT(stopped.err, AllOf(HasSubstr("/points/2 says: No space left on device; this is no failure of the point"),
                                 HasSubstr("free some space, or inodes (`df -h`, `df -i`) and run the same again")));
  EXPECT_EQ(recorded("study.windrow").size(), 2U);
}

class VanishedTest : public PolicyTest {};

TEST_F(VanishedTest, results_that_vanish_stop_the_run_instead_of_being_lost_in_silence) {
  write("slow", "0.05");
  Program run = start_windrow({"run", "policy.toml", "--workers", "1"});
  ASSERT_TRUE(wait_for_log("log", 3));
  std::filesystem::rename(path("policy.windrow"), path("moved"));
  const Ended ended = run.wait();
  EXPECT_EQ(ended.code, 2) << ended.text();
  EXPECT_THAT(ended.err, AnyOf(HasSubstr("results.sqlite: was removed, moved or replaced while the study ran"),
                               HasSubstr("policy.windrow/points is no directory any more")));
  EXPECT_GE(recorded("moved").size() + 2, logged("log").size()) << "one was running, one may have been on its way";
}

TEST_F(VanishedTest, a_program_that_vanishes_stops_the_run_and_fails_no_point) {
  write_program("policy.sh", R"(
directory=$(dirname "$0")
[ $1 = 4 ] && [ -e "$directory/vanish" ] && mv "$0" "$directory/away"
echo square=$(($1 * $1))
)");
  for (const std::string run :
       {R"(["./policy.sh", "{{point.index}}"])", R"("{{study.dir}}/policy.sh {{point.index}}")"}) {
    std::filesystem::remove_all(path("policy.windrow"));
    write("vanish", "");
    write("policy.toml", "[parameters.x]\nvalues = { linear = { from = 0, to = 11, points = 12 } }\n[command]\nrun = " +
                             run + "\n[outputs]\nsquare = { stdout = 'square=(\\d+)', type = \"integer\" }\n");
    const Ended stopped = windrow({"run", "policy.toml", "--workers", "1"});
    EXPECT_EQ(stopped.code, 2) << stopped.text();
    EXPECT_THAT(stopped.err, AllOf(HasSubstr("the program " + path("policy.sh").string() + " has vanished"),
                                   HasSubstr("bring it back and run the same again")));
    EXPECT_LE(recorded("policy.windrow").size(), 5U) << exported("policy.windrow");
    std::filesystem::rename(path("away"), path("policy.sh"));
    std::filesystem::remove(path("vanish"));
    EXPECT_THAT(windrow({"run", "policy.toml"}).out, HasSubstr("12 of 12 points succeeded"));
  }
}

class EarlyTest : public CliTest {
 protected:
  void write_study(const std::string& run, const std::string& policy = "") const {
    write("study.toml",
          "[parameters.x]\nvalues = { linear = { from = 0, to = 299, points = 300 } }\n[command]\nrun = " + run +
              "\n[outputs]\ny = { stdout = 'y=(\\S+)' }\n" + policy);
  }
};

TEST_F(EarlyTest, ten_points_that_fail_in_the_same_way_stop_the_run) {
  write_study(R"("echo oops {{point.dir}} >&2; no-such-program {{x}}")");
  const Ended run = windrow({"run", "study.toml", "--workers", "2"});
  EXPECT_EQ(run.code, 1) << run.text();
  EXPECT_THAT(run.out, AllOf(HasSubstr("Stopped since the first 10 points all failed in the same way (exited 127: "),
                             HasSubstr("no-such-program: not found) and none has succeeded (give_up_early = true)")));
  EXPECT_GE(recorded("study.windrow").size(), 10U);
  EXPECT_LT(recorded("study.windrow").size(), 150U);
}

TEST_F(EarlyTest, outputs_that_are_never_there_are_one_way_though_each_has_its_own_file) {
  write_study(R"("echo z={{x}}")");
  const Ended run = windrow({"run", "study.toml", "--workers", "2"});
  EXPECT_EQ(run.code, 1) << run.text();
  EXPECT_THAT(run.out,
              HasSubstr("(bad_output: output `y`: the regular expression `y=(\\S+)` matches nothing in stdout)"));
}

TEST_F(EarlyTest, it_goes_on_if_told_to_or_if_anything_speaks_against_it) {
  const auto all_evaluated = [&](const std::string& run, const std::string& policy, const Arguments& options = {}) {
    std::filesystem::remove_all(path("study.windrow"));
    write_study(run, policy);
    Arguments arguments = {"run", "study.toml", "--workers", "2"};
    arguments.insert(arguments.end(), options.begin(), options.end());
    const Ended ended = windrow(arguments);
    EXPECT_EQ(ended.code, 1) << ended.text();
    EXPECT_THAT(ended.out, HasSubstr("this run evaluated 300 ")) << policy << run;
  };
  all_evaluated(R"("exit 3")", "[run]\ngive_up_early = false\n");
  all_evaluated(R"("exit 3")", "[run]\non_failure = \"continue\"\n");
  all_evaluated(R"("exit 3")", "[run]\nmax_failures = 500\n");
  all_evaluated(R"("exit 3")", "", {"--max-failures", "500"});
  all_evaluated(R"("test {{x}} = 4 && echo y=1")", "");             // one has succeeded among the first
  all_evaluated(R"("echo {{x}} is not allowed >&2; exit 3")", "");  // each in its own way
}

TEST_F(EarlyTest, what_succeeded_in_an_earlier_run_counts) {
  write_study(R"("test {{x}} = 299 && echo y=1")");
  EXPECT_EQ(windrow({"run", "study.toml", "--only", "299"}).code, 0);
  EXPECT_THAT(windrow({"run", "study.toml"}).out, HasSubstr("this run evaluated 299 "));
}

TEST_F(EarlyTest, a_value_that_is_none_is_refused) {
  write_study(R"("exit 3")", "[run]\ngive_up_early = 3\n");
  EXPECT_THAT(windrow({"plan", "study.toml"}).err,
              HasSubstr("`give_up_early` in [run] must be true or false, not an integer"));
  write_study(R"("exit 3")", "[run]\ngive_up_early = true\nmax_failures = 3\n");
  EXPECT_THAT(windrow({"plan", "study.toml"}).err, HasSubstr("has no meaning beside `max_failures`"));
}

}  // namespace
}  // namespace windrow::test
