#pragma once

#include <gmock/gmock.h>

#include <optional>

#include "cli/cli_fixture.hpp"
#include "store/small_file_system.hpp"

namespace windrow::test {

/// 200 points that append their index to the file `log` and keep 8 kB each in their directories, with results on a
/// small file system below `disk`.
class DiskTest : public CliTest {
 protected:
  void SetUp() override {
    std::filesystem::create_directory(path("disk"));
    disk_.emplace(path("disk"));
    if (!disk_->mounted()) GTEST_SKIP() << disk_->reason();
    write_study(200);
    write_program("bulky.sh", R"(
echo $1 >> "$(dirname "$0")/log"
head -c 8000 /dev/zero > bulk
echo square=$(($1 * $1))
)");
  }
  void TearDown() override {
    expect_nothing_left();
    disk_.reset();
  }

  void write_study(int points) const {
    write("bulky.toml", R"(
[parameters.x]
values = { linear = { from = 0, to = )" +
                            std::to_string(points - 1) + ", points = " + std::to_string(points) + R"( } }
[command]
run = ["./bulky.sh", "{{x}}"]
keep = "all"
[outputs]
square = { stdout = 'square=(\d+)', type = "integer" }
)");
  }

  SmallFileSystem& disk() { return *disk_; }

  /// A run filled the disk. Once there is room, the same command completes the study, and evaluates nothing again that
  /// was committed.
  template <typename Run>
  void expect_continued(const Ended& full, Run run) {
    EXPECT_NE(full.code, 0);
    // Whoever meets it first: the store, or a worker that makes a point's directory, or finds why its program failed.
    EXPECT_THAT(full.err,
                testing::AnyOf(testing::HasSubstr("disk/results/results.sqlite: database or disk is full; free some"),
                               testing::HasSubstr("No space left on device; this is no failure of the point")));
    EXPECT_THAT(full.err, testing::AnyOf(testing::HasSubstr("what was committed is safe"),
                                         testing::HasSubstr("what was finished is kept")));
    ASSERT_TRUE(disk().remount(0, "size=64m"));
    const auto before = recorded("disk/results");
    EXPECT_GT(before.size(), 0U);
    EXPECT_LT(before.size(), 200U);
    std::filesystem::remove(path("log"));
    const Ended again = run();
    EXPECT_EQ(again.code, 0) << again.text();
    EXPECT_THAT(again.out, testing::HasSubstr("200 of 200 points succeeded"));
    EXPECT_EQ(logged("log").size(), 200U - before.size());
    for (const std::uint64_t index : logged("log")) EXPECT_FALSE(before.contains(index)) << index;
  }

 private:
  std::optional<SmallFileSystem> disk_;
};

}  // namespace windrow::test
