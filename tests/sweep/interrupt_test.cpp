#include "windrow/sweep/interrupt.hpp"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

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

TEST(InterruptTest, a_second_signal_ends_the_process) {
  const pid_t child = ::fork();
  if (child == 0) {
    const InterruptGuard guard;
    ::raise(SIGINT);
    ::raise(SIGINT);
    ::_exit(0);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_TRUE(WIFSIGNALED(status));
  EXPECT_EQ(WTERMSIG(status), SIGINT);
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

}  // namespace
}  // namespace windrow
