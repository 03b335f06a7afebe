// Arrays of a sweep where the disk is full, and where they are large.

#include <gmock/gmock.h>

#include <filesystem>
#include <vector>

#include "store/support.hpp"
#include "windrow/parallel/fork_manager.hpp"
#include "windrow/run/sweep.hpp"

namespace windrow {
namespace {

using testing::AllOf;
using testing::AnyOf;
using testing::HasSubstr;

Array field_of(const Point& p, std::size_t size) {
  return Array(std::vector<double>(size, p["x"].number() + 0.5));
}

Sweep sweep_of(std::uint64_t points, std::size_t size, std::optional<Isolated> isolated = {}) {
  return Sweep(
      zip({linear("x", 0, static_cast<double>(points), points)}), [size] { return size; },
      [](std::size_t& count, const Point& p) { return field_of(p, count); }, {{"field", "", "array", ""}},
      {.isolated = isolated});
}

class FullDiskTest : public testing::TestWithParam<bool> {};

TEST_P(FullDiskTest, ends_the_run_with_the_reason_and_the_next_one_goes_on_once_there_is_room) {
  constexpr std::size_t size = 20'000;  // 160 kB each, on 1 MB
  const test::TemporaryDirectory directory;
  test::SmallFileSystem disk(directory.path());
  if (!disk.mounted()) GTEST_SKIP() << disk.reason();
  SweepOptions options;
  options.store = directory.path() / "results";
  options.arrays_through_root = GetParam();
  options.schedule = Schedule::dynamic;
  ForkManager manager(2);
  EXPECT_THAT(test::error_of<StoreError>([&] { sweep_of(20, size).run(manager, options); }),
              AllOf(HasSubstr("results"), AnyOf(AllOf(HasSubstr("No space left on device"), HasSubstr("make room")),
                                                HasSubstr("database or disk is full; free some space"))))
      << "an array or the database, whichever comes first";
  const StoreStatus status = StoreReader(options.store).status();
  EXPECT_EQ(status.failed, 0U) << "what could not be stored has not failed";
  EXPECT_GT(status.succeeded, 0U);
  ASSERT_LT(status.succeeded, 20U);

  ASSERT_TRUE(disk.remount(0, "size=16m"));
  const SweepResult result = sweep_of(20, size).run(manager, options);
  EXPECT_EQ(result.reused, status.succeeded);
  EXPECT_EQ(result.succeeded, 20U);
  const StoreReader reader(options.store);
  const Design design = sweep_of(20, size).design();
  for (std::uint64_t i = 0; i < 20; ++i) EXPECT_TRUE(reader.array(i, "field") == field_of(design.point(i), size)) << i;
  EXPECT_FALSE(std::filesystem::exists(options.store / "arrays.incoming"));
}

INSTANTIATE_TEST_SUITE_P(Routes, FullDiskTest, testing::Bool());

TEST(KilledRunTest, leaves_whole_arrays_of_what_was_committed_and_the_next_run_completes) {
  constexpr std::size_t size = 250'000;  // 2 MB each
  constexpr std::uint64_t points = 60;
  for (const bool through_root : {false, true}) {
    const test::TemporaryDirectory directory;
    SweepOptions options;
    options.store = directory.path() / "results";
    options.arrays_through_root = through_root;
    test::Child child([&](int to) {
      options.on_progress = [to](const Progress& progress) {
        if (progress.evaluated > 3) test::Child::say(to, "some\n");
      };
      ForkManager manager(2);
      sweep_of(points, size).run(manager, options);
    });
    ASSERT_EQ(child.line(), "some");
    child.kill_and_wait();
    const std::uint64_t committed = StoreReader(options.store).status().succeeded;
    ForkManager manager(2);
    const SweepResult result = sweep_of(points, size).run(manager, options);
    EXPECT_EQ(result.reused, committed);
    EXPECT_EQ(result.succeeded, points);
    const StoreReader reader(options.store);
    const Design design = sweep_of(points, size).design();
    for (std::uint64_t i = 0; i < points; ++i) {
      EXPECT_TRUE(reader.array(i, "field") == field_of(design.point(i), size)) << i;
    }
    EXPECT_FALSE(std::filesystem::exists(options.store / "arrays.incoming"));
  }
}

TEST(LargeArrayTest, a_hundred_megabytes_of_an_isolated_evaluation_arrive) {
  constexpr std::size_t size = 12'500'000;
  const test::TemporaryDirectory directory;
  SweepOptions options;
  options.store = directory.path() / "results";
  options.arrays_through_root = true;
  ForkManager manager(1);
  EXPECT_EQ(sweep_of(1, size, Isolated{.where = Isolation::fork}).run(manager, options).succeeded, 1U);
  const StoreReader reader(options.store);
  EXPECT_TRUE(reader.array(0, "field") == field_of(sweep_of(1, size).design().point(0), size));
  EXPECT_EQ(reader.array_file(0, "field").size, 100'000'128U);
}

}  // namespace
}  // namespace windrow
