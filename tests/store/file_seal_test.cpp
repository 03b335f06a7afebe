// A large file is known by the hashes of its parts: the next run need not check each row.

#include <fmt/format.h>

#include <sstream>

#include "support.hpp"
#include "windrow/store/check.hpp"

namespace windrow {
namespace {

using namespace test;
using testing::ElementsAre;

constexpr std::uint64_t kLargePoints = 6000;

Record large_record(std::uint64_t index) {
  Record record = point(index);
  record.host = std::string(6000, static_cast<char>('a' + index % 26));
  return record;
}

class FileSealTest : public testing::Test {
 protected:
  FileSealTest() {
    Store store(directory_.path(), small_study(kLargePoints + 10), {});
    for (std::uint64_t i = 0; i < kLargePoints; ++i) store.record(large_record(i));
  }

  std::vector<std::string> seal() const {
    std::istringstream in(bytes_of(directory_.results().string() + ".sum"));
    std::vector<std::string> lines;
    for (std::string line; std::getline(in, line);) lines.push_back(line);
    return lines;
  }
  std::uint64_t run() const {
    const Store store(directory_.path(), small_study(kLargePoints + 10), {});
    return store.damaged_rows().size();
  }
  /// Changes a letter of a row in the middle of the file.
  void damage() const {
    const std::string file = bytes_of(directory_.results());
    const std::size_t at = file.find(std::string(3000, 'm'), file.size() / 2) + 1000;
    std::fstream out(directory_.results(), std::ios::in | std::ios::out | std::ios::binary);
    out.seekp(static_cast<std::streamoff>(at));
    out << 'n';
  }

  TemporaryDirectory directory_;
};

TEST_F(FileSealTest, keeps_the_hashes_of_parts_that_nothing_was_written_to) {
  EXPECT_EQ(run(), 0u);
  const std::vector<std::string> before = seal();
  ASSERT_GT(before.size(), 5u);
  EXPECT_EQ(run(), 0u);
  const std::vector<std::string> after = seal();
  ASSERT_EQ(after.size(), before.size());
  std::size_t changed = 0;
  for (std::size_t i = 0; i < after.size(); ++i) changed += after[i] != before[i] ? 1 : 0;
  EXPECT_GE(changed, 1u);
  EXPECT_LE(changed, 3u);
}

TEST_F(FileSealTest, does_not_hold_after_damage) {
  damage();
  EXPECT_EQ(run(), 1u);
  EXPECT_EQ(run(), 0u) << "its row has been removed";
  EXPECT_EQ(StoreReader(directory_.path()).outcomes(), kLargePoints - 1);
}

TEST_F(FileSealTest, does_not_take_for_right_what_is_damaged_while_a_run_goes_on) {
  EXPECT_EQ(run(), 0u);
  {
    const Store store(directory_.path(), small_study(kLargePoints + 10), {});
    // As a disk would: closing a descriptor of one's own would give up the store's locks.
    Child child([this](int) { damage(); });
    child.listen();
  }
  EXPECT_EQ(run(), 1u);
}

TEST_F(FileSealTest, is_that_of_all_that_a_run_wrote) {
  EXPECT_EQ(run(), 0u);
  {
    Store store(directory_.path(), small_study(kLargePoints + 10), {});
    for (std::uint64_t i = 0; i < 5; ++i) store.record(large_record(1000 * i));
  }
  const std::vector<std::string> after = seal();
  ASSERT_EQ(query(directory_.results(), "SELECT count(*) FROM evaluations"), fmt::format("{}\n", kLargePoints));
  fs::remove(directory_.results().string() + ".sum");
  EXPECT_EQ(run(), 0u);
  // All parts anew, but for those that the last run changed.
  const std::vector<std::string> anew = seal();
  ASSERT_EQ(anew.size(), after.size());
  std::size_t others = 0;
  for (std::size_t i = 0; i < anew.size(); ++i) others += anew[i] != after[i] ? 1 : 0;
  EXPECT_LE(others, 3u);
}

TEST_F(FileSealTest, of_an_earlier_windrow_counts_for_nothing) {
  std::ofstream(directory_.results().string() + ".sum") << "123 00000000000000000000000000000000\n";
  EXPECT_EQ(run(), 0u);
  EXPECT_GT(seal().size(), 5u);
}

}  // namespace
}  // namespace windrow
