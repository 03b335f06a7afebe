#include "windrow/run/interrupt.hpp"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <initializer_list>
#include <optional>
namespace windrow {
namespace {

TEST(InterruptTest, a_signal_is_noted_and_the_process_goes_on) {
  const InterruptGuard guard;
  EXPECT_EQ(InterruptGuard::signal(), 0);
  ::raise(SIGTERM);
  EXPECT_EQ(InterruptGuard::signal(), SIGTERM);
}

TEST(InterruptTest, a_new_guard_starts_without_a_signal) {
  {
    const InterruptGuard guard;
    ::raise(SIGINT);
  }
  const InterruptGuard guard;
  EXPECT_EQ(InterruptGuard::signal(), 0);
}

TEST(InterruptTest, an_inner_guard_keeps_what_the_outer_one_noted) {
  const InterruptGuard outer;
  ::raise(SIGINT);
  {
    const InterruptGuard inner;
    EXPECT_EQ(InterruptGuard::signal(), SIGINT);
  }
  EXPECT_EQ(InterruptGuard::signal(), SIGINT);
}

/// How a process ended that got these signals under a guard: the signal that ended it, or 0.
int ended_by(std::initializer_list<int> signals) {
  const pid_t child = ::fork();
  if (child == 0) {
    const InterruptGuard guard;
    for (const int signal : signals) ::raise(signal);
    ::_exit(0);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

TEST(InterruptTest, after_sigint_or_sighup_a_second_signal_ends_the_process) {
  EXPECT_EQ(ended_by({SIGINT, SIGINT}), SIGINT);
  EXPECT_EQ(ended_by({SIGHUP, SIGTERM}), SIGTERM);
  EXPECT_EQ(ended_by({SIGTERM, SIGINT, SIGINT}), SIGINT);
}

TEST(InterruptTest, signals_of_a_batch_system_may_come_twice) {
  EXPECT_EQ(ended_by({SIGUSR1, SIGUSR1, SIGTERM, SIGTERM, SIGUSR1, SIGINT}), 0);
}

TEST(InterruptTest, the_most_urgent_signal_counts) {
  const InterruptGuard guard;
  for (const int signal : {SIGUSR1, SIGTERM, SIGINT}) {
    ::raise(signal);
    EXPECT_EQ(InterruptGuard::signal(), signal);
    if (signal == SIGTERM) ::raise(SIGUSR1);
    EXPECT_EQ(InterruptGuard::signal(), signal);
  }
}

TEST(InterruptTest, signals_that_the_program_ignores_stay_ignored) {
  const auto earlier = ::signal(SIGHUP, SIG_IGN);
  {
    const InterruptGuard guard;
    ::raise(SIGHUP);
    EXPECT_EQ(InterruptGuard::signal(), 0);
  }
  ::signal(SIGHUP, earlier);
}

TEST(InterruptTest, the_programs_own_handlers_come_back) {
  static int count = 0;
  const auto earlier = ::signal(SIGTERM, [](int) { ++count; });
  {
    const InterruptGuard guard;
    ::raise(SIGTERM);
    EXPECT_EQ(count, 0);
  }
  ::raise(SIGTERM);
  EXPECT_EQ(count, 1);
  ::signal(SIGTERM, earlier);
}

// As those of sweeps in the background.
TEST(InterruptTest, guards_may_end_in_any_order) {
  struct sigaction before {};
  ::sigaction(SIGTERM, nullptr, &before);
  auto first = std::make_optional<InterruptGuard>();
  auto second = std::make_optional<InterruptGuard>();
  first.reset();
  ::raise(SIGTERM);  // would end this process without the second
  EXPECT_EQ(InterruptGuard::signal(), SIGTERM);
  second.reset();
  struct sigaction after {};
  ::sigaction(SIGTERM, nullptr, &after);
  EXPECT_EQ(after.sa_handler, before.sa_handler);
}

}  // namespace
}  // namespace windrow
