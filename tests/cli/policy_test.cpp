// Failures that are tried again, runs that give up, and runs whose time is over.
#include "cli/policy_fixture.hpp"

namespace windrow::test {
namespace {

using testing::HasSubstr;
using testing::Not;
using namespace std::chrono_literals;

class RetryCliTest : public PolicyTest {};

TEST_F(RetryCliTest, a_program_that_succeeds_at_the_third_try_is_a_success) {
  write("flaky", "");
  write_study("", "retries = 2\nretry_delay = \"20ms\"\n");
  for (const char* workers : {"1", "2", "3"}) {
    std::filesystem::remove(path("log"));
    const std::string results = std::string("results") + workers;
    const Ended run = windrow({"run", "policy.toml", "--workers", workers, "--dir", results});
    EXPECT_EQ(run.code, 0) << run.text();
    EXPECT_THAT(run.out, HasSubstr("12 of 12 points succeeded"));
    EXPECT_THAT(run.out, HasSubstr("with 6 retries"));
    EXPECT_EQ(exported(results), exported("results1"));
    EXPECT_THAT(windrow({"explain", results, "3"}).out, HasSubstr(", 3 attempts"));
    EXPECT_THAT(windrow({"explain", results, "2"}).out, HasSubstr(", 1 attempt\n"));
  }
}

TEST_F(RetryCliTest, the_log_shows_what_happens) {
  write("flaky", "");
  write_study("", "retries = 2\n");
  const Ended run = windrow({"run", "policy.toml", "--workers", "2"}, {{"WINDROW_LOG", "debug"}});
  EXPECT_EQ(run.code, 0) << run.text();
  for (const char* what :
       {"): rank 0 of 1, fork, on ", "): a job begins: 12 points, workers 0 to 1, schedule ", "): worker 1 is ready\n",
        "): worker 0 is given ", "; it is tried again\n", "): the job has ended, 0 points are left\n"}) {
    EXPECT_THAT(run.err, HasSubstr(what));
  }
  EXPECT_THAT(run.err, testing::ContainsRegex("policy.windrow: committed [0-9]+ outcomes and attempts in [0-9.]+ ms"));
}

TEST_F(RetryCliTest, when_tries_run_out_everything_tells_how_often_it_was_tried) {
  write("flaky", "");
  write_study("", "retries = 5\n");
  const Ended run = windrow({"run", "policy.toml", "--retries", "1"});
  EXPECT_EQ(run.code, 1) << run.text();
  EXPECT_THAT(run.out, HasSubstr("9 of 12 points succeeded, 3 failed"));
  EXPECT_THAT(run.out, HasSubstr("3 exited with code 9: try 2\n"));
  EXPECT_THAT(run.out, HasSubstr("after 2 attempts"));
  EXPECT_THAT(windrow({"status", "policy.windrow"}).out, HasSubstr("after 2 attempts"));
  EXPECT_THAT(windrow({"explain", "policy.windrow", "7"}).out, HasSubstr(", 2 attempts"));
  EXPECT_EQ(read_file(path("policy.windrow/points/7/stderr")), "try 2\n");
  EXPECT_EQ(windrow({"run", "policy.toml", "--retry-failed"}).code, 0) << "the third try";
}

TEST_F(RetryCliTest, kinds_of_failures_have_their_own_numbers) {
  write("flaky", "");
  write_study("", "retries = { default = 5, exited = 0 }\n");
  EXPECT_THAT(windrow({"run", "policy.toml"}).out, HasSubstr("9 of 12 points succeeded, 3 failed"));
  EXPECT_EQ(logged("log").size(), 12U);
}

// Whatever the program does to the process that runs it.
TEST_F(RetryCliTest, a_program_that_kills_its_launcher_is_tried_again) {
  write("deadly", "");
  const Ended run = windrow({"run", "policy.toml", "--workers", "2", "--retries", "1"});
  EXPECT_EQ(run.code, 0) << run.text();
  EXPECT_THAT(run.out, HasSubstr("with 1 retry"));
}

TEST_F(RetryCliTest, a_run_gives_up_at_so_many_failures_and_waits_for_what_runs) {
  write("broken", "");
  write("slow", "0.3");
  for (const char* workers : {"1", "2"}) {
    for (const char* most : {"2", "16%"}) {
      std::filesystem::remove_all(path("policy.windrow"));
      std::filesystem::remove(path("log"));
      const Ended run = windrow({"run", "policy.toml", "--workers", workers, "--max-failures", most});
      EXPECT_EQ(run.code, 1) << run.text();
      EXPECT_THAT(run.out, HasSubstr(std::string("Stopped at 2 failed points (max_failures = ") + most + "): "));
      EXPECT_THAT(run.out, HasSubstr(" left. The same command goes on with those"));
      EXPECT_LT(logged("log").size(), 12U);
      EXPECT_EQ(recorded("policy.windrow").size(), logged("log").size()) << "what had begun has ended";
    }
  }
  EXPECT_THAT(windrow({"status", "policy.windrow"}).out, HasSubstr("the last run was stopped at 2 failed points"));
  EXPECT_THAT(windrow({"explain", "policy.windrow", "11"}).out,
              HasSubstr("The last run was stopped at 2 failed points"));
}

TEST_F(RetryCliTest, on_failure_stop_stops_at_the_first) {
  write("broken", "");
  write("slow", "0.2");  // quicker ones are handed out ahead
  write_study("", "on_failure = \"stop\"\n");
  const Ended run = windrow({"run", "policy.toml", "--workers", "1"});
  EXPECT_EQ(run.code, 1) << run.text();
  EXPECT_THAT(run.out, HasSubstr("3 of 12 points succeeded, 1 failed, 8 left"));
  EXPECT_THAT(run.out, HasSubstr("Stopped at the first failed point: 8 left."));
  EXPECT_EQ(logged("log"), all_indices(4));
}

TEST_F(RetryCliTest, a_time_out_relative_to_the_median_ends_what_takes_much_longer) {
  write("endless", "");
  write_study("timeout = \"300%\"\n", "");
  const Ended run = windrow({"run", "policy.toml", "--workers", "2"});
  EXPECT_EQ(run.code, 1) << run.text();
  EXPECT_THAT(run.out, HasSubstr("11 of 12 points succeeded, 1 failed"));
  EXPECT_THAT(run.out, HasSubstr("1 timed_out: over its time limit"));
  EXPECT_THAT(run.out, HasSubstr("over its time limit of 1s (300% of the median, but at least 1s)"));
  const Ended again = windrow({"run", "policy.toml", "--retry-failed"});
  EXPECT_TRUE(again.in_time) << "the median of the earlier run is known";
  EXPECT_THAT(again.out, HasSubstr("1 timed_out: over its time limit"));
}

class TimeLimitCliTest : public PolicyTest {};

TEST_F(TimeLimitCliTest, a_run_ends_in_time_and_the_next_one_completes_it) {
  write("waiting", "");
  const Ended run = windrow({"run", "policy.toml", "--workers", "2", "--time-limit", "2s"});
  EXPECT_THAT(run.out, HasSubstr("3 of 12 points succeeded, 9 left"));
  EXPECT_THAT(run.out, HasSubstr("Stopped at its time limit of 2s: 9 left; run the same command again."));
  EXPECT_THAT(windrow({"status", "policy.windrow"}).out,
              HasSubstr("not running; the last run was stopped at its time limit of 2s; `windrow run` continues it"));
  expect_run_again(run);
}

TEST_F(TimeLimitCliTest, points_that_would_not_end_in_time_do_not_begin) {
  write("slow", "0.7");
  write_study("", "time_limit = \"2s\"\n");
  const Ended run = windrow({"run", "policy.toml", "--workers", "1"});
  EXPECT_EQ(logged("log").size(), 2U);
  EXPECT_EQ(recorded("policy.windrow").size(), 2U) << "nothing had to be ended";
  write_study("", "");
  expect_run_again(run);
}

TEST_F(TimeLimitCliTest, a_limit_that_is_not_reached_says_nothing) {
  const Ended run = windrow({"run", "policy.toml", "--time-limit", "1h"});
  EXPECT_EQ(run.code, 0) << run.text();
  EXPECT_THAT(run.out, Not(HasSubstr("Stopped")));
}

TEST_F(TimeLimitCliTest, signals_let_what_runs_go_on_for_a_while) {
  for (const int signal : {SIGTERM, SIGUSR1}) {
    SCOPED_TRACE(signal);
    std::filesystem::remove_all(path("policy.windrow"));
    std::filesystem::remove(path("log"));
    write("slow", "1.5");
    Program run = start_windrow({"run", "policy.toml", "--workers", "2", "--drain", "150ms"});
    ASSERT_TRUE(wait_for_log("log", 4)) << run.err();
    run.signal_group(signal);
    const Ended ended = run.wait(10s);
    EXPECT_THAT(ended.out, HasSubstr(signal == SIGTERM ? "Stopped by SIGTERM: " : "Stopped by SIGUSR1: "));
    EXPECT_EQ(logged("log").size(), 4U) << "points of 1.5 s do not begin when 0.15 s are left";
    expect_run_again(ended);
  }
}

TEST_F(TimeLimitCliTest, a_signal_when_all_points_have_begun_stops_nothing) {
  write("slow", "1");
  Program run = start_windrow({"run", "policy.toml", "--workers", "12"});
  ASSERT_TRUE(wait_for_log("log", 12)) << run.err();
  run.signal(SIGTERM);
  const Ended ended = run.wait(10s);
  EXPECT_EQ(ended.code, 0) << ended.text();
  EXPECT_THAT(ended.out, Not(HasSubstr("Stopped")));
}

TEST_F(TimeLimitCliTest, what_outlasts_the_drain_is_ended_and_not_failed) {
  write("waiting", "");
  Program run = start_windrow({"run", "policy.toml", "--workers", "2", "--drain", "1s"});
  ASSERT_TRUE(wait_for_log("log", 5)) << run.err();
  run.signal(SIGUSR1);
  const Ended ended = run.wait(10s);
  EXPECT_THAT(ended.out, HasSubstr("3 of 12 points succeeded, 9 left"));
  expect_run_again(ended);
}

// Batch systems send SIGTERM to every process of a job.
TEST_F(TimeLimitCliTest, programs_that_the_same_signal_ends_have_not_failed) {
  write("waiting", "");
  Program run = start_windrow({"run", "policy.toml", "--workers", "2", "--drain", "2s"});
  ASSERT_TRUE(wait_for_log("log", 5)) << run.err();
  run.signal(SIGTERM);
  for (const Process& process : left_processes()) {
    if (process.name == "policy.sh" || process.name == "sleep") kill(process.pid, SIGTERM);
  }
  const Ended ended = run.wait(10s);
  EXPECT_THAT(ended.out, HasSubstr("3 of 12 points succeeded, 9 left"));
  expect_run_again(ended);
}

TEST_F(TimeLimitCliTest, a_drain_goes_on_whatever_batch_systems_send_and_ends_by_ctrl_c) {
  write("waiting", "");
  Program run = start_windrow({"run", "policy.toml", "--workers", "2", "--drain", "1h"});
  ASSERT_TRUE(wait_for_log("log", 5)) << run.err();
  for (const int signal : {SIGUSR1, SIGTERM, SIGTERM, SIGUSR1}) {
    run.signal(signal);
    pause_for(100ms);
    EXPECT_TRUE(run.is_running());
  }
  run.signal(SIGINT);
  const Ended ended = run.wait(10s);
  EXPECT_EQ(ended.code, 130) << ended.text();
  EXPECT_THAT(ended.out, HasSubstr("Interrupted: "));
  expect_continued();
}

class SlurmCliTest : public PolicyTest {
 protected:
  /// A scontrol that knows when the job ends, and writes down what it was told.
  Environment slurm(int seconds_left) {
    std::filesystem::create_directories(path("bin"));
    write_program("bin/scontrol", R"(
directory=$(dirname "$0")/..
echo "$@" >> "$directory/scontrol.log"
[ "$1" = show ] && date -d "+)" + std::to_string(seconds_left) +
                                      R"( seconds" "+JobId=$3 EndTime=%Y-%m-%dT%H:%M:%S X=Y"
[ -e "$directory/refuse" ] && [ "$1" = requeue ] && { echo "not allowed"; exit 1; }
exit 0
)");
    return {{"SLURM_JOB_ID", "4711"}, {"PATH", path("bin").string() + ":" + std::getenv("PATH")}};
  }
};

TEST_F(SlurmCliTest, a_run_ends_before_its_job_and_has_it_queued_again) {
  write("waiting", "");
  const Ended run = start_windrow({"run", "policy.toml", "--workers", "2", "--requeue"}, slurm(13)).wait();
  EXPECT_THAT(run.out, HasSubstr("Stopped before the end of the Slurm job: 9 left; run the same command again."));
  EXPECT_THAT(run.err, HasSubstr("Slurm is asked to queue job 4711 again."));
  EXPECT_EQ(read_file(path("scontrol.log")), "show job 4711\nrequeue 4711\n");
  expect_run_again(run);
}

TEST_F(SlurmCliTest, a_run_that_completes_is_not_queued_again) {
  const Ended run = start_windrow({"run", "policy.toml", "--requeue"}, slurm(3600)).wait();
  EXPECT_EQ(run.code, 0) << run.text();
  EXPECT_EQ(read_file(path("scontrol.log")), "show job 4711\n");
}

TEST_F(SlurmCliTest, a_job_that_was_cancelled_is_not_queued_again) {
  write("waiting", "");
  Environment environment = slurm(3600);
  Program run = start_windrow({"run", "policy.toml", "--workers", "2", "--drain", "1s", "--requeue"}, environment);
  ASSERT_TRUE(wait_for_log("log", 5)) << "three that have finished, two that wait";
  run.signal(SIGTERM);
  EXPECT_EQ(run.wait().code, 75);
  EXPECT_EQ(read_file(path("scontrol.log")), "show job 4711\n");
}

TEST_F(SlurmCliTest, a_requeue_that_is_refused_is_told) {
  write("waiting", "");
  write("refuse", "");
  const Ended run = start_windrow({"run", "policy.toml", "--time-limit", "2s", "--requeue"}, slurm(3600)).wait();
  EXPECT_EQ(run.code, 75) << run.text();
  EXPECT_THAT(run.err, HasSubstr("not queued again: scontrol requeue 4711: not allowed"));
}

TEST_F(SlurmCliTest, requeue_without_slurm_is_wrong_usage) {
  const Ended run = windrow({"run", "policy.toml", "--requeue"});
  EXPECT_EQ(run.code, 2);
  EXPECT_THAT(run.err, HasSubstr("SLURM_JOB_ID is not set"));
}

class PolicyUsageTest : public PolicyTest {};

TEST_F(PolicyUsageTest, values_that_make_no_sense_are_named) {
  const std::vector<std::pair<Arguments, std::string>> cases = {
      {{"--max-failures", "5percent"}, "`5percent` is not a number of points such as 10"},
      {{"--time-limit", "soon"}, "`soon` is not a duration such as 30s"},
      {{"--retries", "-1"}, "`-1` is not a whole number"},
      {{"--retrys", "1"}, "did you mean `--retries`?"},
  };
  for (const auto& [arguments, message] : cases) {
    Arguments all = {"run", "policy.toml"};
    all.insert(all.end(), arguments.begin(), arguments.end());
    const Ended run = windrow(all);
    EXPECT_EQ(run.code, 2) << run.text();
    EXPECT_THAT(run.err, HasSubstr(message));
  }
}

}  // namespace
}  // namespace windrow::test
