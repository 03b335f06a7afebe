#include <signal.h>

#include "cli/kill_fixture.hpp"

namespace windrow::test {
namespace {

class KillSlowTest : public KillTest {
 protected:
  KillSlowTest() : KillTest(true) {}
};

TEST_F(KillSlowTest, whatever_the_moment_the_next_run_completes_the_study) {
  std::size_t kept = 0;
  for (int round = 0; round < 15; ++round) {
    SCOPED_TRACE("round " + std::to_string(round));
    const std::string results = next_results();
    const Arguments arguments = {"run", "logging.toml", "--dir", results, "--workers", "3"};
    Program run = start_windrow(arguments);
    const auto moment = random_moment(0, 600);
    pause_for(moment);
    run.signal(SIGKILL);
    run.wait();
    expect_continued(results, [&] { return windrow(arguments); });
    kept += recorded(results).size();
  }
  EXPECT_EQ(kept, 15U * 40U);
}

// A worker that is killed is no failure of the study: its point runs on another one.
TEST_F(KillSlowTest, a_killed_worker_costs_nothing_but_time) {
  const std::string results = next_results();
  Program run = start_windrow({"run", "logging.toml", "--dir", results, "--workers", "2"});
  ASSERT_TRUE(wait_for_log("log", 4));
  pid_t worker = -1;
  for (const Process& process : left_processes()) {
    if (process.name.starts_with("windrow-work")) worker = process.pid;
  }
  ASSERT_GT(worker, 0);
  kill(worker, SIGKILL);
  const Ended ended = run.wait();
  EXPECT_EQ(ended.code, 1) << ended.text();
  EXPECT_EQ(exported(results), reference());
}

}  // namespace
}  // namespace windrow::test
