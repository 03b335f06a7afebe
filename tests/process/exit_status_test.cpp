#include "windrow/process/exit_status.hpp"

#include <gtest/gtest.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>

namespace windrow {
namespace {

TEST(ExitStatusTest, runs_until_it_says_otherwise) {
  EXPECT_TRUE(ExitStatus::running().is_running());
  EXPECT_EQ(ExitStatus::running().code(), 0);
  EXPECT_EQ(ExitStatus::running().describe(), "running");
  EXPECT_NE(ExitStatus::running(), ExitStatus::exited(0));
}

TEST(ExitStatusTest, codes_are_those_of_exit_or_negative_signals) {
  EXPECT_EQ(ExitStatus::exited(3).code(), 3);
  EXPECT_TRUE(ExitStatus::exited(3).has_exited());
  EXPECT_FALSE(ExitStatus::exited(3).was_signalled());
  EXPECT_EQ(ExitStatus::signalled(9).code(), -9);
  EXPECT_TRUE(ExitStatus::signalled(9).was_signalled());
  EXPECT_FALSE(ExitStatus::signalled(9).has_exited());
  EXPECT_NE(ExitStatus::signalled(9), ExitStatus::exited(9));
}

TEST(ExitStatusTest, describes_itself_with_the_name_of_the_signal) {
  EXPECT_EQ(ExitStatus::exited(3).describe(), "exit code 3");
  EXPECT_EQ(ExitStatus::signalled(SIGSEGV).describe(), "signal 11 (Segmentation fault)");
  EXPECT_EQ(ExitStatus::signalled(120).describe(), "signal 120 (Unknown signal)");
}

TEST(ExitStatusTest, an_end_without_a_code_is_no_success) {
  EXPECT_TRUE(ExitStatus::exited(0).is_success());
  for (const ExitStatus status : {ExitStatus::running(), ExitStatus::timed_out(), ExitStatus::lost()}) {
    EXPECT_EQ(status.code(), 0);
    EXPECT_FALSE(status.is_success()) << status.describe();
    EXPECT_FALSE(status.has_exited() || status.was_signalled()) << status.describe();
  }
  EXPECT_TRUE(ExitStatus::timed_out().has_timed_out());
  EXPECT_TRUE(ExitStatus::lost().was_lost());
}

TEST(ExitStatusTest, reads_what_wait_reports) {
  EXPECT_EQ(ExitStatus::from_wait(W_EXITCODE(0, 0)), ExitStatus::exited(0));
  EXPECT_EQ(ExitStatus::from_wait(W_EXITCODE(255, 0)), ExitStatus::exited(255));
  EXPECT_EQ(ExitStatus::from_wait(W_EXITCODE(0, SIGKILL)), ExitStatus::signalled(SIGKILL));
  EXPECT_EQ(ExitStatus::from_wait(W_EXITCODE(0, SIGSEGV) | WCOREFLAG), ExitStatus::signalled(SIGSEGV));
  EXPECT_TRUE(ExitStatus::from_wait(W_STOPCODE(SIGSTOP)).is_running()) << "stopped is not ended";
}

}  // namespace
}  // namespace windrow
