#include "windrow/timing/timer.hpp"

#include <gmock/gmock.h>
#include <sys/wait.h>
#include <unistd.h>

#include <thread>

#include "timing/manual_clock.hpp"

namespace windrow::test {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

using TimerTest = TimingTest;

TEST_F(TimerTest, stamps_close_intervals_and_add_up_to_the_total) {
  pass_and_stamp(100ms, "first");
  pass_and_stamp(300ms, "second");
  const TimingRecord record = timer.snapshot();
  EXPECT_EQ(record.name, "main");
  EXPECT_THAT(stamps_of(record), ElementsAre("first 100 1 100 100", "second 300 1 300 300"));
  EXPECT_EQ(record.total, 400ms);
  EXPECT_EQ(record.stamps_sum(), 400ms);
  EXPECT_EQ(record.overhead, 0ns);
  EXPECT_EQ(record.count, 1U);
}

TEST_F(TimerTest, the_total_has_what_is_not_stamped_yet) {
  pass_and_stamp(100ms, "first");
  pass(50ms);
  EXPECT_EQ(timer.snapshot().total, 150ms);
  EXPECT_EQ(timer.snapshot().stamps_sum(), 100ms);
}

TEST_F(TimerTest, calls_return_now) {
  pass(5ms);
  EXPECT_EQ(timer.start(), clock.now());
  pass(5ms);
  EXPECT_EQ(timer.stamp("a"), clock.now());
  pass(5ms);
  EXPECT_EQ(timer.accumulate("a"), clock.now());
  EXPECT_EQ(timer.discard(), clock.now());
  EXPECT_EQ(timer.pause(), clock.now());
  pass(5ms);
  EXPECT_EQ(timer.resume(), clock.now());
  EXPECT_EQ(timer.stop(), clock.now());
  EXPECT_EQ(timer.reset(), clock.now());
}

TEST_F(TimerTest, a_stamp_can_be_backdated) {
  const auto begin = clock.now();
  pass(100ms);
  EXPECT_EQ(timer.stamp_at("early", begin + 50ms), begin + 50ms);
  pass(20ms);
  timer.stamp("next");
  EXPECT_THAT(stamps_of(timer.snapshot()), ElementsAre("early 50 1 50 50", "next 70 1 70 70"));
}

TEST_F(TimerTest, a_backdated_stamp_lies_between_the_last_one_and_now) {
  pass(1s);
  const auto last = timer.stamp("a");
  pass(2s);
  EXPECT_EQ(error_of<TimingError>([&] { timer.stamp_at("b", last - 1ns); }),
            "cannot stamp `b` at now - 2.000000001 s: it must be between the last stamp, now - 2 s, and now");
  EXPECT_EQ(error_of<TimingError>([&] { timer.stamp_at("b", clock.now() + 500ms); }),
            "cannot stamp `b` at now + 0.5 s: it must be between the last stamp, now - 2 s, and now");
  EXPECT_THAT(stamps_of(timer.snapshot()), ElementsAre("a 1000 1 1000 1000"));
  timer.stamp_at("b", last);
  timer.accumulate_at("b", clock.now());
  EXPECT_THAT(stamps_of(timer.snapshot()), ElementsAre("a 1000 1 1000 1000", "b 2000 2 0 2000"));
}

TEST_F(TimerTest, a_name_is_stamped_once) {
  pass_and_stamp(1ms, "read");
  pass(2ms);
  EXPECT_EQ(error_of<TimingError>([&] { timer.stamp("read"); }),
            "`read` was stamped before in the level `main`; accumulate() allows that");
  timer.stamp("write");  // the interval is still that since "read"
  EXPECT_THAT(stamps_of(timer.snapshot()), ElementsAre("read 1 1 1 1", "write 2 1 2 2"));
}

TEST_F(TimerTest, times_under_one_name_accumulate_when_asked_to) {
  for (const auto time : {3ms, 1ms, 8ms}) {
    pass(time);
    timer.accumulate("step");
  }
  EXPECT_THAT(stamps_of(timer.snapshot()), ElementsAre("step 12 3 1 8"));
  EXPECT_EQ(timer.snapshot().find("step")->mean(), 4ms);
  EXPECT_THAT(error_of<TimingError>([&] { timer.stamp("step"); }), HasSubstr("was stamped before"));
}

TEST_F(TimerTest, finds_its_names_in_any_order) {
  std::vector<std::string> names, expected;
  for (int i = 0; i < 100; ++i) names.push_back(fmt::format("phase {}", i));
  for (int round = 0; round < 5; ++round) {
    for (std::size_t i = 0; i < names.size(); ++i) {
      pass(1ms);
      timer.accumulate(
          names[i * (2 * static_cast<std::size_t>(round) + 1) % 100]);  // 5 has a factor in common with 100
    }
  }
  const TimingRecord record = timer.snapshot();
  ASSERT_EQ(record.stamps.size(), 100U);
  for (std::size_t i = 0; i < names.size(); ++i) {
    EXPECT_EQ(record.stamps[i].name, names[i]);
    EXPECT_EQ(record.stamps[i].count, i % 5 == 0 ? 9U : 4U);
  }
}

TEST_F(TimerTest, some_names_are_none) {
  EXPECT_EQ(error_of<TimingError>([&] { timer.stamp(""); }), "a stamp needs a name");
  EXPECT_EQ(error_of<TimingError>([&] { timer.stamp(kUnassigned); }), "no stamp can have the name UNASSIGNED");
  EXPECT_EQ(error_of<TimingError>([&] { timer.subdivide(""); }), "a subdivision needs a name");
  EXPECT_EQ(timer.depth(), 0U);
}

TEST_F(TimerTest, a_discarded_interval_is_in_no_stamp) {
  pass(100ms);
  timer.discard();
  pass_and_stamp(10ms, "a");
  EXPECT_THAT(stamps_of(timer.snapshot()), ElementsAre("a 10 1 10 10"));
  EXPECT_EQ(timer.snapshot().total, 110ms);
}

TEST_F(TimerTest, a_pause_leaves_the_open_interval_out_of_the_stamps_but_in_the_total) {
  pass_and_stamp(100ms, "a");
  pass(20ms);
  timer.pause();
  EXPECT_TRUE(timer.is_paused());
  pass(1s);
  EXPECT_EQ(timer.snapshot().total, 120ms);
  timer.resume();
  EXPECT_FALSE(timer.is_paused());
  pass_and_stamp(3ms, "b");
  EXPECT_THAT(stamps_of(timer.snapshot()), ElementsAre("a 100 1 100 100", "b 3 1 3 3"));
  EXPECT_EQ(timer.snapshot().total, 123ms);
}

TEST_F(TimerTest, a_paused_level_can_only_be_resumed_stopped_or_started_anew) {
  timer.pause();
  EXPECT_EQ(error_of<TimingError>([&] { timer.stamp("a"); }), "cannot stamp: the level `main` is paused");
  EXPECT_EQ(error_of<TimingError>([&] { timer.discard(); }), "cannot discard the interval: the level `main` is paused");
  EXPECT_EQ(error_of<TimingError>([&] { timer.pause(); }), "cannot pause: the level `main` is paused");
  EXPECT_EQ(error_of<TimingError>([&] { timer.subdivide("b"); }), "cannot subdivide: the level `main` is paused");
  EXPECT_EQ(error_of<TimingError>([&] { TimedLoop loop(timer); }), "cannot begin a loop: the level `main` is paused");
  timer.resume();
  EXPECT_EQ(error_of<TimingError>([&] { timer.resume(); }), "cannot resume: the level `main` is not paused");
}

TEST_F(TimerTest, a_stop_is_final_until_reset) {
  pass_and_stamp(100ms, "a");
  pass(10ms);
  timer.stop();
  EXPECT_TRUE(timer.is_stopped());
  pass(1s);
  EXPECT_EQ(timer.snapshot().total, 110ms);
  const std::string why = ": the level `main` is stopped (only a reset starts it again)";
  EXPECT_EQ(error_of<TimingError>([&] { timer.stamp("b"); }), "cannot stamp" + why);
  EXPECT_EQ(error_of<TimingError>([&] { timer.stop(); }), "cannot stop" + why);
  EXPECT_EQ(error_of<TimingError>([&] { timer.stop("b"); }), "cannot stamp" + why);
  EXPECT_EQ(error_of<TimingError>([&] { timer.start(); }), "cannot start" + why);
  EXPECT_EQ(error_of<TimingError>([&] { timer.pause(); }), "cannot pause" + why);
  EXPECT_EQ(error_of<TimingError>([&] { timer.resume(); }), "cannot resume" + why);
  EXPECT_EQ(error_of<TimingError>([&] { timer.attach("workers", {}); }), "cannot attach" + why);
  timer.reset();
  pass_and_stamp(5ms, "a");
  EXPECT_THAT(stamps_of(timer.snapshot()), ElementsAre("a 5 1 5 5"));
  EXPECT_EQ(timer.snapshot().total, 5ms);
}

TEST_F(TimerTest, a_paused_level_can_be_stopped) {
  pass(10ms);
  timer.pause();
  pass(10ms);
  timer.stop();
  EXPECT_EQ(timer.snapshot().total, 10ms);
}

TEST_F(TimerTest, a_stop_can_stamp) {
  pass(100ms);
  EXPECT_EQ(timer.stop("a"), clock.now());
  pass(100ms);
  EXPECT_THAT(stamps_of(timer.snapshot()), ElementsAre("a 100 1 100 100"));
  EXPECT_EQ(timer.snapshot().total, 100ms);
}

TEST_F(TimerTest, a_start_overrides_that_of_the_construction) {
  pass(100ms);
  timer.start();
  pass_and_stamp(10ms, "a");
  EXPECT_EQ(timer.snapshot().total, 10ms);
  const std::string why = "cannot start: the level `main` has measured something; reset() drops it";
  EXPECT_EQ(error_of<TimingError>([&] { timer.start(); }), why);
  timer.reset();
  timer.start();
  timer.wrap("child", [] {});
  EXPECT_EQ(error_of<TimingError>([&] { timer.start(); }), why);
  timer.reset();
  timer.attach("workers", std::vector{TimingRecord{}});
  EXPECT_EQ(error_of<TimingError>([&] { timer.start(); }), why);
}

TEST_F(TimerTest, a_reset_of_the_root_forgets_everything_but_the_name) {
  timer.rename("rank 3 on node7");
  pass_and_stamp(10ms, "a");
  timer.subdivide("open");
  TimedLoop loop(timer);
  timer.reset_root();
  EXPECT_EQ(timer.depth(), 0U);
  loop.next();
  pass_and_stamp(1ms, "b");
  pass(1ms);
  EXPECT_THAT(error_of<TimingError>([&] { timer.stamp("b"); }), HasSubstr("in the level"));
  const TimingRecord record = timer.snapshot();
  EXPECT_EQ(record.name, "rank 3 on node7");
  EXPECT_THAT(stamps_of(record), ElementsAre("b 1 1 1 1"));
  EXPECT_THAT(record.subdivisions, IsEmpty());
  EXPECT_EQ(record.total, 2ms);
  timer.reset_root("another");
  EXPECT_EQ(timer.snapshot().name, "another");
}

TEST(TimersTest, are_independent) {
  ManualClock clock;
  Timer one("one", clock), two("two", clock);
  const Subdivision level(one, "level");
  clock.advance(1ms);
  one.stamp("a");
  two.stamp("a");
  EXPECT_EQ(two.depth(), 0U);
  EXPECT_THAT(stamps_of(two.snapshot()), ElementsAre("a 1 1 1 1"));
}

TEST(TimersTest, every_thread_has_one_of_its_own) {
  Timer* other = nullptr;
  std::thread([&] {
    other = &this_thread_timer();
    this_thread_timer().stamp("a");
  }).join();
  EXPECT_NE(&this_thread_timer(), other);
  this_thread_timer().stamp("a");
  this_thread_timer().reset_root();
}

TEST(TimersTest, use_the_steady_clock_by_default) {
  const auto before = std::chrono::steady_clock::now();
  Timer timer;
  const auto stamped = timer.stamp("a");
  EXPECT_GE(stamped, before);
  EXPECT_LE(stamped, std::chrono::steady_clock::now());
}

/// Runs `check` in a forked child.
template <class Check>
bool in_child(Check check) {
  const pid_t child = fork();
  if (child == 0) _exit(check() ? 0 : 1);
  int status = -1;
  waitpid(child, &status, 0);
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

TEST_F(TimerTest, a_forked_child_starts_clean) {
  timer.rename("rank 0");
  pass_and_stamp(100ms, "a");
  Subdivision level(timer, "open");
  TimedLoop loop(timer);
  EXPECT_TRUE(in_child([&] {
    {
      const Subdivision of_child(timer, "level");
      pass_and_stamp(1ms, "a");
    }
    level.~Subdivision();  // what the parent has open is not there
    loop.next();
    pass_and_stamp(2ms, "a");
    new (&level) Subdivision(timer, "again");
    const TimingRecord record = timer.snapshot();
    return record.name == "rank 0" && stamps_of(record) == std::vector<std::string>{"a 3 1 3 3"} &&
           places_of(record) == std::vector<std::string>{"a/level", "UNASSIGNED/again"} && record.total == 3ms;
  }));
  EXPECT_EQ(timer.depth(), 1U);
  EXPECT_THAT(stamps_of(timer.snapshot()), ElementsAre("a 100 1 100 100"));
}

TEST(TimersTest, a_forked_child_counts_from_the_fork) {
  Timer timer;
  const auto constructed = std::chrono::steady_clock::now();
  std::this_thread::sleep_for(20ms);
  const auto before = std::chrono::steady_clock::now();
  EXPECT_TRUE(in_child([&] {
    std::this_thread::sleep_for(30ms);
    const TimingRecord record = timer.snapshot();
    const auto now = std::chrono::steady_clock::now();
    return record.total >= 30ms && record.total <= now - before && record.total < now - constructed;
  }));
}

}  // namespace
}  // namespace windrow::test
