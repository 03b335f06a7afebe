#include <fstream>

#include "cli/disk_fixture.hpp"

namespace windrow::test {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

const Arguments kRun = {"run", "bulky.toml", "--dir", "disk/results", "--workers", "2"};

TEST_F(DiskTest, a_full_disk_ends_the_run_and_the_same_command_continues_once_there_is_room) {
  expect_continued(windrow(kRun), [this] { return windrow(kRun); });
}

TEST_F(DiskTest, results_on_a_read_only_disk_can_be_read_and_not_continued) {
  ASSERT_TRUE(disk().remount(0, "size=64m"));
  ASSERT_EQ(windrow(kRun).code, 0);
  // Whoever looks into /proc at a process that ends, as tests beside this one do, keeps its files a little longer.
  ASSERT_TRUE(eventually(std::chrono::seconds(5), [this] { return disk().remount(MS_RDONLY, nullptr); }));
  write_study(210);
  const Ended run = windrow(kRun);
  EXPECT_EQ(run.code, 2);
  EXPECT_THAT(run.err,
              HasSubstr("disk/results/lock: cannot open: Read-only file system; choose another directory (--dir "));
  const Ended elsewhere = windrow({"run", "bulky.toml", "--dir", "disk/new"});
  EXPECT_EQ(elsewhere.code, 2);
  EXPECT_THAT(elsewhere.err, HasSubstr("disk/new: cannot make this directory: Read-only file system; choose another"));
  EXPECT_EQ(logged("log").size(), 200U) << "nothing was evaluated";
  EXPECT_EQ(recorded("disk/results").size(), 200U);
  EXPECT_THAT(windrow({"plan", "bulky.toml", "--dir", "disk/results"}).out, HasSubstr("left to run: 10"));
}

/// Results that a run must not touch, each spoilt in its own way.
class SpoiltResultsTest : public DiskTest {
 protected:
  void SetUp() override {
    DiskTest::SetUp();
    if (IsSkipped()) return;
    ASSERT_TRUE(disk().remount(0, "size=64m"));
    ASSERT_EQ(windrow(kRun).code, 0);
    fs::remove(path("log"));
    write_study(210);  // so that a run has something to do
  }

  fs::path file() const { return path("disk/results/results.sqlite"); }

  void overwrite(std::streamoff at, const std::string& bytes) const {
    std::fstream out(file(), std::ios::in | std::ios::out | std::ios::binary);
    out.seekp(at);
    out << bytes;
  }

  void expect_refused(const std::string& text) {
    const std::string before = read_file(file());
    for (const Arguments& arguments : {kRun, {"status", "disk/results"}, {"export", "disk/results", "--csv", "-"}}) {
      const Ended ended = windrow(arguments);
      EXPECT_EQ(ended.code, 2) << ended.text();
      EXPECT_THAT(ended.err, AllOf(HasSubstr("disk/results/results.sqlite: "), HasSubstr(text)));
    }
    EXPECT_TRUE(logged("log").empty()) << "points were evaluated";
    EXPECT_TRUE(read_file(file()) == before) << "the file was changed";
  }
};

constexpr const char* kDamaged = "; the file is damaged: move it away and run again";

TEST_F(SpoiltResultsTest, a_truncated_file) {
  fs::resize_file(file(), 16000);
  expect_refused(kDamaged);
}

TEST_F(SpoiltResultsTest, garbage_in_the_middle) {
  overwrite(3 * 4096, std::string(3 * 4096, 'x'));
  expect_refused(kDamaged);
}

TEST_F(SpoiltResultsTest, a_newer_version) {
  overwrite(60, std::string("\0\0\0\x63", 4));  // user_version in the header of SQLite's file
  expect_refused("written by a newer windrow (format 99, this one knows up to ");
}

}  // namespace
}  // namespace windrow::test
