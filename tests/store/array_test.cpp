// Arrays in a store: their files, and what becomes of them.

#include <algorithm>

#include "support.hpp"
#include "windrow/arrays/array_file.hpp"
#include "windrow/base/hash.hpp"

namespace windrow {
namespace {

using namespace test;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

StudyIdentity array_study(std::uint64_t points = 10) {
  StudyIdentity study = small_study(points);
  study.outputs.push_back({"field", "K", "array", ""});
  return study;
}

Array field_of(std::uint64_t index, std::size_t size = 6) {
  Array array({}, {0});
  for (std::size_t i = 0; i < size; ++i)
    array.values.push_back(static_cast<double>(index) + 0.25 * static_cast<double>(i));
  array.shape = {size / 2, 2};
  return array;
}

Record array_point(std::uint64_t index, std::size_t size = 6) {
  return success(index, {static_cast<double>(index), 0.5}, {static_cast<double>(index) * 2.0, field_of(index, size)});
}

fs::path array_of(const fs::path& directory, std::uint64_t index) {
  return directory / "arrays" / "field" / (std::to_string(index) + ".npy");
}

void fill(const fs::path& directory, std::uint64_t points = 10) {
  Store store(directory, array_study(points), {});
  for (std::uint64_t i = 0; i < points; ++i) store.record(array_point(i));
  store.commit();
}

std::uint64_t checksum_of(const std::string& text, std::size_t part) {
  detail::Checksum checksum;
  for (std::size_t at = 0; at < text.size(); at += part) {
    checksum.add(std::as_bytes(std::span(text).subspan(at, std::min(part, text.size() - at))));
  }
  return checksum.value();
}

TEST(ChecksumTest, is_xxh64_however_the_bytes_come) {
  EXPECT_EQ(checksum_of("", 1), 0xef46db3751d8e999U);
  EXPECT_EQ(checksum_of("a", 1), 0xd24ec4f1a98c6e5bU);
  EXPECT_EQ(checksum_of("abc", 3), 0x44bc2cf5ad770999U);
  for (const std::size_t part : {1U, 7U, 31U, 32U, 33U, 39U}) {
    EXPECT_EQ(checksum_of("Nobody inspects the spammish repetition", part), 0xfbcea83c8a378bf1U) << part;
  }
}

TEST(ArrayStoreTest, an_array_is_a_file_by_output_and_index_and_reads_back) {
  const TemporaryDirectory directory;
  fill(directory.path());
  const StoreReader reader(directory.path());
  EXPECT_EQ(reader.array(7, "field"), field_of(7));
  const ArrayFile file = reader.array_file(7, "field");
  EXPECT_EQ(file.file, array_of(directory.path(), 7));
  EXPECT_EQ(file.type, "<f8");
  EXPECT_THAT(file.shape, ElementsAre(3, 2));
  EXPECT_EQ(file.size, fs::file_size(file.file));
  const Record record = reader.find(7).value();
  EXPECT_EQ(record.outcome.value()[0], 14.0);
  EXPECT_EQ(record.outcome.value()[1].text(), "arrays/field/7.npy");
  EXPECT_EQ(query(directory.results(), "SELECT json_extract(o1, '$.shape[0]') FROM results WHERE \"index\" = 7"),
            "3\n");
  EXPECT_FALSE(fs::exists(directory.path() / "arrays.incoming"));
}

TEST(ArrayStoreTest, what_there_is_no_array_of_is_named) {
  const TemporaryDirectory directory;
  fill(directory.path(), 3);
  {
    Store store(directory.path(), array_study(3), {});
    store.record(failure(1));
  }
  const StoreReader reader(directory.path());
  EXPECT_THAT(error_of<StoreError>([&] { reader.array(0, "fiel"); }), HasSubstr("did you mean `field`?"));
  EXPECT_THAT(error_of<StoreError>([&] { reader.array(0, "gain"); }), HasSubstr("no arrays of the name `gain`"));
  EXPECT_THAT(error_of<StoreError>([&] { reader.array(1, "field"); }), HasSubstr("went wrong"));
  EXPECT_THAT(error_of<StoreError>([&] { reader.array(5, "field"); }), HasSubstr("no outcome yet"));
}

TEST(ArrayStoreTest, a_failure_leaves_no_file_of_an_earlier_evaluation) {
  const TemporaryDirectory directory;
  fill(directory.path(), 3);
  Store store(directory.path(), array_study(3), {});
  store.record(failure(1));
  store.commit();
  EXPECT_FALSE(fs::exists(array_of(directory.path(), 1)));
  EXPECT_TRUE(fs::exists(array_of(directory.path(), 2)));
}

TEST(ArrayStoreTest, another_result_replaces_the_file) {
  const TemporaryDirectory directory;
  fill(directory.path(), 3);
  Store store(directory.path(), array_study(3), {});
  Record record = array_point(1);
  record.outcome = std::vector<Value>{0.0, Array({42.0})};
  store.record(record);
  store.commit();
  EXPECT_EQ(StoreReader(directory.path()).array(1, "field"), Array({42.0}));
}

TEST(ArrayStoreTest, a_missing_or_short_file_is_noticed_by_its_entry_and_named_when_it_is_read) {
  const TemporaryDirectory directory;
  fill(directory.path());
  fs::remove(array_of(directory.path(), 2));
  fs::resize_file(array_of(directory.path(), 4), 150);
  const StoreReader reader(directory.path());
  EXPECT_THAT(error_of<StoreError>([&] { reader.array(2, "field"); }),
              AllOf(HasSubstr("arrays/field/2.npy"), HasSubstr("no such file"), HasSubstr("retries failed points")));
  EXPECT_THAT(error_of<StoreError>([&] { reader.array(4, "field"); }),
              AllOf(HasSubstr("arrays/field/4.npy"), HasSubstr("150 bytes")));
  EXPECT_EQ(reader.array(3, "field"), field_of(3));
  const Store store(directory.path(), array_study(), {});
  EXPECT_EQ(store.succeeded().size(), 10U);
  EXPECT_EQ(store.damaged().size(), 2U);
  EXPECT_TRUE(store.damaged().contains(2));
  EXPECT_TRUE(store.damaged().contains(4));
}

TEST(ArrayStoreTest, a_changed_bit_is_noticed_when_it_is_read) {
  const TemporaryDirectory directory;
  fill(directory.path());
  {
    std::fstream file(array_of(directory.path(), 3), std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(140);
    file.put('\x01');
  }
  EXPECT_THAT(error_of<StoreError>([&] { StoreReader(directory.path()).array(3, "field"); }),
              AllOf(HasSubstr("3.npy"), HasSubstr("damaged"), HasSubstr("not those that were stored")));
}

TEST(ArrayStoreTest, arrays_need_their_files_or_themselves) {
  const TemporaryDirectory directory;
  Store store(directory.path(), array_study(), {});
  EXPECT_THAT(error_of<StoreError>([&] {
                store.record(success(0, {0.0, 0.5}, {1.0, "text"}));
              }),
              HasSubstr("point 0 cannot be recorded: it has 0 files of arrays, the study 1"));
  store.record(array_point(0));
  store.commit();
}

TEST(ArrayStoreTest, a_file_that_was_written_beforehand_is_moved_to_its_place) {
  const TemporaryDirectory directory;
  Store store(directory.path(), array_study(), {});
  detail::ArrayFileSink sink(store.incoming());
  ArrayFile written = detail::write_array(field_of(5, 1000), sink);
  written.file = store.incoming() / written.file;
  Record record = array_point(5);
  record.outcome = std::vector<Value>{10.0, ""};
  record.arrays = {written};
  store.record(record);
  store.commit();
  EXPECT_FALSE(fs::exists(written.file));
  EXPECT_EQ(StoreReader(directory.path()).array(5, "field"), field_of(5, 1000));
}

TEST(ArrayStoreTest, what_was_not_finished_leaves_nothing) {
  const TemporaryDirectory directory;
  Child child([&](int to) {
    Store store(directory.path(), array_study(), {});
    store.record(array_point(0));
    store.commit();
    detail::ArrayFileSink sink(store.incoming());
    sink.append(std::as_bytes(std::span("half")));
    Child::say(to, "written\n");
    pause();
  });
  ASSERT_EQ(child.line(), "written");
  child.kill_and_wait();
  EXPECT_FALSE(fs::is_empty(directory.path() / "arrays.incoming"));
  {
    Store store(directory.path(), array_study(), {});
    EXPECT_TRUE(fs::is_empty(store.incoming()));
    { detail::ArrayFileSink sink(store.incoming()); }
    EXPECT_TRUE(fs::is_empty(store.incoming()));
  }
  EXPECT_FALSE(fs::exists(directory.path() / "arrays.incoming"));
  EXPECT_EQ(StoreReader(directory.path()).array(0, "field"), field_of(0));
}

TEST(ArrayStoreTest, a_full_disk_is_an_error_and_the_next_run_goes_on_once_there_is_room) {
  const TemporaryDirectory directory;
  SmallFileSystem disk(directory.path());
  if (!disk.mounted()) GTEST_SKIP() << disk.reason();
  constexpr std::size_t size = 20'000;  // 160 kB each, on 1 MB
  std::uint64_t written = 0;
  std::string error;
  {
    Store store(directory.path(), array_study(), {});
    error = error_of<StoreError>([&] {
      for (; written < 10; ++written) {
        store.record(array_point(written, size));
        store.commit();
      }
    });
    EXPECT_THAT(error, AllOf(HasSubstr("No space left on device"), HasSubstr("make room and run again")));
    EXPECT_EQ(error_of<StoreError>([&] { store.record(point(9)); }).empty(), false) << "no hole can go unnoticed";
  }
  ASSERT_GT(written, 1U);
  ASSERT_LT(written, 10U);
  for (std::uint64_t i = 0; i < written; ++i) {
    EXPECT_EQ(StoreReader(directory.path()).array(i, "field"), field_of(i, size)) << i;
  }
  ASSERT_TRUE(disk.remount(0, "size=8m"));
  {
    Store store(directory.path(), array_study(), {});
    EXPECT_EQ(store.succeeded().size(), written);
    for (std::uint64_t i = written; i < 10; ++i) store.record(array_point(i, size));
  }
  EXPECT_EQ(StoreReader(directory.path()).array(9, "field"), field_of(9, size));
}

/// The points of `count` levels 0, 1, ..., shifted.
StudyIdentity levels(std::uint64_t count, std::uint64_t first) {
  StudyIdentity study = array_study(count);
  study.definition = {{"design.method", "grid"}, {"parameters.T", std::to_string(first) + " and on"}};
  return study;
}

PointValues values_from(std::uint64_t first) {
  return [first](std::uint64_t index) { return std::vector<Value>{static_cast<double>(first + index), 0.5}; };
}

TEST(ArrayStoreTest, arrays_follow_their_points_when_the_study_changes_and_changes_back) {
  const TemporaryDirectory directory;
  {
    Store store(directory.path(), levels(6, 0), {}, Journal::automatic, values_from(0));
    for (std::uint64_t i = 0; i < 6; ++i) store.record(array_point(i));
  }
  {  // points 2, 3, ..., 9: four of them are known, at other indices
    const Store store(directory.path(), levels(8, 2), {}, Journal::automatic, values_from(2));
    EXPECT_EQ(store.succeeded().size(), 4U);
  }
  {
    const StoreReader reader(directory.path());
    for (std::uint64_t i = 0; i < 4; ++i) EXPECT_EQ(reader.array(i, "field"), field_of(i + 2)) << i;
    EXPECT_FALSE(fs::exists(array_of(directory.path(), 5)));
    EXPECT_TRUE(fs::exists(directory.path() / "arrays.1" / "field" / "0.npy"));
  }
  const Store store(directory.path(), levels(6, 0), {}, Journal::automatic, values_from(0));
  EXPECT_EQ(store.succeeded().size(), 6U);
  EXPECT_EQ(store.damaged().size(), 0U);
  const StoreReader reader(directory.path());
  for (std::uint64_t i = 0; i < 6; ++i) EXPECT_EQ(reader.array(i, "field"), field_of(i)) << i;
  EXPECT_FALSE(fs::exists(directory.path() / "arrays.1"));
}

TEST(ArrayFileTest, a_programs_file_is_moved_not_copied_and_what_others_may_change_is_not) {
  const TemporaryDirectory directory;
  const fs::path to = directory.path() / "to";
  fs::create_directory(to);
  const fs::path file = directory.path() / "field.npy";
  const auto write = [&] {
    detail::ArrayFileSink sink(directory.path());
    fs::rename(directory.path() / detail::write_array(field_of(1), sink).file, file);
  };
  write();
  const auto moved = detail::move_array(file, to);
  ASSERT_TRUE(moved.has_value());
  EXPECT_FALSE(fs::exists(file));
  ArrayFile there = *moved;
  there.file = to / moved->file;
  EXPECT_EQ(there.read(), field_of(1));

  write();
  fs::create_hard_link(file, directory.path() / "other name");
  EXPECT_FALSE(detail::move_array(file, to).has_value());
  EXPECT_TRUE(fs::exists(file));
  fs::rename(file, directory.path() / "real");
  fs::create_symlink("real", file);
  EXPECT_FALSE(detail::move_array(file, to).has_value());
}

}  // namespace
}  // namespace windrow
