// What the store does with files that are not as it left them, and with places that it cannot use.

#include <memory>

#include "store/interface/journal.hpp"
#include "support.hpp"

namespace windrow {
namespace {

using namespace test;
using testing::AllOf;
using testing::AnyOf;
using testing::HasSubstr;

/// A store of some points, closed.
void fill(const fs::path& directory, std::uint64_t points = 500) {
  Store store(directory, small_study(points), {});
  for (std::uint64_t i = 0; i < points; ++i) store.record(point(i));
}

std::string error_of_reading(const fs::path& directory) {
  return error_of<StoreError>([&] { indices_in(directory); });
}

std::string error_of_writing(const fs::path& directory) {
  return error_of<StoreError>([&] {
    Store store(directory, small_study(500), {});
    store.succeeded();
  });
}

/// Both ways to open the file must fail with a message like `expected`, and leave it as it was.
void expect_refused(const fs::path& directory, const testing::Matcher<std::string>& expected) {
  const std::string before = bytes_of(directory / "results.sqlite");
  EXPECT_THAT(error_of_reading(directory), expected);
  EXPECT_THAT(error_of_writing(directory), expected);
  EXPECT_EQ(bytes_of(directory / "results.sqlite"), before);
}

TEST(DamageTest, a_truncated_file_is_refused) {
  for (const double part : {0.9, 0.5, 0.1}) {
    const TemporaryDirectory directory;
    fill(directory.path());
    fs::resize_file(directory.results(),
                    static_cast<std::uintmax_t>(part * static_cast<double>(fs::file_size(directory.results()))));
    expect_refused(directory.path(),
                   AllOf(HasSubstr("results.sqlite"), HasSubstr("damaged"), HasSubstr("move it away")));
  }
}

TEST(DamageTest, garbage_is_refused) {
  const TemporaryDirectory directory;
  std::ofstream(directory.results()) << std::string(10000, '?');
  expect_refused(directory.path(), AllOf(HasSubstr("not a results file"), HasSubstr("move it away")));
}

TEST(DamageTest, garbage_in_the_middle_is_found_when_it_is_read) {
  const TemporaryDirectory directory;
  fill(directory.path());
  const auto size = fs::file_size(directory.results());
  std::fstream file(directory.results(), std::ios::in | std::ios::out | std::ios::binary);
  for (std::uintmax_t page = 4096; page < size; page += 4096) {
    file.seekp(static_cast<std::streamoff>(page));
    file << std::string(2000, '\xee');
  }
  file.close();
  expect_refused(directory.path(), HasSubstr("move it away"));
}

TEST(DamageTest, a_file_emptied_beside_its_log_is_refused) {
  const TemporaryDirectory directory;
  {
    Child(([&](int) {
      Store store(directory.path(), small_study(), {}, Journal::wal);
      store.record(point(1));
      store.commit();
      raise(SIGKILL);  // leaves the log
    })).listen();
  }
  ASSERT_GT(fs::file_size(directory.results().string() + "-wal"), 0u);
  fs::resize_file(directory.results(), 0);
  EXPECT_THAT(error_of_writing(directory.path()),
              AllOf(HasSubstr("is empty but its log"), HasSubstr("move both away")));
  EXPECT_GT(fs::file_size(directory.results().string() + "-wal"), 0u);
}

TEST(DamageTest, an_empty_file_is_a_new_one) {
  const TemporaryDirectory directory;
  std::ofstream(directory.results()).flush();
  EXPECT_THAT(error_of_reading(directory.path()), HasSubstr("no results yet"));
  fill(directory.path(), 3);
  EXPECT_EQ(indices_in(directory.path()).size(), 3u);
}

TEST(DamageTest, the_database_of_another_program_is_refused) {
  const TemporaryDirectory directory;
  query(directory.results(), "CREATE TABLE results(x); INSERT INTO results VALUES(1)");
  expect_refused(directory.path(), AllOf(HasSubstr("not a results file of windrow"), HasSubstr("another directory")));
}

TEST(DamageTest, a_newer_version_is_refused_by_name) {
  const TemporaryDirectory directory;
  fill(directory.path());
  query(directory.results(), "PRAGMA user_version = 6");
  expect_refused(directory.path(), HasSubstr("written by a newer windrow (format 6, this one knows up to 5)"));
}

TEST(DamageTest, a_status_or_value_of_nobody_is_refused) {
  // In a store of an older windrow, which has no checksums.
  const auto file = fs::path(WINDROW_TEST_DATA) / "format2_doubling.sqlite";
  const TemporaryDirectory directory;
  fs::copy_file(file, directory.results());
  query(directory.results(), "UPDATE results SET status = 'melted' WHERE \"index\" = 1");
  EXPECT_THAT(error_of_reading(directory.path()), HasSubstr("unknown status `melted`"));
  query(directory.results(), "UPDATE results SET status = 'ok', o0 = x'4142' WHERE \"index\" = 1");
  EXPECT_THAT(error_of_reading(directory.path()), HasSubstr("unreadable value `AB`"));
}

TEST(DamageTest, a_reader_goes_on_after_a_row_that_it_cannot_read) {
  const TemporaryDirectory directory;
  fill(directory.path());
  query(directory.results(), "UPDATE results SET status = 'melted' WHERE \"index\" = 3");
  const StoreReader reader(directory.path());
  EXPECT_THROW(reader.find(3), StoreError);
  EXPECT_TRUE(reader.find(4).has_value());
}

TEST(PlaceTest, a_missing_store_is_an_error_that_says_what_to_do) {
  const TemporaryDirectory directory;
  EXPECT_THAT(error_of_reading(directory.path()),
              AllOf(HasSubstr("no results here"), HasSubstr("run the study first")));
  EXPECT_THAT(error_of_reading(directory.path() / "nowhere"), HasSubstr("no results here"));
  EXPECT_TRUE(fs::is_empty(directory.path()));
}

TEST(PlaceTest, directories_are_made_as_needed_and_a_file_in_the_way_is_named) {
  const TemporaryDirectory directory;
  fill(directory.path() / "a" / "b ?#%41 ü", 3);
  EXPECT_EQ(indices_in(directory.path() / "a" / "b ?#%41 ü").size(), 3u);
  std::ofstream(directory.path() / "file") << "x";
  EXPECT_THAT(error_of_writing(directory.path() / "file"), AllOf(HasSubstr("file"), HasSubstr("another directory")));
  EXPECT_THAT(error_of_writing(directory.path() / "file" / "below"), HasSubstr("another directory"));
}

class ReadOnlyTest : public testing::TestWithParam<Journal> {};

TEST_P(ReadOnlyTest, a_closed_store_can_be_read_where_nothing_can_be_written) {
  const TemporaryDirectory directory;
  SmallFileSystem disk(directory.path());
  if (!disk.mounted()) GTEST_SKIP() << disk.reason();
  const fs::path where = directory.path() / "with ?#% in it";
  {
    Store store(where, small_study(500), {}, GetParam());
    for (std::uint64_t i = 0; i < 500; ++i) store.record(point(i));
  }
  ASSERT_TRUE(disk.remount(MS_RDONLY, nullptr));
  EXPECT_EQ(indices_in(where).size(), 500u);
  EXPECT_FALSE(StoreReader(where).status().running);
  EXPECT_THAT(error_of_writing(where), AllOf(HasSubstr("Read-only file system"), HasSubstr("another directory")));
}

TEST_P(ReadOnlyTest, a_store_that_a_killed_run_left_says_that_it_must_be_recovered_or_is_read) {
  const TemporaryDirectory directory;
  SmallFileSystem disk(directory.path());
  if (!disk.mounted()) GTEST_SKIP() << disk.reason();
  Child child([&](int to) {
    Store store(directory.path(), small_study(500), {}, GetParam());
    for (std::uint64_t i = 0; i < 100; ++i) store.record(point(i));
    store.commit();
    Child::say(to, "committed\n");
    pause();
  });
  ASSERT_EQ(child.line(), "committed");
  child.kill_and_wait();
  fs::remove(directory.results().string() + "-shm");  // as if copied without it
  ASSERT_TRUE(disk.remount(MS_RDONLY, nullptr));
  const std::string error = error_of_reading(directory.path());
  if (GetParam() == Journal::wal) {
    EXPECT_THAT(error, HasSubstr("copy the directory to where you may write"));
  } else {
    EXPECT_EQ(error, "");
    EXPECT_EQ(indices_in(directory.path()).size(), 100u);
  }
}

INSTANTIATE_TEST_SUITE_P(Journals, ReadOnlyTest, testing::Values(Journal::wal, Journal::rollback));

TEST(JournalTest, network_file_systems_get_a_rollback_journal) {
  for (const long type : {0x6969L, 0x0bd00bd0L, 0x47504653L, 0x19830326L, 0x65735546L, 0xff534d42L}) {
    EXPECT_TRUE(detail::is_network_file_system(type)) << std::hex << type;
  }
  // The same, sign-extended from 32 bits.
  EXPECT_TRUE(detail::is_network_file_system(static_cast<int>(0xff534d42)));
  for (const long type : {0xef53L, 0x01021994L, 0x58465342L, 0x9123683eL}) {  // ext4, tmpfs, XFS, Btrfs
    EXPECT_FALSE(detail::is_network_file_system(type)) << std::hex << type;
  }
}

TEST(JournalTest, is_chosen_by_the_file_system_unless_it_is_given) {
  const TemporaryDirectory directory;
  const Journal automatic = detail::journal_for(directory.path(), Journal::automatic);
  EXPECT_NE(automatic, Journal::automatic);
  EXPECT_EQ(detail::journal_for(directory.path(), Journal::wal), Journal::wal);
  EXPECT_EQ(detail::journal_for(directory.path(), Journal::rollback), Journal::rollback);
  EXPECT_THAT(error_of<StoreError>([&] { detail::journal_for(directory.path() / "nowhere", Journal::automatic); }),
              HasSubstr("No such file"));
}

}  // namespace
}  // namespace windrow
