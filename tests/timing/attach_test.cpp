#include <gmock/gmock.h>

#include "timing/manual_clock.hpp"

namespace windrow::test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

class AttachTest : public TimingTest {
 protected:
  /// What a worker measured: one iteration of 1 ms at `index`, and a subdivision.
  static TimingRecord worker(const std::string& name, std::uint64_t index, nanoseconds time = 1ms) {
    ManualClock clock(0ns);
    Timer timer(name, clock);
    {
      TimedLoop loop(timer);
      loop.next(index);
      timer.wrap("below", [&] {
        clock.advance(time);
        timer.stamp("deep");
      });
      timer.stamp("point");
    }
    TimingRecord record = timer.snapshot();
    record.overhead = 1h;
    return record;
  }

  /// "position/group: names"
  static std::vector<std::string> groups_of(const TimingRecord& record) {
    std::vector<std::string> texts;
    for (const ParallelRecords& parallel : record.parallel) {
      std::string text = fmt::format("{}/{}:", parallel.position, parallel.group);
      for (const TimingRecord& one : parallel.records) text += fmt::format(" {}", one.name);
      texts.push_back(text);
    }
    return texts;
  }
};

TEST_F(AttachTest, is_temporary_until_the_next_stamp_fixes_the_position) {
  pass_and_stamp(1ms, "before");
  pass(10ms);
  timer.attach("workers", std::vector{worker("rank 1", 0), worker("rank 2", 1)});
  EXPECT_THAT(groups_of(timer.snapshot()), ElementsAre("UNASSIGNED/workers: rank 1 rank 2"));
  timer.stamp("sweep");
  EXPECT_THAT(groups_of(timer.snapshot()), ElementsAre("sweep/workers: rank 1 rank 2"));
  pass_and_stamp(1ms, "after");
  EXPECT_THAT(groups_of(timer.snapshot()), ElementsAre("sweep/workers: rank 1 rank 2"));
}

TEST_F(AttachTest, is_unassigned_without_a_stamp) {
  timer.wrap("level", [&] { timer.attach("workers", std::vector{worker("rank 1", 0)}); });
  timer.attach("others", std::vector{worker("rank 1", 0)});
  timer.discard();
  timer.stamp("a");
  const TimingRecord record = timer.snapshot();
  EXPECT_THAT(groups_of(record), ElementsAre("UNASSIGNED/others: rank 1"));
  EXPECT_THAT(groups_of(at(record, "UNASSIGNED/level")), ElementsAre("UNASSIGNED/workers: rank 1"));
}

TEST_F(AttachTest, a_workers_times_are_in_no_total) {
  pass(10ms);
  timer.attach("workers", std::vector{worker("rank 1", 0, 5s)});
  timer.stamp("sweep");
  const TimingRecord record = timer.snapshot();
  EXPECT_EQ(record.total, 10ms);  // the worker's overhead is an hour
  EXPECT_EQ(record.overhead, 0ns);
  EXPECT_EQ(record.stamps_sum(), 10ms);
  EXPECT_EQ(record.parallel.at(0).records.at(0).overhead, 1h);
}

TEST_F(AttachTest, the_same_name_again_is_the_next_iteration_of_the_same_source) {
  for (const std::uint64_t index : {3U, 9U}) {
    pass(1ms);
    timer.attach("workers", std::vector{worker("rank 1", index, index * 1ms), worker("rank 2", index + 1)});
    timer.accumulate("sweep");
  }
  const TimingRecord record = timer.snapshot();
  ASSERT_THAT(groups_of(record), ElementsAre("sweep/workers: rank 1 rank 2"));
  const TimingRecord& one = record.parallel[0].records[0];
  EXPECT_EQ(one.total, 12ms);
  EXPECT_EQ(one.overhead, 2h);
  EXPECT_EQ(one.count, 2U);
  EXPECT_THAT(stamps_of(one), ElementsAre("point 12 2 3 9 3:3 9:9"));  // the gap survives
  EXPECT_THAT(places_of(one), ElementsAre("point/below"));
  EXPECT_THAT(stamps_of(at(one, "point/below")), ElementsAre("deep 12 2 3 9"));
  EXPECT_THAT(stamps_of(record.parallel[0].records[1]), ElementsAre("point 2 2 1 1 4:1 10:1"));
}

TEST_F(AttachTest, members_may_come_and_go) {
  timer.attach("workers", std::vector{worker("rank 1", 0)});
  timer.stamp("sweep");
  timer.attach("workers", std::vector{worker("rank 2", 1), worker("rank 1", 2)});
  timer.accumulate("sweep");
  EXPECT_THAT(groups_of(timer.snapshot()), ElementsAre("sweep/workers: rank 1 rank 2"));
}

TEST_F(AttachTest, other_positions_and_groups_are_kept_apart) {
  timer.attach("workers", std::vector{worker("rank 1", 0)});
  timer.attach("threads", std::vector{worker("rank 1", 1)});
  timer.stamp("one");
  timer.attach("workers", std::vector{worker("rank 1", 2)});
  timer.stamp("two");
  const TimingRecord record = timer.snapshot();
  EXPECT_THAT(groups_of(record), ElementsAre("one/workers: rank 1", "one/threads: rank 1", "two/workers: rank 1"));
  for (const ParallelRecords& parallel : record.parallel) EXPECT_EQ(parallel.records[0].count, 1U);
}

TEST_F(AttachTest, two_batches_before_one_stamp_are_merged) {
  timer.attach("workers", std::vector{worker("rank 1", 0)});
  timer.attach("workers", std::vector{worker("rank 1", 1)});
  timer.stamp("sweep");
  EXPECT_THAT(stamps_of(timer.snapshot().parallel.at(0).records.at(0)), ElementsAre("point 2 2 1 1 0:1 1:1"));
}

TEST_F(AttachTest, two_members_of_a_batch_with_one_name_are_an_error) {
  EXPECT_EQ(error_of<TimingError>([&] {
              timer.attach("workers", std::vector{worker("rank 1", 0), worker("rank 1", 1)});
            }),
            "two records have the name `rank 1`: which is which? Timer::rename() gives each its own");
  timer.stamp("sweep");
  EXPECT_THAT(timer.snapshot().parallel, IsEmpty());
  timer.attach("workers", std::vector{worker("rank 1", 0)});
  EXPECT_THAT(error_of<TimingError>([&] {
                timer.attach("workers", std::vector{worker("rank 1", 0), worker("rank 1", 1)});
              }),
              testing::HasSubstr("rank 1"));
  EXPECT_THAT(stamps_of(timer.snapshot().parallel.at(0).records.at(0)), ElementsAre("point 1 1 1 1 0:1"));
}

TEST_F(AttachTest, goes_along_when_its_level_is_merged) {
  for (int i = 0; i < 3; ++i) {
    timer.wrap("level", [&] {
      timer.attach("workers", std::vector{worker("rank 1", static_cast<std::uint64_t>(i))});
      timer.stamp("sweep");
    });
    timer.accumulate("all");
  }
  const TimingRecord record = timer.snapshot();
  const TimingRecord& level = at(record, "all/level");
  ASSERT_THAT(groups_of(level), ElementsAre("sweep/workers: rank 1"));
  EXPECT_THAT(stamps_of(level.parallel[0].records[0]), ElementsAre("point 3 3 1 1 0:1 1:1 2:1"));
}

TEST_F(AttachTest, a_snapshot_may_be_attached_in_turn) {
  timer.attach("workers", std::vector{worker("rank 1", 0)});
  timer.stamp("sweep");
  ManualClock other_clock;
  Timer other("other", other_clock);
  other.attach("managers", std::vector{timer.snapshot()});
  other.stamp("all");
  const TimingRecord record = other.snapshot();
  EXPECT_THAT(groups_of(record.parallel.at(0).records.at(0)), ElementsAre("sweep/workers: rank 1"));
}

}  // namespace
}  // namespace windrow::test
