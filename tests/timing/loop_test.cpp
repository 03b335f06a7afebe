#include <gmock/gmock.h>

#include <ranges>
#include <stdexcept>

#include "timing/manual_clock.hpp"

namespace windrow::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

using LoopTest = TimingTest;

/// "index:milliseconds" of whole iterations.
std::vector<std::string> iterations_of(const TimingRecord& record) {
  std::vector<std::string> texts;
  for (const IterationTime& one : record.iterations) {
    texts.push_back(fmt::format("{}:{}", one.index, one.time / 1ms));
  }
  return texts;
}

TEST_F(LoopTest, without_a_name_stamps_the_level_around_it) {
  pass_and_stamp(1ms, "before");
  {
    TimedLoop loop(timer);
    for (int i = 1; i <= 3; ++i) {
      loop.next();
      EXPECT_EQ(timer.depth(), 0U);
      pass_and_stamp(i * 1ms, "x");
      pass_and_stamp(10ms, "y");
    }
  }
  pass_and_stamp(1ms, "after");
  EXPECT_THAT(stamps_of(timer.snapshot()),
              ElementsAre("before 1 1 1 1", "x 6 3 1 3 0:1 1:2 2:3", "y 30 3 10 10 0:10 1:10 2:10", "after 1 1 1 1"));
}

TEST_F(LoopTest, with_a_name_has_a_level_of_its_own) {
  {
    TimedLoop loop(timer, {.name = "steps"});
    for (int i = 1; i <= 2; ++i) {
      loop.next();
      EXPECT_EQ(timer.depth(), 1U);
      pass_and_stamp(i * 1ms, "x");
      pass(2ms);
    }
  }
  timer.stamp("x");
  const TimingRecord record = timer.snapshot();
  EXPECT_THAT(stamps_of(record), ElementsAre("x 7 1 7 7"));
  EXPECT_THAT(stamps_of(at(record, "x/steps")), ElementsAre("x 5 2 1 4 0:1 1:4"));  // 2 ms were left from before
  EXPECT_THAT(iterations_of(at(record, "x/steps")), ElementsAre("0:3", "1:4"));
  EXPECT_EQ(at(record, "x/steps").total, 7ms);
}

TEST_F(LoopTest, an_iteration_that_misses_a_registered_stamp_is_listed_but_not_counted) {
  {
    TimedLoop loop(timer, {.stamps = {"always", "sometimes", "never"}});
    for (int i = 0; i < 3; ++i) {
      loop.next();
      pass_and_stamp(1ms, "always");
      if (i == 1) pass_and_stamp(2ms, "sometimes");
      if (i == 1) pass_and_stamp(2ms, "not registered");
    }
  }
  EXPECT_THAT(stamps_of(timer.snapshot()), ElementsAre("always 3 3 1 1 0:1 1:1 2:1", "sometimes 2 1 2 2 0:0 1:2 2:0",
                                                       "never 0 0 0 0 0:0 1:0 2:0", "not registered 2 1 2 2 1:2"));
  EXPECT_EQ(timer.snapshot().find("sometimes")->mean(), 2ms);
  EXPECT_EQ(timer.snapshot().find("never")->mean(), 0ms);
}

TEST_F(LoopTest, a_stamp_that_one_of_three_iterations_misses_has_two_real_ones) {
  TimedLoop loop(timer, {.stamps = {"x"}});
  for (const int i : {0, 1, 2}) {
    loop.next();
    pass(100ms);
    if (i != 1) timer.stamp("x");
    if (i == 1) timer.discard();
  }
  loop.end();
  EXPECT_THAT(stamps_of(timer.snapshot()), ElementsAre("x 200 2 100 100 0:100 1:0 2:100"));
}

TEST_F(LoopTest, a_real_stamp_of_no_time_is_counted) {
  TimedLoop loop(timer, {.stamps = {"x"}});
  for (const int i : {0, 1, 2}) {
    loop.next();
    if (i == 1) timer.stamp("x");
    if (i == 2) pass_and_stamp(1ms, "x");
  }
  loop.end();
  EXPECT_THAT(stamps_of(timer.snapshot()), ElementsAre("x 1 2 0 1 0:0 1:0 2:1"));
}

TEST_F(LoopTest, a_missed_stamp_may_be_stamped_in_later_iterations_but_not_after_the_loop) {
  TimedLoop loop(timer, {.stamps = {"x"}});
  loop.next();
  loop.next();
  pass_and_stamp(1ms, "x");
  loop.next();
  loop.end();
  EXPECT_THAT(error_of<TimingError>([&] { timer.stamp("x"); }), HasSubstr("was stamped before in the level"));
  pass(3ms);
  timer.accumulate("x");
  EXPECT_THAT(stamps_of(timer.snapshot()), ElementsAre("x 4 2 1 3 0:0 1:1 2:0"));
}

TEST_F(LoopTest, iterations_keep_the_index_they_are_given) {
  TimedLoop loop(timer);
  for (const std::uint64_t index : {7U, 3U, 1000U}) {
    loop.next(index);
    pass_and_stamp(1ms, "x");
  }
  loop.next();
  pass_and_stamp(1ms, "x");
  loop.end();
  EXPECT_THAT(stamps_of(timer.snapshot()), ElementsAre("x 4 4 1 1 7:1 3:1 1000:1 1001:1"));
}

TEST_F(LoopTest, a_name_is_stamped_once_in_an_iteration) {
  pass_and_stamp(1ms, "before");
  TimedLoop loop(timer);
  for (int i = 0; i < 2; ++i) {
    loop.next();
    pass_and_stamp(1ms, "x");
    EXPECT_EQ(error_of<TimingError>([&] { timer.stamp("x"); }),
              "`x` was stamped before in this iteration of a loop of the level `main`; accumulate() allows that");
    EXPECT_THAT(error_of<TimingError>([&] { timer.stamp("before"); }), HasSubstr("was stamped before"));
  }
  loop.end();
  EXPECT_THAT(error_of<TimingError>([&] { timer.stamp("x"); }), HasSubstr("was stamped before in the level"));
  TimedLoop another(timer);
  another.next();
  EXPECT_THAT(error_of<TimingError>([&] { timer.stamp("x"); }), HasSubstr("was stamped before"));
}

TEST_F(LoopTest, times_of_one_iteration_add_up) {
  TimedLoop loop(timer);
  for (int i = 1; i <= 2; ++i) {
    loop.next();
    for (int j = 0; j < 3; ++j) {
      pass(i * 1ms);
      timer.accumulate("x");
    }
  }
  loop.end();
  EXPECT_THAT(stamps_of(timer.snapshot()), ElementsAre("x 9 2 3 6 0:3 1:6"));
}

TEST_F(LoopTest, a_name_may_go_on_after_the_loop_if_it_accumulates) {
  {
    TimedLoop loop(timer);
    loop.next();
    pass_and_stamp(1ms, "x");
  }
  pass(5ms);
  timer.accumulate("x");
  EXPECT_THAT(stamps_of(timer.snapshot()), ElementsAre("x 6 2 1 5 0:1"));
}

TEST_F(LoopTest, loops_may_be_nested_without_names) {
  TimedLoop outer(timer);
  for (int i = 0; i < 2; ++i) {
    outer.next();
    pass_and_stamp(1ms, "outer");
    TimedLoop inner(timer);
    for (int j = 0; j < 2; ++j) {
      inner.next();
      pass_and_stamp(2ms, "inner");
      EXPECT_THAT(error_of<TimingError>([&] { timer.stamp("inner"); }), HasSubstr("was stamped before"));
      EXPECT_THAT(error_of<TimingError>([&] { timer.stamp("outer"); }), HasSubstr("was stamped before"));
    }
    inner.end();
    EXPECT_THAT(error_of<TimingError>([&] { timer.stamp("inner"); }), HasSubstr("was stamped before"));
    pass(4ms);
    timer.accumulate("outer");
  }
  outer.end();
  EXPECT_THAT(stamps_of(timer.snapshot()), ElementsAre("outer 10 2 5 5 0:5 1:5", "inner 8 4 2 2 0:2 1:2 0:2 1:2"));
}

TEST_F(LoopTest, subdivisions_in_a_loop_are_merged) {
  TimedLoop loop(timer);
  for (int i = 0; i < 3; ++i) {
    loop.next();
    timer.wrap("solve", [&] { pass_and_stamp(2ms, "newton"); });
    timer.stamp("x");
  }
  loop.end();
  const TimingRecord record = timer.snapshot();
  EXPECT_THAT(places_of(record), ElementsAre("x/solve"));
  EXPECT_THAT(stamps_of(at(record, "x/solve")), ElementsAre("newton 6 3 2 2"));
}

TEST_F(LoopTest, the_same_loop_again_adds_its_iterations) {
  for (int i = 1; i <= 2; ++i) {
    {
      TimedLoop loop(timer, {.name = "steps", .stamps = {"missed"}});
      for (int j = 0; j < 2; ++j) {
        loop.next();
        pass_and_stamp(i * 1ms, "x");
      }
    }
    timer.accumulate("all");
  }
  const TimingRecord record = timer.snapshot();
  const TimingRecord& steps = at(record, "all/steps");
  EXPECT_THAT(stamps_of(steps), ElementsAre("x 6 4 1 2 0:1 1:1 0:2 1:2", "missed 0 0 0 0 0:0 1:0 0:0 1:0"));
  EXPECT_THAT(iterations_of(steps), ElementsAre("0:1", "1:1", "0:2", "1:2"));
  EXPECT_EQ(steps.count, 2U);
}

TEST_F(LoopTest, the_same_loop_again_keeps_the_minimum_of_the_real_stamps) {
  for (const bool misses : {true, false, true}) {
    {
      TimedLoop loop(timer, {.name = "steps", .stamps = {"x"}});
      loop.next();
      if (!misses) pass_and_stamp(2ms, "x");
    }
    timer.accumulate("all");
  }
  EXPECT_THAT(stamps_of(at(timer.snapshot(), "all/steps")), ElementsAre("x 2 1 2 2 0:0 0:2 0:0"));
}

TEST_F(LoopTest, a_snapshot_inside_has_the_iteration_as_far_as_it_is) {
  TimedLoop loop(timer, {.name = "steps"});
  loop.next();
  pass_and_stamp(1ms, "x");
  loop.next();
  pass_and_stamp(2ms, "x");
  EXPECT_THAT(stamps_of(at(timer.snapshot(), "UNASSIGNED/steps")), ElementsAre("x 3 2 1 2 0:1 1:2"));
  pass(3ms);
  timer.accumulate("x");
  EXPECT_THAT(stamps_of(at(timer.snapshot(), "UNASSIGNED/steps")), ElementsAre("x 6 2 1 5 0:1 1:5"));
}

TEST_F(LoopTest, timed_goes_through_a_range) {
  const std::vector<int> times = {1, 2, 3};
  for (const int time : timed(timer, times, {.name = "steps", .stamps = {"x"}})) {
    EXPECT_EQ(timer.depth(), 1U);
    pass_and_stamp(time * 1ms, "x");
  }
  timer.stamp("all");
  EXPECT_THAT(stamps_of(at(timer.snapshot(), "all/steps")), ElementsAre("x 6 3 1 3 0:1 1:2 2:3"));
  for (const int one : timed(timer, std::vector<int>{})) ADD_FAILURE() << one;
}

TEST_F(LoopTest, timed_ends_its_loop_when_it_is_left) {
  for (const int i : timed(timer, std::views::iota(0), {.name = "steps", .stamps = {"missed"}})) {
    if (i == 1) break;
  }
  EXPECT_EQ(timer.depth(), 0U);
  EXPECT_THAT(stamps_of(at(timer.snapshot(), "UNASSIGNED/steps")), ElementsAre("missed 0 0 0 0 0:0 1:0"));
  EXPECT_THROW(for ([[maybe_unused]] const int i
                    : timed(timer, std::views::iota(0))) throw std::runtime_error("diverged"),
               std::runtime_error);
  pass_and_stamp(1ms, "x");
  EXPECT_THAT(error_of<TimingError>([&] { timer.stamp("x"); }), HasSubstr("in the level"));  // no longer in a loop
}

TEST_F(LoopTest, ends_what_was_left_open_inside) {
  TimedLoop loop(timer, {.name = "steps"});
  loop.next();
  timer.subdivide("by hand");
  timer.subdivide("and another");
  loop.next();
  EXPECT_EQ(timer.depth(), 1U);
  timer.subdivide("by hand");
  TimedLoop inside(timer);
  loop.end();
  EXPECT_EQ(timer.depth(), 0U);
  inside.next();  // is no longer there
  pass_and_stamp(1ms, "x");
  EXPECT_THAT(stamps_of(timer.snapshot()), ElementsAre("x 1 1 1 1"));
}

TEST_F(LoopTest, a_stamp_before_the_first_iteration_is_in_none) {
  TimedLoop loop(timer);
  pass_and_stamp(1ms, "x");
  EXPECT_THAT(error_of<TimingError>([&] { timer.stamp("x"); }), HasSubstr("was stamped before in the level"));
  loop.end();
  EXPECT_THAT(stamps_of(timer.snapshot()), ElementsAre("x 1 1 1 1"));
}

TEST_F(LoopTest, that_never_runs_leaves_no_trace) {
  { const TimedLoop loop(timer, {.stamps = {"x"}}); }
  EXPECT_THAT(timer.snapshot().stamps, IsEmpty());
}

TEST_F(LoopTest, that_cannot_begin_opens_no_level) {
  EXPECT_EQ(error_of<TimingError>([&] {
              TimedLoop(timer, {.name = "steps", .stamps = {"x", ""}});
            }),
            "a stamp needs a name");
  EXPECT_EQ(timer.depth(), 0U);
}

TEST_F(LoopTest, whole_iterations_leave_out_pauses_and_what_was_reset) {
  TimedLoop loop(timer, {.name = "steps"});
  loop.next();
  pass(1ms);
  timer.pause();
  pass(100ms);
  timer.resume();
  pass(1ms);
  loop.next();
  pass(50ms);
  timer.reset();
  pass(3ms);
  loop.end();
  EXPECT_THAT(iterations_of(at(timer.snapshot(), "UNASSIGNED/steps")), ElementsAre("1:3"));
}

TEST(LoopCostTest, is_in_no_iteration) {
  ManualClock clock(1us);
  Timer timer("main", clock);
  TimedLoop loop(timer, {.name = "steps"});
  for (int i = 0; i < 2; ++i) {
    loop.next();
    for (int j = 0; j < 100; ++j) timer.accumulate("x");
  }
  loop.end();
  const TimingRecord record = timer.snapshot();
  // Each stamp takes two readings of the clock: one is its cost, in the other it returns.
  for (const IterationTime& one : at(record, "UNASSIGNED/steps").iterations) EXPECT_LE(one.time, 102us);
}

}  // namespace
}  // namespace windrow::test
