#include "run/deadline.hpp"

#include <gtest/gtest.h>
#include <signal.h>

namespace windrow::detail {
namespace {

using namespace std::chrono_literals;
using Clock = Deadline::Clock;

double unix_now() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

double left(const Direction& direction) {
  EXPECT_FALSE(direction.stop);
  EXPECT_TRUE(direction.seconds_left);
  return direction.seconds_left.value_or(-1.0);
}

TEST(DeadlineTest, without_limits_a_run_goes_on) {
  Deadline deadline({}, 2s, false, std::nullopt);
  const Direction direction = deadline.ask(0, Clock::now() + 10000h);
  EXPECT_FALSE(direction.stop);
  EXPECT_FALSE(direction.seconds_left);
  EXPECT_EQ(deadline.why(), "");
}

TEST(DeadlineTest, a_time_limit_says_how_much_is_left_and_then_stop) {
  TimeLimits limits;
  limits.time_limit = 2h;
  Deadline deadline(limits, 2s, false, std::nullopt);
  const auto now = Clock::now();
  EXPECT_NEAR(left(deadline.ask(0, now + 30min)), 5400.0, 60.0);
  EXPECT_TRUE(deadline.ask(0, now + 121min).stop);
  EXPECT_EQ(deadline.reason(), StopReason::time_limit);
  EXPECT_EQ(deadline.why(), "at its time limit of 2h00m");
}

TEST(DeadlineTest, the_end_of_a_slurm_job_leaves_a_margin_and_the_programs_grace) {
  TimeLimits limits;
  limits.time_limit = 2h;
  Deadline deadline(limits, 30s, false, unix_now() + 3600.0);
  EXPECT_NEAR(left(deadline.ask(0, Clock::now())), 3600.0 - 10.0 - 30.0, 30.0);
  EXPECT_EQ(deadline.reason(), StopReason::slurm_end) << "the earlier of the two";
}

TEST(DeadlineTest, an_end_in_the_past_is_an_old_variable) {
  Deadline deadline({}, 2s, false, unix_now() - 3600.0);
  EXPECT_FALSE(deadline.ask(0, Clock::now()).stop);
  EXPECT_EQ(deadline.reason(), StopReason::none);
}

TEST(DeadlineTest, an_end_in_a_year_is_that_of_a_job_without_a_limit) {
  Deadline deadline({}, 2s, false, unix_now() + 365 * 24 * 3600.0 - 5.0);
  EXPECT_FALSE(deadline.ask(0, Clock::now()).stop);
  EXPECT_EQ(deadline.reason(), StopReason::none);
  EXPECT_NEAR(left(deadline.ask(SIGUSR1, Clock::now())), 20.0, 1.0);
}

TEST(DeadlineTest, sigint_and_sighup_stop_at_once) {
  for (const int signal : {SIGINT, SIGHUP}) {
    Deadline deadline({}, 2s, false, std::nullopt);
    EXPECT_TRUE(deadline.ask(signal, Clock::now()).stop);
    EXPECT_EQ(deadline.reason(), StopReason::interrupt);
  }
}

TEST(DeadlineTest, sigterm_and_sigusr1_let_points_run_for_a_while) {
  for (const int signal : {SIGTERM, SIGUSR1}) {
    Deadline deadline({}, 2s, false, std::nullopt);
    const auto now = Clock::now();
    EXPECT_NEAR(left(deadline.ask(signal, now)), 20.0, 0.01);
    EXPECT_NEAR(left(deadline.ask(signal, now + 15s)), 5.0, 0.01) << "counted from the signal on";
    EXPECT_TRUE(deadline.ask(signal, now + 20s).stop);
    EXPECT_EQ(deadline.reason(), StopReason::signal);
    EXPECT_EQ(deadline.why(), signal == SIGTERM ? "by SIGTERM" : "by SIGUSR1");
  }
}

TEST(DeadlineTest, a_known_end_stands_after_sigusr1_but_not_after_sigterm) {
  Deadline announced({}, 0s, false, unix_now() + 310.0);
  EXPECT_NEAR(left(announced.ask(SIGUSR1, Clock::now())), 300.0, 30.0);
  EXPECT_EQ(announced.reason(), StopReason::signal);
  Deadline ended({}, 0s, false, unix_now() + 310.0);
  EXPECT_NEAR(left(ended.ask(SIGTERM, Clock::now())), 20.0, 1.0);
}

TEST(DeadlineTest, sigterm_counts_though_sigusr1_came_before) {
  Deadline deadline({}, 0s, false, unix_now() + 310.0);
  EXPECT_NEAR(left(deadline.ask(SIGUSR1, Clock::now())), 300.0, 30.0);
  EXPECT_NEAR(left(deadline.ask(SIGTERM, Clock::now())), 20.0, 1.0);
  EXPECT_EQ(deadline.why(), "by SIGTERM");
  EXPECT_TRUE(deadline.ask(SIGINT, Clock::now()).stop);
}

TEST(DeadlineTest, on_short_notice_sigterm_leaves_no_time_and_sigusr1_does) {
  Deadline ended({}, 2s, true, std::nullopt);
  EXPECT_TRUE(ended.ask(SIGTERM, Clock::now()).stop);
  EXPECT_EQ(ended.reason(), StopReason::signal);
  Deadline announced({}, 2s, true, std::nullopt);
  EXPECT_NEAR(left(announced.ask(SIGUSR1, Clock::now())), 20.0, 0.1);
}

}  // namespace
}  // namespace windrow::detail
