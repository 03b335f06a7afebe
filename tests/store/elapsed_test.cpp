// How long evaluations took in all is kept with the commits: the time to say it does not grow with their number.

#include <fmt/format.h>

#include "support.hpp"
#include "windrow/store/check.hpp"
#include "windrow/store/merge.hpp"

namespace windrow {
namespace {

using namespace test;
using testing::HasSubstr;

/// So many that `status` does not read them.
constexpr std::uint64_t kMany = 70000;

class ElapsedTest : public testing::Test {
 protected:
  static Record timed(std::uint64_t index) {
    Record record = index % 1000 == 3 ? failure(index) : point(index);
    record.elapsed = 0.25 + 1e-9 * static_cast<double>(index % 4096) + static_cast<double>(index % 3);
    return record;
  }
  void record(std::uint64_t first, std::uint64_t end) const {
    Store store(path(), small_study(kMany + 100), {});
    for (std::uint64_t i = first; i < end; ++i) store.record(timed(i));
  }
  const fs::path& path() const { return directory_.path(); }
  std::string sql(const std::string& text) const { return query(directory_.results(), text); }
  std::string kept() const { return sql("SELECT count || ' ' || seconds || ' ' || nanoseconds FROM elapsed"); }
  void expect_right() const {
    EXPECT_EQ(kept(), sql("SELECT count(*) || ' ' || coalesce(sum(n) / 1000000000, 0) || ' ' || coalesce(sum(n) % "
                          "1000000000, 0) FROM (SELECT cast(round(coalesce(elapsed, 0) * 1e9) AS INTEGER) AS n FROM "
                          "evaluations)"));
    EXPECT_TRUE(check_store(path()).sound());
  }

  TemporaryDirectory directory_;
};

TEST_F(ElapsedTest, is_kept_by_all_that_changes_evaluations) {
  record(0, 200);
  expect_right();
  {
    Store store(path(), small_study(kMany + 100), {});
    Record again = timed(7);
    again.elapsed = 1e3 + 0.125;
    store.record(again);     // in the place of an outcome
    store.record(point(3));  // and of a failure
    store.record_equal(201, 5);
    Record unknown = point(202);
    unknown.elapsed = std::numeric_limits<double>::quiet_NaN();
    store.record(unknown);
  }
  expect_right();
  const TemporaryDirectory shard;
  {
    Store store(shard.path(), small_study(kMany + 100), {});
    for (std::uint64_t i = 150; i < 300; ++i) store.record(timed(i));
  }
  StoreMerge(path(), small_study(kMany + 100)).take(shard.path(), StoreMerge::Then::keep);
  expect_right();
  {
    StudyIdentity changed = small_study(400);
    changed.definition[1].second = "linear(1, 3, 5)";
    const auto points = [](std::uint64_t index) { return point(399 - index).parameters; };
    EXPECT_TRUE(Store(path(), changed, {}, Journal::automatic, points).resumption().has_value());
  }
  expect_right();
  EXPECT_GT(StoreReader(path()).status().earlier + StoreReader(path()).status().succeeded, 200u);
  ASSERT_EQ(sql("DELETE FROM evaluations WHERE \"index\" = (SELECT min(\"index\") FROM evaluations)"), "");
  recover_store(path());
  expect_right();
}

TEST_F(ElapsedTest, is_the_same_in_whatever_order_points_end) {
  const TemporaryDirectory other;
  record(0, 100);
  {
    Store store(other.path(), small_study(kMany + 100), {});
    for (std::uint64_t i = 100; i-- > 0;) store.record(timed(i));
  }
  EXPECT_EQ(query(other.results(), "SELECT count || ' ' || seconds || ' ' || nanoseconds FROM elapsed"), kept());
}

TEST_F(ElapsedTest, is_told_of_many_points_without_reading_them) {
  record(0, kMany);
  const StoreStatus before = StoreReader(path()).status();
  EXPECT_EQ(before.succeeded + before.failed, kMany);
  EXPECT_EQ(before.failed, 70u);
  EXPECT_NEAR(before.busy_seconds, 1.25 * static_cast<double>(kMany), 1.0);
  ASSERT_EQ(sql("UPDATE evaluations SET elapsed = 17 WHERE \"index\" = 12"), "");
  EXPECT_EQ(StoreReader(path()).status().busy_seconds, before.busy_seconds) << "what was committed";
  EXPECT_THAT(error_of<StoreError>([&] { StoreReader(path()).for_each_time([](const PointTime&) {}); }),
              HasSubstr("damaged"));
  // A sum that is damaged, or that a program did not keep, counts for nothing: then all rows are read.
  for (const char* change :
       {"UPDATE elapsed SET seconds = seconds + 1", "UPDATE elapsed SET nanoseconds = 5",
        "UPDATE elapsed SET count = 7", "UPDATE totals SET count = count - 1 WHERE \"table\" = 'evaluations'",
        "DROP TABLE elapsed"}) {
    SCOPED_TRACE(change);
    ASSERT_EQ(sql(change), "");
    EXPECT_THAT(error_of<StoreError>([&] { StoreReader(path()).status(); }), HasSubstr("damaged"));
    ASSERT_EQ(sql("UPDATE totals SET count = (SELECT count(*) FROM evaluations) WHERE \"table\" = 'evaluations'"), "");
  }
  record(kMany, kMany + 1);
  expect_right();
}

TEST_F(ElapsedTest, survives_a_kill) {
  {
    Child child([this](int to) {
      Store store(path(), small_study(kMany + 100), {});
      Child::say(to, "open\n");
      for (std::uint64_t i = 0; i < kMany; ++i) store.record(timed(i));
      pause();
    });
    ASSERT_EQ(child.line(), "open");
    while (sql("SELECT count(*) > 2000 FROM evaluations") != "1\n") usleep(1000);
    child.kill_and_wait();
  }
  expect_right();
}

}  // namespace
}  // namespace windrow
