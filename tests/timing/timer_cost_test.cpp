// What timing takes itself, with a clock that advances with every reading.
#include <gmock/gmock.h>

#include "timing/manual_clock.hpp"

namespace windrow::test {
namespace {

TEST(TimerCostTest, is_in_no_stamp_and_in_no_total) {
  ManualClock clock(1us);
  Timer timer("main", clock);
  clock.advance(100ms);
  timer.stamp("a");
  clock.advance(50ms);
  timer.stamp("b");
  const TimingRecord record = timer.snapshot();
  // Of each interval 1 us is the reading of the clock that begins it: what it takes to return from there.
  EXPECT_EQ(record.find("a")->cumulative, 100ms + 1us);
  EXPECT_EQ(record.find("b")->cumulative, 50ms + 1us);
  EXPECT_EQ(record.overhead, 2us);
}

/// Time does not get lost, whatever is called: what passes is in the total or in the cost of one of the levels.
TEST(TimerCostTest, and_totals_add_up_to_the_time_that_passed) {
  ManualClock clock(1us);
  const auto begin = clock.now();
  Timer timer("main", clock);
  const auto work = [&](std::string_view name) {
    clock.advance(1ms);
    timer.accumulate(name);
  };
  for (int i = 0; i < 3; ++i) {
    const Subdivision outer(timer, "outer");
    work("a");
    for (int j = 0; j < 2; ++j) {
      const Subdivision inner(timer, "inner");
      work("b");
      timer.snapshot();
      timer.discard();
      timer.attach("others", {});
      timer.pause();  // for this level; time goes on above
      timer.snapshot();
      clock.advance(1ms);
      timer.resume();
      if (j == 1) timer.stop("end");
    }
    work("c");
    TimedLoop loop(timer, {.name = "loop", .stamps = {"e"}});
    loop.next();
    work("d");
  }
  timer.stamp("end");
  const auto end = clock.now();
  const TimingRecord record = timer.snapshot();
  EXPECT_EQ(record.total + overhead_of(record), end - begin);
  EXPECT_EQ(record.total, record.stamps_sum() + 1us);  // the last reading returns
  EXPECT_GT(at(record, "end/outer").overhead, 0ns);
  EXPECT_GT(at(at(record, "end/outer"), "c/inner").overhead, 0ns);
}

TEST(TimerCostTest, is_left_out_of_levels_that_are_still_open) {
  ManualClock clock(1us);
  const auto begin = clock.now();
  Timer timer("main", clock);
  const Subdivision outer(timer, "outer");
  timer.accumulate("a");
  const Subdivision inner(timer, "inner");
  for (int i = 0; i < 10; ++i) timer.accumulate("b");
  const auto now = clock.now();
  const TimingRecord record = timer.snapshot();
  EXPECT_EQ(record.total + overhead_of(record), now - begin);
  EXPECT_LT(at(record, "UNASSIGNED/outer").total, record.total);
}

TEST(TimerCostTest, of_a_reset_level_is_not_the_time_of_the_level_above) {
  ManualClock clock(1us);
  const auto begin = clock.now();
  Timer timer("main", clock);
  {
    const Subdivision level(timer, "child");
    for (int i = 0; i < 10; ++i) timer.accumulate("a");
    timer.reset();
  }
  timer.stamp("end");
  const auto end = clock.now();
  const TimingRecord record = timer.snapshot();
  EXPECT_EQ(record.total + overhead_of(record),
            end - begin - 10us);  // what the stamps took is forgotten, not given back
  EXPECT_LT(at(record, "end/child").overhead, 5us);
}

TEST(TimerCostTest, of_a_stamp_does_not_hide_the_time_it_was_backdated_to) {
  ManualClock clock(1us);
  Timer timer("main", clock);
  clock.advance(1ms);
  const auto stamped = timer.stamp("a");
  timer.stamp_at("b", stamped);  // the clock has gone on, but this is allowed
  EXPECT_EQ(timer.snapshot().find("b")->cumulative, 0ns);
}

TEST(TimerCostTest, after_a_stop_is_not_taken_off_the_total) {
  ManualClock clock(1us);
  Timer timer("main", clock);
  clock.advance(100ms);
  timer.stop("a");
  EXPECT_EQ(timer.snapshot().total, timer.snapshot().stamps_sum());
  EXPECT_EQ(timer.snapshot().total, 100ms + 1us);
}

TEST(TimerCostTest, while_paused_is_not_taken_off_the_total) {
  ManualClock clock(1us);
  Timer timer("main", clock);
  clock.advance(100ms);
  timer.pause();
  const nanoseconds total = timer.snapshot().total;
  for (int i = 0; i < 10; ++i) timer.snapshot();
  EXPECT_EQ(timer.snapshot().total, total);
}

}  // namespace
}  // namespace windrow::test
