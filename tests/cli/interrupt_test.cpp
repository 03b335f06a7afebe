#include "cli/interrupt_fixture.hpp"

namespace windrow::test {
namespace {

using testing::HasSubstr;
using namespace std::chrono_literals;

class StopTest : public InterruptTest {
 protected:
  Program start_busy() {
    Program run = start_windrow({"run", "waiting.toml", "--workers", "2", "--drain", "300ms"});
    EXPECT_TRUE(wait_until_busy()) << run.err();
    return run;
  }

  void expect_stopped(Program& run) {
    const Ended ended = run.wait(10s);
    EXPECT_TRUE(ended.in_time);
    EXPECT_EQ(ended.code, 130) << ended.text();
    EXPECT_THAT(ended.out, HasSubstr("3 of 12 points succeeded, 9 left"));
    EXPECT_THAT(ended.out, HasSubstr("Interrupted: the finished points are kept; run the same again to continue."));
  }

  void expect_drained(Program& run) {
    const Ended ended = run.wait(10s);
    EXPECT_EQ(ended.code, 75) << ended.text();
    EXPECT_THAT(ended.out, HasSubstr("3 of 12 points succeeded, 9 left"));
    EXPECT_THAT(ended.out, HasSubstr("Stopped by SIGTERM: 9 left; run the same command again."));
  }
};

TEST_F(StopTest, ctrl_c_keeps_what_was_finished) {
  Program run = start_busy();
  run.signal_group(SIGINT);
  expect_stopped(run);
  expect_continued();
}

TEST_F(StopTest, ctrl_c_ends_programs_that_do_not_want_to) {
  write("stubborn", "");
  Program run = start_busy();
  run.signal_group(SIGINT);
  expect_stopped(run);
  expect_continued();
}

TEST_F(StopTest, sigint_to_the_root_alone) {
  Program run = start_busy();
  run.signal(SIGINT);
  expect_stopped(run);
  expect_continued();
}

TEST_F(StopTest, sigterm_to_the_root_alone) {
  Program run = start_busy();
  run.signal(SIGTERM);
  expect_drained(run);
  expect_continued();
}

TEST_F(StopTest, sigterm_to_the_whole_group) {
  Program run = start_busy();
  run.signal_group(SIGTERM);
  expect_drained(run);
  expect_continued();
}

TEST_F(StopTest, the_serial_backend_stops_too) {
  Program run = start_windrow({"run", "waiting.toml"}, {{"WINDROW_BACKEND", "serial"}});
  ASSERT_TRUE(wait_for_log("log", 4));
  run.signal_group(SIGINT);
  expect_stopped(run);
  expect_continued();
}

// The first one waits for programs that take their time; whoever asks twice does not want to wait.
TEST_F(StopTest, a_second_ctrl_c_ends_at_once) {
  write("stubborn", "");
  write_study("1h");
  Program run = start_busy();
  run.signal_group(SIGINT);
  pause_for(500ms);
  EXPECT_TRUE(run.is_running());
  run.signal_group(SIGINT);
  const Ended ended = run.wait(10s);
  EXPECT_TRUE(ended.in_time);
  EXPECT_EQ(ended.signal, SIGINT) << ended.text();
  expect_continued();
}

}  // namespace
}  // namespace windrow::test
