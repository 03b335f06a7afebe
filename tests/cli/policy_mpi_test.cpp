#include "cli/policy_fixture.hpp"

namespace windrow::test {
namespace {

using testing::HasSubstr;
using namespace std::chrono_literals;

class PolicyMpiTest : public PolicyTest {};

TEST_F(PolicyMpiTest, failures_are_tried_again_on_any_number_of_ranks) {
  write("flaky", "");
  write("deadly", "");
  for (const int ranks : {1, 2, 3}) {
    std::filesystem::remove(path("log"));
    const std::string results = "results" + std::to_string(ranks);
    const Ended run = mpirun_windrow(ranks, {"run", "policy.toml", "--retries", "2", "--dir", results});
    EXPECT_EQ(run.code, 0) << run.text();
    EXPECT_THAT(run.out, HasSubstr("with 7 retries"));
    EXPECT_EQ(exported(results), exported("results1"));
  }
}

TEST_F(PolicyMpiTest, a_run_gives_up_at_so_many_failures) {
  write("broken", "");
  write("slow", "0.3");
  const Ended run = mpirun_windrow(2, {"run", "policy.toml", "--max-failures", "2"});
  EXPECT_EQ(run.code, 1) << run.text();
  EXPECT_THAT(run.out, HasSubstr("Stopped at 2 failed points (max_failures = 2): "));
  EXPECT_EQ(recorded("policy.windrow").size(), logged("log").size());
}

TEST_F(PolicyMpiTest, a_run_ends_in_time_and_the_next_one_completes_it) {
  write("waiting", "");
  const Ended run = mpirun_windrow(2, {"run", "policy.toml", "--time-limit", "2s"});
  EXPECT_THAT(run.out, HasSubstr("Stopped at its time limit of 2s: 9 left; run the same command again."));
  expect_run_again(run);
}

TEST_F(PolicyMpiTest, sigusr1_to_mpirun_lets_what_runs_go_on_for_a_while) {
  write("slow", "1.5");
  Program run = start_mpirun(2, {WINDROW_PROGRAM, "run", "policy.toml", "--drain", "150ms"});
  ASSERT_TRUE(wait_for_log("log", 4)) << run.err();
  run.signal(SIGUSR1);
  const Ended ended = run.wait(15s);
  EXPECT_THAT(ended.out, HasSubstr("Stopped by SIGUSR1: "));
  EXPECT_EQ(logged("log").size(), 4U);
  expect_run_again(ended);
}

// mpirun kills its ranks soon after; its own exit code is not reliable.
TEST_F(PolicyMpiTest, sigterm_to_mpirun_loses_nothing_that_was_finished) {
  write("waiting", "");
  Program run = start_mpirun(2, {WINDROW_PROGRAM, "run", "policy.toml", "--drain", "1h"});
  ASSERT_TRUE(wait_for_log("log", 5)) << run.err();
  run.signal(SIGTERM);
  EXPECT_TRUE(run.wait(15s).in_time);
  expect_continued();
}

}  // namespace
}  // namespace windrow::test
