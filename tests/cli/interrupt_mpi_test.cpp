#include "cli/interrupt_fixture.hpp"

namespace windrow::test {
namespace {

class StopMpiTest : public InterruptTest {
 protected:
  // mpirun gives its ranks a second or two, and its own exit code is not reliable.
  void expect_stopped_by(int number) {
    Program run = start_mpirun(2, {WINDROW_PROGRAM, "run", "waiting.toml"});
    ASSERT_TRUE(wait_until_busy()) << run.err();
    run.signal(number);
    EXPECT_TRUE(run.wait(std::chrono::seconds(15)).in_time);
    expect_continued();
  }
};

TEST_F(StopMpiTest, sigterm_to_mpirun_keeps_what_was_finished) {
  expect_stopped_by(SIGTERM);
}

TEST_F(StopMpiTest, ctrl_c_to_mpirun_keeps_what_was_finished) {
  expect_stopped_by(SIGINT);
}

TEST_F(StopMpiTest, programs_that_do_not_want_to_end_are_ended) {
  write("stubborn", "");
  expect_stopped_by(SIGTERM);
}

}  // namespace
}  // namespace windrow::test
