// A study run in shards, as jobs of an array run it: `run --shard`, `merge`, and what the other verbs say meanwhile.
#include <gmock/gmock.h>
#include <signal.h>

#include <fstream>

#include "cli/kill_fixture.hpp"

namespace windrow::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

/// 40 points, of which 5 and 6 fail, and the reference of a whole run.
class ShardsTest : public KillTest {
 protected:
  ShardsTest() : KillTest(true) {}

  static std::string shard(int number, int count) { return std::to_string(number) + "/" + std::to_string(count); }
  Arguments arguments(int number, int count, const std::string& results) const {
    return {"run", "logging.toml", "--dir", results, "--shard", shard(number, count), "--workers", "2"};
  }
  Ended run_shard(int number, int count, const std::string& results) {
    return windrow(arguments(number, count, results));
  }
};

TEST_F(ShardsTest, the_last_one_merges_and_the_csv_is_that_of_one_run) {
  const std::string results = next_results();
  for (int number = 1; number <= 3; ++number) {
    const Ended ended = run_shard(number, 4, results);
    EXPECT_THAT(ended.out, AllOf(HasSubstr("of 10 points succeeded"), Not(HasSubstr("Merged"))));
  }
  const Ended status = windrow({"status", results});
  EXPECT_EQ(status.code, 0);
  EXPECT_THAT(status.out, AllOf(HasSubstr("logging: 30 of 40 points evaluated, in 4 shards that are not merged yet"),
                                HasSubstr("3 complete, 0 running"), HasSubstr("--shard 4/4` begins it"),
                                HasSubstr("windrow merge ")));
  for (const Arguments& early : {Arguments{"export", results, "--csv", "-"}, Arguments{"explain", results, "3"}}) {
    const Ended ended = windrow(early);
    EXPECT_EQ(ended.code, 2);
    EXPECT_THAT(ended.err, HasSubstr("3 shards are not merged yet: `windrow merge "));
  }
  EXPECT_THAT(windrow({"run", "logging.toml", "--dir", "another"}).code, 1);
  const Ended last = run_shard(4, 4, results);
  EXPECT_THAT(last.out, AllOf(HasSubstr("Merged 4 shards with 40 outcomes"), HasSubstr("40 of 40 points evaluated")));
  EXPECT_EQ(exported(results), reference());
  EXPECT_EQ(logged("log").size(), 80U) << "each point once here, and once in `another`";
  EXPECT_FALSE(std::filesystem::exists(path(results) / "shards"));
  EXPECT_THAT(windrow({"merge", results}).out, HasSubstr("Nothing to merge"));
  EXPECT_THAT(windrow({"explain", results, "5"}).out, HasSubstr("Status: exited"));
}

TEST_F(ShardsTest, several_that_end_at_the_same_moment_do_not_collide) {
  for (int round = 0; round < 4; ++round) {
    const std::string results = next_results();
    std::vector<Program> shards;
    for (int number = 1; number <= 4; ++number) {
      shards.push_back(start_windrow(arguments(number, 4, results)));
    }
    for (Program& one : shards) {
      const Ended ended = one.wait();
      EXPECT_LE(ended.code, 1) << ended.text();
    }
    if (std::filesystem::exists(path(results) / "shards")) {
      EXPECT_LE(windrow({"merge", results}).code, 1) << "the one that merged met another, and said so";
    }
    EXPECT_EQ(exported(results), reference()) << round;
    EXPECT_EQ(logged("log"), all_indices(40)) << round;
  }
}

TEST_F(ShardsTest, what_is_there_is_merged_and_what_is_not_is_named) {
  const std::string results = next_results();
  for (const int number : {1, 2, 4}) run_shard(number, 4, results);
  std::filesystem::resize_file(path(results) / "shards" / "2-of-4" / "results.sqlite", 5000);
  const Ended merged = windrow({"merge", results});
  EXPECT_EQ(merged.code, 1);
  EXPECT_THAT(merged.out, AllOf(HasSubstr("Merged 2 shards with 20 outcomes"), HasSubstr("20 of 40 points")));
  EXPECT_THAT(merged.err,
              AllOf(HasSubstr("windrow: shard 2/4: "), HasSubstr("damaged"),
                    HasSubstr("windrow: shard 3/4: 10 of its points have no outcome: `windrow run "),
                    HasSubstr("logging.toml --dir " + path(results).string() + " --shard 3/4` evaluates them")));
  EXPECT_EQ(recorded(results).size(), 20U);
  EXPECT_THAT(windrow({"status", results}).out, AllOf(HasSubstr("damaged"), HasSubstr("20 of 40 points")));
  std::filesystem::remove_all(path(results) / "shards" / "2-of-4");
  for (const int number : {2, 3}) run_shard(number, 4, results);
  EXPECT_EQ(exported(results), reference());
  EXPECT_EQ(logged("log").size(), 50U) << "those of the damaged shard ran again, and no others";
}

TEST_F(ShardsTest, a_merge_that_fails_says_so_and_leaves_the_shard_s_own_end_as_it_is) {
  const std::string results = next_results();
  run_shard(1, 2, results);
  std::ofstream(path(results) / "results.sqlite") << "this is something else";
  const Ended last = run_shard(2, 2, results);
  EXPECT_EQ(last.code, 2) << "what the study's own results have cannot be told";
  std::filesystem::remove(path(results) / "results.sqlite");
  std::filesystem::create_directory(path(results) / "lock");
  const Ended again = run_shard(2, 2, results);
  EXPECT_LE(again.code, 1) << again.text();
  EXPECT_THAT(again.err, AllOf(HasSubstr("this shard has ended, but the shards could not be merged"),
                               HasSubstr("windrow merge ")));
  std::filesystem::remove(path(results) / "lock");
  EXPECT_EQ(windrow({"merge", results}).code, 0);
  EXPECT_EQ(exported(results), reference());
}

TEST_F(ShardsTest, wrong_shards_are_refused) {
  for (const char* wrong : {"0/4", "5/4", "x", "1"}) {
    const Ended ended = windrow({"run", "logging.toml", "--shard", wrong});
    EXPECT_EQ(ended.code, 2);
    EXPECT_THAT(ended.err, HasSubstr("is not a shard such as 1/4, the first of four, to 4/4, the last"));
  }
}

TEST_F(ShardsTest, a_changed_study_is_merged_by_its_file) {
  const std::string results = next_results();
  windrow({"run", "logging.toml", "--dir", results});
  std::string study = kLoggingStudy;
  for (const auto& [from, to] : {std::pair{"to = 39", "to = 49"}, std::pair{"points = 40", "points = 50"}}) {
    study.replace(study.find(from), std::string(from).size(), to);
  }
  write("logging.toml", study);
  std::filesystem::remove(path("log"));
  run_shard(1, 2, results);
  const Ended last = run_shard(2, 2, results);
  EXPECT_THAT(last.out, HasSubstr("50 of 50 points evaluated"));
  EXPECT_EQ(logged("log").size(), 10U) << "the old ones are known";
}

// A run that was killed while it made the file leaves one without anything in it.
TEST_F(ShardsTest, a_joined_store_that_was_only_just_made_is_no_obstacle) {
  const std::string results = next_results();
  std::filesystem::create_directories(path(results) / "shards");
  write(results + "/results.sqlite", "");
  run_shard(1, 2, results);
  const Ended last = run_shard(2, 2, results);
  EXPECT_LE(last.code, 1) << last.text();
  EXPECT_EQ(exported(results), reference());
}

class ShardsSlowTest : public ShardsTest {};

TEST_F(ShardsSlowTest, killed_at_any_moment_the_same_commands_complete_the_study) {
  for (int round = 0; round < 8; ++round) {
    SCOPED_TRACE(round);
    const std::string results = next_results();
    {
      std::vector<Program> shards;
      for (int number = 1; number <= 3; ++number) shards.push_back(start_windrow(arguments(number, 3, results)));
      pause_for(random_moment(0, 900));
      for (Program& one : shards) one.signal(SIGKILL);
      for (Program& one : shards) one.wait();
    }
    expect_nothing_left();
    const auto before = logged("log").size();
    for (int number = 1; number <= 3; ++number) EXPECT_LE(run_shard(number, 3, results).code, 1);
    if (std::filesystem::exists(path(results) / "shards")) windrow({"merge", results});
    EXPECT_EQ(exported(results), reference());
    EXPECT_LE(logged("log").size(), std::max<std::size_t>(40, before) + 40);
  }
}

}  // namespace
}  // namespace windrow::test
