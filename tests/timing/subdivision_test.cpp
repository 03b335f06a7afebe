#include <gmock/gmock.h>

#include <stdexcept>

#include "timing/manual_clock.hpp"

namespace windrow::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

using SubdivisionTest = TimingTest;

TEST_F(SubdivisionTest, is_a_level_of_its_own_inside_the_parents_interval) {
  pass_and_stamp(1ms, "before");
  {
    const Subdivision level(timer, "solve");
    EXPECT_EQ(timer.depth(), 1U);
    pass_and_stamp(10ms, "before");  // the parent's names are not in the way
    pass(5ms);
  }
  EXPECT_EQ(timer.depth(), 0U);
  pass_and_stamp(2ms, "compute");
  const TimingRecord record = timer.snapshot();
  EXPECT_THAT(stamps_of(record), ElementsAre("before 1 1 1 1", "compute 17 1 17 17"));
  EXPECT_THAT(places_of(record), ElementsAre("compute/solve"));
  EXPECT_THAT(stamps_of(at(record, "compute/solve")), ElementsAre("before 10 1 10 10"));
  EXPECT_EQ(at(record, "compute/solve").total, 15ms);
  EXPECT_EQ(at(record, "compute/solve").count, 1U);
}

TEST_F(SubdivisionTest, is_unassigned_until_the_parents_next_stamp) {
  timer.wrap("solve", [&] { pass(1ms); });
  EXPECT_THAT(places_of(timer.snapshot()), ElementsAre("UNASSIGNED/solve"));
  timer.stamp("compute");
  EXPECT_THAT(places_of(timer.snapshot()), ElementsAre("compute/solve"));
}

TEST_F(SubdivisionTest, stays_unassigned_without_a_stamp) {
  {
    const Subdivision outer(timer, "outer");
    timer.stamp("a");
    timer.wrap("inner", [&] { pass(1ms); });
  }
  timer.wrap("discarded", [&] { pass(1ms); });
  timer.discard();
  timer.stamp("end");
  timer.wrap("stopped", [&] { pass(1ms); });
  timer.stop();
  const TimingRecord record = timer.snapshot();
  EXPECT_THAT(places_of(record), ElementsAre("UNASSIGNED/outer", "UNASSIGNED/discarded", "UNASSIGNED/stopped"));
  EXPECT_THAT(places_of(at(record, "UNASSIGNED/outer")), ElementsAre("UNASSIGNED/inner"));
}

TEST_F(SubdivisionTest, several_may_belong_to_one_stamp) {
  timer.wrap("b", [&] { pass(1ms); });
  timer.wrap("a", [&] { pass(2ms); });
  timer.stamp("both");
  timer.wrap("a", [&] { pass(4ms); });
  timer.stamp("one");
  const TimingRecord record = timer.snapshot();
  EXPECT_THAT(places_of(record), ElementsAre("both/b", "both/a", "one/a"));
  EXPECT_EQ(at(record, "both/a").total, 2ms);
  EXPECT_EQ(at(record, "one/a").total, 4ms);
}

TEST_F(SubdivisionTest, of_the_same_name_and_position_is_merged) {
  for (const auto time : {3ms, 1ms}) {
    for (int i = 0; i < 2; ++i) {
      const Subdivision level(timer, "solve");
      pass_and_stamp(time, "assemble");
      const Subdivision below(timer, "newton");
      pass_and_stamp(1ms, "factor");
    }
    timer.accumulate("compute");
  }
  const TimingRecord record = timer.snapshot();
  EXPECT_THAT(stamps_of(record), ElementsAre("compute 12 2 4 8"));
  ASSERT_THAT(places_of(record), ElementsAre("compute/solve"));
  const TimingRecord& solve = at(record, "compute/solve");
  EXPECT_EQ(solve.count, 4U);
  EXPECT_EQ(solve.total, 12ms);
  EXPECT_THAT(stamps_of(solve), ElementsAre("assemble 8 4 1 3"));
  EXPECT_THAT(stamps_of(at(solve, "UNASSIGNED/newton")), ElementsAre("factor 4 4 1 1"));
  EXPECT_EQ(at(solve, "UNASSIGNED/newton").count, 4U);
}

TEST_F(SubdivisionTest, merges_with_what_only_one_of_the_two_has) {
  for (int i = 0; i < 4; ++i) {
    {
      const Subdivision level(timer, "solve");
      if (i != 1) pass_and_stamp(1ms, "always but once");
      if (i == 2) timer.wrap("rare", [&] { pass_and_stamp(1ms, "x"); });
      pass_and_stamp(1ms, i % 2 == 0 ? "even" : "odd");
    }
    timer.accumulate("compute");
  }
  const TimingRecord record = timer.snapshot();
  const TimingRecord& solve = at(record, "compute/solve");
  EXPECT_THAT(stamps_of(solve), ElementsAre("always but once 3 3 1 1", "even 3 2 1 2", "odd 2 2 1 1"));
  EXPECT_THAT(places_of(solve), ElementsAre("even/rare"));
  EXPECT_EQ(solve.total, 8ms);
}

TEST_F(SubdivisionTest, forgets_at_a_new_position_what_belongs_to_the_old_one) {
  {
    const Subdivision level(timer, "solve");
    pass_and_stamp(1ms, "a");
    timer.wrap("below", [&] { pass_and_stamp(1ms, "x"); });
    timer.stamp("b");
  }
  timer.stamp("first");
  timer.wrap("solve", [&] { pass_and_stamp(4ms, "c"); });
  timer.stamp("second");
  timer.wrap("solve", [&] { pass_and_stamp(8ms, "a"); });
  timer.accumulate("second");
  const TimingRecord record = timer.snapshot();
  EXPECT_THAT(stamps_of(at(record, "first/solve")), ElementsAre("a 1 1 1 1", "b 1 1 1 1"));
  EXPECT_THAT(stamps_of(at(record, "second/solve")), ElementsAre("c 4 1 4 4", "a 8 1 8 8"));
  EXPECT_THAT(places_of(at(record, "second/solve")), IsEmpty());
}

TEST_F(SubdivisionTest, may_stamp_its_names_again_whenever_it_is_opened) {
  for (int i = 0; i < 2; ++i) {
    const Subdivision level(timer, "solve");
    pass_and_stamp(1ms, "a");
    EXPECT_THAT(error_of<TimingError>([&] { timer.stamp("a"); }), HasSubstr("in the level `solve`"));
  }
}

TEST_F(SubdivisionTest, ends_when_an_exception_leaves_it) {
  EXPECT_THROW(
      {
        const Subdivision level(timer, "solve");
        pass(1ms);
        throw std::runtime_error("diverged");
      },
      std::runtime_error);
  EXPECT_EQ(timer.depth(), 0U);
  timer.stamp("a");
  EXPECT_EQ(at(timer.snapshot(), "a/solve").total, 1ms);
}

TEST_F(SubdivisionTest, takes_along_what_was_left_open_inside) {
  try {
    const Subdivision level(timer, "solve");
    timer.subdivide("by hand");
    timer.subdivide("and another");
    pass_and_stamp(1ms, "x");
    throw std::runtime_error("diverged");
  } catch (const std::runtime_error&) {
  }
  EXPECT_EQ(timer.depth(), 0U);
  timer.stamp("a");
  const TimingRecord record = timer.snapshot();
  const TimingRecord& solve = at(record, "a/solve");
  EXPECT_THAT(stamps_of(at(at(solve, "UNASSIGNED/by hand"), "UNASSIGNED/and another")), ElementsAre("x 1 1 1 1"));
}

TEST_F(SubdivisionTest, wrap_ends_it_when_the_function_throws) {
  EXPECT_THROW(timer.wrap("solve", [] { throw std::runtime_error("diverged"); }), std::runtime_error);
  EXPECT_EQ(timer.depth(), 0U);
}

TEST_F(SubdivisionTest, wrap_returns_what_the_function_returns) {
  int number = 3;
  EXPECT_EQ(timer.wrap(
                "add", [](int a, int b) { return a + b; }, 1, 2),
            3);
  EXPECT_EQ(&timer.wrap(
                "same", [](int& a) -> int& { return a; }, number),
            &number);
}

TEST_F(SubdivisionTest, may_be_ended_by_hand) {
  EXPECT_EQ(error_of<TimingError>([&] { timer.end_subdivision(); }), "no subdivision is open");
  {
    const Subdivision level(timer, "solve");
    pass(1ms);
    timer.end_subdivision();
    timer.stamp("a");
    timer.subdivide("another");
  }
  EXPECT_EQ(timer.depth(), 1U);  // it was not the one to end
  timer.end_subdivision();
  EXPECT_EQ(timer.depth(), 0U);
  EXPECT_THAT(places_of(timer.snapshot()), ElementsAre("a/solve", "UNASSIGNED/another"));
}

TEST_F(SubdivisionTest, is_gone_after_a_reset_of_the_root) {
  {
    const Subdivision level(timer, "solve");
    timer.reset_root();
    timer.subdivide("another");
  }
  EXPECT_EQ(timer.depth(), 1U);
}

TEST_F(SubdivisionTest, a_reset_clears_the_present_level_only) {
  pass_and_stamp(1ms, "a");
  {
    const Subdivision level(timer, "solve");
    pass_and_stamp(2ms, "b");
    timer.wrap("below", [&] { pass(1ms); });
    timer.attach("workers", std::vector{TimingRecord{}});
    timer.reset();
    pass_and_stamp(4ms, "b");
  }
  timer.stamp("c");
  const TimingRecord record = timer.snapshot();
  EXPECT_THAT(stamps_of(record), ElementsAre("a 1 1 1 1", "c 7 1 7 7"));
  const TimingRecord& solve = at(record, "c/solve");
  EXPECT_THAT(stamps_of(solve), ElementsAre("b 4 1 4 4"));
  EXPECT_EQ(solve.total, 4ms);
  EXPECT_EQ(solve.count, 1U);
  EXPECT_THAT(solve.subdivisions, IsEmpty());
  EXPECT_THAT(solve.parallel, IsEmpty());
}

TEST_F(SubdivisionTest, its_pause_and_its_stop_are_its_own) {
  {
    const Subdivision level(timer, "paused");
    pass_and_stamp(1ms, "a");
    pass(2ms);
    timer.pause();
    pass(10ms);
  }
  {
    const Subdivision level(timer, "stopped");
    pass(1ms);
    timer.stop("a");
    pass(10ms);
  }
  timer.stamp("b");
  const TimingRecord record = timer.snapshot();
  EXPECT_EQ(at(record, "b/paused").total, 3ms);
  EXPECT_EQ(at(record, "b/stopped").total, 1ms);
  EXPECT_EQ(record.total, 24ms);
}

TEST_F(SubdivisionTest, a_snapshot_inside_shows_it_with_the_time_it_has_had) {
  const Subdivision outer(timer, "outer");
  pass_and_stamp(1ms, "a");
  const Subdivision inner(timer, "inner");
  pass(2ms);
  const TimingRecord record = timer.snapshot();
  EXPECT_EQ(record.total, 3ms);
  EXPECT_EQ(at(record, "UNASSIGNED/outer").total, 3ms);
  EXPECT_THAT(stamps_of(at(record, "UNASSIGNED/outer")), ElementsAre("a 1 1 1 1"));
  EXPECT_EQ(at(at(record, "UNASSIGNED/outer"), "UNASSIGNED/inner").total, 2ms);
}

TEST_F(SubdivisionTest, a_snapshot_of_a_level_that_is_open_again_has_both_times) {
  for (int i = 0; i < 2; ++i) {
    const Subdivision level(timer, "solve");
    pass_and_stamp(1ms, "a");
    if (i == 0) continue;
    EXPECT_EQ(at(timer.snapshot(), "UNASSIGNED/solve").total, 2ms);
  }
}

/// The same program, with snapshots wherever they can be taken or without.
std::string program(bool with_snapshots) {
  ManualClock clock;
  Timer timer("main", clock);
  const auto look = [&] {
    if (with_snapshots) timer.snapshot();
  };
  for (int i = 0; i < 3; ++i) {
    const Subdivision level(timer, "solve");
    look();
    TimedLoop loop(timer, {.name = i == 0 ? "" : "steps", .stamps = {"x", "y"}});
    for (int j = 0; j < 3; ++j) {
      look();
      loop.next();
      look();
      clock.advance(milliseconds(j));
      if (j != i) timer.stamp("x");
      look();
      clock.advance(1ms);
      timer.accumulate("x");
      timer.wrap("below", look);
      timer.attach("workers", std::vector{TimingRecord{"one", 1ms, 0ns, 1, {}, {}, {}, {}}});
      look();
      timer.stamp("z");
    }
  }
  look();
  timer.stamp("end");
  return to_json(timer.snapshot());
}

TEST_F(SubdivisionTest, snapshots_disturb_nothing) {
  EXPECT_EQ(program(true), program(false));
}

}  // namespace
}  // namespace windrow::test
