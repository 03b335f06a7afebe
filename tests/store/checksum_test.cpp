// What a store says of a file that is not as it was written: never something wrong, and all that is right.

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <map>
#include <random>
#include <sstream>

#include "support.hpp"
#include "windrow/store/check.hpp"
#include "windrow/store/export.hpp"
#include "windrow/store/merge.hpp"

namespace windrow {
namespace {

using namespace test;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr std::uint64_t kPoints = 400;

StudyIdentity mixed_study(std::uint64_t points = kPoints) {
  StudyIdentity study = small_study(points);
  study.parameters[1].type = "string";
  study.outputs = {{"gain", "dB", "number", ""}, {"note", "", "string", ""}, {"good", "", "boolean", ""}};
  return study;
}

/// Rows of all kinds: numbers, texts of some length, NaN, truth values, failures.
Record mixed(std::uint64_t index) {
  const double x = static_cast<double>(index);
  const std::vector<Value> parameters = {x / 7.0, fmt::format("case {}", index)};
  if (index % 10 == 3) {
    Record record = failure(index);
    record.parameters = parameters;
    return record;
  }
  const double gain = index % 10 == 5 ? std::numeric_limits<double>::quiet_NaN() : x * 2.0;
  Record record =
      success(index, parameters,
              {gain, std::string(index % 100 == 7 ? 6000 : 20, static_cast<char>('a' + index % 26)), index % 2 == 0});
  record.started = 1.5e9 + x;
  record.elapsed = 0.25;
  return record;
}

std::string text_of(const Record& record) {
  std::string text =
      fmt::format("{} {} {} {} {}", record.index, record.host, record.attempts, record.started, record.elapsed);
  for (const Value& value : record.parameters) text += " " + value.render();
  if (!record.outcome.ok()) return text + " " + describe(record.outcome.failure());
  for (const Value& value : record.outcome.value()) text += " " + value.render();
  return text;
}

void fill_store(const fs::path& directory, std::uint64_t points = kPoints) {
  Store store(directory, mixed_study(points), {{"command", "a test"}});
  for (std::uint64_t i = 0; i < points; ++i) {
    if (i % 50 == 4) {
      TaskFailure attempt = failure(i).outcome.failure();
      attempt.index = i;
      store.record_attempt({attempt, 1.0});
    }
    store.record(mixed(i));
  }
}

std::map<std::uint64_t, std::string> all_of(const fs::path& directory) {
  std::map<std::uint64_t, std::string> all;
  StoreReader(directory).for_each([&](const Record& record) { all[record.index] = text_of(record); });
  return all;
}

std::string error_of_reading(const fs::path& directory) {
  return error_of<StoreError>([&] { all_of(directory); });
}

class RowChecksumTest : public testing::Test {
 protected:
  RowChecksumTest() { fill_store(directory_.path()); }

  const fs::path& path() const { return directory_.path(); }
  std::string sql(const std::string& text) const { return query(directory_.results(), text); }
  void evaluate_missing() const {
    Store store(path(), mixed_study(), {});
    const IndexSet missing = store.succeeded().united(store.failed()).complement(kPoints);
    for (const IndexRange& range : missing.ranges()) {
      for (std::uint64_t i = 0; i < range.count; ++i) store.record(mixed(range.first + i));
    }
  }

  TemporaryDirectory directory_;
};

TEST_F(RowChecksumTest, what_was_written_is_sound) {
  const StoreCheck check = check_store(path());
  EXPECT_TRUE(check.sound());
  EXPECT_TRUE(check.has_checksums);
  EXPECT_EQ(check.outcomes, kPoints);
  EXPECT_EQ(error_of_reading(path()), "");
  EXPECT_TRUE(recover_store(path()).was_sound);
  EXPECT_FALSE(fs::exists(path() / "results.sqlite.damaged"));
}

TEST_F(RowChecksumTest, a_change_in_any_column_is_noticed_by_who_reads_the_row_and_mended_by_a_run) {
  const auto expected = all_of(path());
  const std::vector<std::pair<std::string, std::string>> changes = {{"results", "p0 = 3.5"},
                                                                    {"results", "p1 = 'other'"},
                                                                    {"results", "o0 = 6.000000000000001"},
                                                                    {"results", "o0 = 6"},
                                                                    {"results", "o1 = x'61'"},
                                                                    {"results", "o2 = NULL"},
                                                                    {"results", "status = 'lost'"},
                                                                    {"evaluations", "rank = 9"},
                                                                    {"evaluations", "host = 'node2'"},
                                                                    {"evaluations", "attempts = 2"},
                                                                    {"evaluations", "started = 7"},
                                                                    {"evaluations", "elapsed = 0.2500001"},
                                                                    {"evaluations", "code = 1"},
                                                                    {"evaluations", "message = '?'"},
                                                                    {"results", "checksum = checksum + 1"},
                                                                    {"evaluations", "checksum = checksum + 1"}};
  for (const auto& [table, change] : changes) {
    SCOPED_TRACE(table + ": " + change);
    ASSERT_EQ(sql(fmt::format("UPDATE {} SET {} WHERE \"index\" = 6", table, change)), "");
    EXPECT_THAT(error_of_reading(path()), AllOf(HasSubstr("point 6"), HasSubstr("damaged")));
    const StoreReader reader(path());
    EXPECT_THROW(reader.find(6), StoreError);
    EXPECT_TRUE(reader.find(7).has_value());
    EXPECT_THAT(check_store(path()).damaged.ranges(), ElementsAre(IndexRange{6, 1}));
    {
      const Store store(path(), mixed_study(), {});
      EXPECT_THAT(store.damaged_rows().ranges(), ElementsAre(IndexRange{6, 1}));
      EXPECT_THAT(store.damage(), ElementsAre(HasSubstr("point 6: its row in results.sqlite is damaged")));
      EXPECT_EQ(store.succeeded().size() + store.failed().size(), kPoints - 1);
    }
    evaluate_missing();
    EXPECT_TRUE(check_store(path()).sound());
    EXPECT_EQ(all_of(path()), expected);
  }
}

TEST_F(RowChecksumTest, each_reader_refuses_the_row) {
  const auto refuses = [&](auto read) {
    EXPECT_THAT(error_of<StoreError>([&] { read(StoreReader(path())); }), HasSubstr("damaged"));
  };
  ASSERT_EQ(sql("UPDATE evaluations SET elapsed = 17 WHERE \"index\" = 13"), "");
  refuses([](const StoreReader& store) { store.status(); });
  refuses([](const StoreReader& store) { store.failures(100); });
  refuses([](const StoreReader& store) { store.failure_groups(); });
  refuses([](const StoreReader& store) { store.for_each_time([](const PointTime&) {}); });
  refuses([](const StoreReader& store) { store.for_each_evaluation(0, 1e10, [](const EvaluationTime&) {}); });
  evaluate_missing();
  ASSERT_EQ(sql("UPDATE results SET p0 = 17 WHERE \"index\" = 12"), "");
  refuses([](const StoreReader& store) {
    StudyIdentity changed = mixed_study();
    changed.definition[1].second = "linear(1, 3, 5)";
    store.preview(changed, [](std::uint64_t index) { return mixed(index).parameters; });
  });
  evaluate_missing();
  ASSERT_EQ(sql("UPDATE attempts SET code = 17 WHERE \"index\" = 4"), "");
  refuses([](const StoreReader& store) { store.attempts(4); });
  evaluate_missing();
  EXPECT_TRUE(check_store(path()).sound());
}

TEST(StoreChecksumTest, levels_of_failures_are_of_rows_that_are_right) {
  const TemporaryDirectory directory;
  {
    Store store(directory.path(), small_study(6), {});
    for (std::uint64_t i = 0; i < 4; ++i) store.record(point(i));
    for (std::uint64_t i = 4; i < 6; ++i) store.record(failure(i));
  }
  query(directory.results(), "UPDATE results SET p1 = 0.75 WHERE \"index\" = 1");
  EXPECT_THAT(error_of<StoreError>([&] { StoreReader(directory.path()).failure_groups(true); }), HasSubstr("damaged"));
}

TEST_F(RowChecksumTest, missing_and_doubled_rows_are_noticed_and_the_rest_is_recovered) {
  const auto expected = all_of(path());
  ASSERT_EQ(sql("DELETE FROM results WHERE \"index\" = 8; DELETE FROM evaluations WHERE \"index\" = 8"), "");
  EXPECT_THAT(error_of_reading(path()), HasSubstr("missing or doubled"));
  EXPECT_THAT(error_of<StoreError>([&] { StoreReader(path()).status(); }), HasSubstr("missing or doubled"));
  EXPECT_THAT(error_of<StoreError>([&] { Store(path(), mixed_study(), {}); }),
              AllOf(HasSubstr("missing, doubled"), HasSubstr("windrow recover")));
  const Recovery done = recover_store(path());
  EXPECT_EQ(done.outcomes, kPoints - 1);
  EXPECT_TRUE(fs::exists(done.damaged));
  EXPECT_THAT(done.notes, IsEmpty());
  evaluate_missing();
  EXPECT_EQ(all_of(path()), expected);
  EXPECT_EQ(StoreReader(path()).runs().size(), 2u) << "what runs said of themselves is kept";
  ASSERT_EQ(StoreReader(path()).attempts(4).size(), 1u);
}

TEST_F(RowChecksumTest, a_row_of_an_earlier_time_is_no_row_of_now) {
  const std::string before = bytes_of(path() / "results.sqlite");
  {
    Store store(path(), mixed_study(), {});
    Record better = mixed(13);
    better.outcome = mixed(12).outcome;
    store.record(better);
  }
  const std::string row = "SELECT checksum FROM results WHERE \"index\" = 13";
  const std::string now = sql(row);
  const TemporaryDirectory earlier;
  std::ofstream(earlier.results(), std::ios::binary) << before;
  ASSERT_NE(query(earlier.results(), row), now);
  ASSERT_EQ(sql(fmt::format("ATTACH '{}' AS e; REPLACE INTO results SELECT * FROM e.results WHERE \"index\" = 13;"
                            "REPLACE INTO evaluations SELECT * FROM e.evaluations WHERE \"index\" = 13",
                            earlier.results().string())),
            "");
  EXPECT_THAT(error_of_reading(path()), HasSubstr("missing or doubled"));
}

TEST_F(RowChecksumTest, what_is_said_of_the_study_is_checked) {
  for (const char* change :
       {"UPDATE study SET points = 401", "UPDATE definition SET text = 'x' WHERE position = 1",
        "UPDATE columns SET sql_name = 'o1', name = 'other' WHERE position = 2", "UPDATE totals SET salt = salt + 1",
        "UPDATE spare SET text = x'00'", "UPDATE columns SET unit = 'V' WHERE position = 2"}) {
    SCOPED_TRACE(change);
    ASSERT_EQ(sql(change), "");
    EXPECT_THAT(error_of_reading(path()), HasSubstr("damaged"));
    EXPECT_THAT(error_of<StoreError>([&] { Store(path(), mixed_study(), {}); }), HasSubstr("damaged"));
    EXPECT_EQ(recover_store(path()).outcomes, kPoints);
    EXPECT_EQ(error_of_reading(path()), "");
    EXPECT_EQ(StoreReader(path()).identity().points, kPoints);
  }
}

TEST_F(RowChecksumTest, a_table_that_no_run_could_write_to_is_noticed_and_made_anew) {
  for (const char* change :
       {"DROP TABLE provenance", "DROP TABLE runs", "ALTER TABLE provenance ADD COLUMN more",
        "ALTER TABLE results ADD COLUMN more", "ALTER TABLE attempts ADD COLUMN more",
        "ALTER TABLE generations RENAME COLUMN points TO number", "CREATE TABLE again(\"index\")"}) {
    SCOPED_TRACE(change);
    ASSERT_EQ(sql(change), "");
    EXPECT_FALSE(check_store(path()).sound());
    EXPECT_THAT(error_of<StoreError>([&] { Store(path(), mixed_study(), {}); }), HasSubstr("windrow recover"));
    const Recovery done = recover_store(path());
    EXPECT_FALSE(done.was_sound);
    EXPECT_EQ(done.outcomes, kPoints);
    EXPECT_TRUE(check_store(path()).sound());
    EXPECT_EQ(error_of<StoreError>([&] { Store(path(), mixed_study(), {}); }), "");
  }
}

TEST_F(RowChecksumTest, a_file_that_says_that_it_is_of_an_older_version_is_refused) {
  ASSERT_EQ(sql("PRAGMA user_version = 4"), "");
  EXPECT_THAT(error_of_reading(path()), AllOf(HasSubstr("it has checksums"), HasSubstr("windrow recover")));
  EXPECT_EQ(recover_store(path()).outcomes, kPoints);
  EXPECT_EQ(error_of_reading(path()), "");
}

TEST_F(RowChecksumTest, an_index_of_failures_that_lies_is_made_anew) {
  ASSERT_EQ(sql("PRAGMA writable_schema = 1; UPDATE sqlite_schema SET sql = 'CREATE INDEX failures ON results(status) "
                "WHERE status <> ''crashed''' WHERE name = 'failures'"),
            "");
  EXPECT_FALSE(check_store(path()).sound());
}

TEST(StoreChecksumTest, survive_whatever_changes_rows) {
  const TemporaryDirectory directory, shard;
  const auto sound = [&] { EXPECT_TRUE(check_store(directory.path()).sound()); };
  fill_store(directory.path(), 40);
  sound();
  {
    Store store(directory.path(), mixed_study(40), {});
    store.record(mixed(4));  // again
    store.record_equal(5, 4);
    Record worse = mixed(13);
    store.record(worse);  // in the place of a failure, which becomes an attempt
    store.note_index_matters();
    store.mark_again(IndexSet::first(3));
  }
  sound();
  {
    StudyIdentity changed = mixed_study(40);
    changed.definition[1].second = "linear(1, 3, 5)";
    changed.index_matters = false;
    const auto points = [](std::uint64_t index) { return mixed(39 - index).parameters; };
    const Store store(directory.path(), changed, {}, Journal::automatic, points);
    EXPECT_TRUE(store.resumption().has_value());
  }
  sound();
  {
    StudyIdentity changed = mixed_study(40);
    Store(shard.path(), changed, {}).record(mixed(1));
    StoreMerge merge(shard.path(), changed, {});
    const TemporaryDirectory other;
    fill_store(other.path(), 40);
    EXPECT_EQ(merge.take(other.path(), StoreMerge::Then::keep).outcomes, 39u);
  }
  EXPECT_TRUE(check_store(shard.path()).sound());
  EXPECT_EQ(all_of(shard.path()).size(), 40u);
}

TEST(StoreChecksumTest, a_damaged_store_is_not_merged) {
  const TemporaryDirectory directory, other;
  fill_store(other.path(), 40);
  ASSERT_EQ(query(other.results(), "UPDATE results SET o0 = 1 WHERE \"index\" = 2"), "");
  StoreMerge merge(directory.path(), mixed_study(40), {});
  EXPECT_THAT(error_of<StoreError>([&] { merge.take(other.path(), StoreMerge::Then::remove); }),
              AllOf(HasSubstr("point 2"), HasSubstr("windrow recover")));
  EXPECT_TRUE(fs::exists(other.results()));
  EXPECT_EQ(recover_store(other.path()).outcomes, 39u);
  EXPECT_EQ(merge.take(other.path(), StoreMerge::Then::remove).outcomes, 39u);
}

TEST(StoreChecksumTest, of_rows_wider_than_a_function_of_sqlite_has_arguments) {
  const TemporaryDirectory directory;
  for (const std::size_t columns : {97u, 98u, 99u, 197u, 198u, 500u}) {
    StudyIdentity study = small_study(3);
    study.name = fmt::format("wide {}", columns);
    study.parameters.clear();
    std::vector<Value> values;
    for (std::size_t i = 0; i < columns; ++i) {
      study.parameters.push_back({fmt::format("p{}", i)});
      values.emplace_back(static_cast<double>(i));
    }
    const fs::path where = directory.path() / std::to_string(columns);
    { Store(where, study, {}).record(success(1, values, {1.0})); }
    EXPECT_TRUE(check_store(where).sound());
    EXPECT_EQ(error_of_reading(where), "");
    query(where / "results.sqlite", fmt::format("UPDATE results SET p{} = 0.5", columns - 1));
    EXPECT_THAT(error_of_reading(where), HasSubstr("damaged"));
  }
}

TEST(StoreChecksumTest, a_store_of_an_older_windrow_gets_them_from_the_next_run) {
  const TemporaryDirectory directory;
  fs::copy_file(fs::path(WINDROW_TEST_DATA) / "format2_doubling.sqlite", directory.results());
  const StudyIdentity study = StoreReader(directory.path()).identity();
  EXPECT_FALSE(check_store(directory.path()).has_checksums);
  EXPECT_THAT(error_of<StoreError>([&] { recover_store(directory.path()); }), HasSubstr("an older windrow"));
  const auto before = all_of(directory.path());
  { const Store store(directory.path(), study, {}); }
  const StoreCheck check = check_store(directory.path());
  EXPECT_TRUE(check.sound());
  EXPECT_TRUE(check.has_checksums);
  EXPECT_EQ(all_of(directory.path()), before);
}

TEST(StoreChecksumTest, what_a_killed_run_left_in_its_log_is_recovered_too) {
  const TemporaryDirectory directory;
  {
    Store store(directory.path(), mixed_study(), {}, Journal::wal);
    for (std::uint64_t i = 0; i < 200; ++i) store.record(mixed(i));
  }
  {
    Child(([&](int) {
      Store store(directory.path(), mixed_study(), {}, Journal::wal);
      for (std::uint64_t i = 200; i < kPoints; ++i) store.record(mixed(i));
      store.commit();
      raise(SIGKILL);
    })).listen();
  }
  const std::string log = bytes_of(directory.results().string() + "-wal");
  ASSERT_GT(log.size(), 0u);
  std::string file = bytes_of(directory.results());
  const std::size_t at = file.find("case 100");  // of a row that the log has not
  ASSERT_NE(at, std::string::npos);
  file[at] = 'C';
  std::ofstream(directory.results(), std::ios::binary) << file;
  const Recovery done = recover_store(directory.path());
  EXPECT_EQ(done.outcomes, kPoints - 1);
  EXPECT_TRUE(bytes_of(done.damaged.string() + "-wal") == log);
  EXPECT_EQ(error_of_reading(directory.path()), "");
}

TEST(StoreChecksumTest, a_large_file_is_known_by_its_hash_until_a_bit_of_it_changes) {
  constexpr std::uint64_t points = 3000;
  const TemporaryDirectory directory;
  const auto large = [](std::uint64_t index) {
    return success(index, {static_cast<double>(index), std::string(6000, 'x')}, {1.0, "note", true});
  };
  {
    Store store(directory.path(), mixed_study(points), {});
    for (std::uint64_t i = 0; i < points; ++i) store.record(large(i));
  }
  const fs::path seal = directory.results().string() + ".sum";
  ASSERT_TRUE(fs::exists(seal));
  const std::string sealed = bytes_of(seal);
  std::string file = bytes_of(directory.results());
  file[file.find(std::string(3000, 'x')) + 1000] = 'y';
  std::ofstream(directory.results(), std::ios::binary) << file;
  {
    const Store store(directory.path(), mixed_study(points), {});
    EXPECT_EQ(store.damaged_rows().size(), 1u);
  }
  EXPECT_NE(bytes_of(seal), sealed);
  // Somebody adds a table: no harm, and a new hash.
  ASSERT_EQ(query(directory.results(), "CREATE TABLE of_mine(x)"), "");
  { EXPECT_TRUE(Store(directory.path(), mixed_study(points), {}).damaged_rows().empty()); }
  EXPECT_TRUE(check_store(directory.path()).sound());
}

constexpr std::size_t kPage = 4096;

TEST_F(RowChecksumTest, a_file_without_its_first_bytes_loses_nothing) {
  const auto expected = all_of(path());
  std::fstream(directory_.results(), std::ios::in | std::ios::out | std::ios::binary) << std::string(24, '?');
  EXPECT_THAT(check_store(path()).problems, ElementsAre(HasSubstr("cannot read")));
  const Recovery done = recover_store(path());
  EXPECT_EQ(done.outcomes, kPoints);
  EXPECT_THAT(done.notes, IsEmpty());
  EXPECT_EQ(all_of(path()), expected);
  EXPECT_EQ(StoreReader(path()).runs().size(), 1u);
}

/// Damages that a disk, a copy or a file system does. @return how many points may be lost at most
std::uint64_t damage(std::string& file, std::mt19937& random, std::string& what) {
  constexpr std::size_t least_bytes = 30;  // of a row
  const auto below = [&](std::size_t end) { return random() % end; };
  const auto overwrite = [&](std::size_t at, std::size_t size, auto byte) {
    size = std::min(size, file.size() - at);
    for (std::size_t i = 0; i < size; ++i) file[at + i] = byte();
    return size / least_bytes + 2;
  };
  const std::size_t kind = below(5);
  what = fmt::format("{} of {}", kind, file.size());
  if (kind == 0) {  // a flipped bit
    const std::size_t at = below(file.size());
    what += fmt::format(", at {}", at);
    file[at] = static_cast<char>(file[at] ^ static_cast<char>(1U << below(8)));
    return 1;
  }
  if (kind == 1) return overwrite(below(file.size() / 512) * 512, 512 * (1 + below(16)), [] { return '\0'; });
  if (kind == 2) return overwrite(below(file.size()), 1 + below(500), [&] { return static_cast<char>(random()); });
  if (kind == 3) {  // swapped pages
    const std::size_t a = below(file.size() / kPage) * kPage, b = below(file.size() / kPage) * kPage;
    what += fmt::format(", {} and {}", a / kPage, b / kPage);
    std::swap_ranges(file.begin() + static_cast<std::ptrdiff_t>(a),
                     file.begin() + static_cast<std::ptrdiff_t>(a + kPage),
                     file.begin() + static_cast<std::ptrdiff_t>(b));
    return kPoints;
  }
  const std::size_t left = file.size() / 2 + below(file.size() / 2);
  const std::size_t lost = file.size() - left;
  file.resize(left);
  return lost / least_bytes + 2;
}

TEST_F(RowChecksumTest, of_200_random_damages_none_is_silently_wrong_and_no_good_row_is_lost) {
  const auto expected = all_of(path());
  const std::string whole = bytes_of(path() / "results.sqlite");
  std::ostringstream exported_before;
  export_csv(StoreReader(path()), exported_before);
  const std::string all_exported = exported_before.str();
  int noticed = 0, unknown = 0;
  for (std::uint32_t seed = 1; seed <= 200; ++seed) {
    std::mt19937 random(seed);
    std::string file = whole, what;
    const std::uint64_t most_lost = damage(file, random, what);
    SCOPED_TRACE(fmt::format("seed {}: damage {}", seed, what));
    fs::remove_all(path());
    fs::create_directories(path());
    std::ofstream(directory_.results(), std::ios::binary) << file;

    // Whoever reads sees what is right, or an error.
    std::map<std::uint64_t, std::string> seen;
    bool doubled = false;
    const std::string reading = error_of<StoreError>([&] {
      StoreReader(path()).for_each(
          [&](const Record& record) { doubled = !seen.emplace(record.index, text_of(record)).second || doubled; });
    });
    EXPECT_FALSE(doubled);
    for (const auto& [index, text] : seen) EXPECT_EQ(text, expected.at(index));
    if (reading.empty()) {
      EXPECT_EQ(seen.size(), kPoints);
    }
    noticed += reading.empty() ? 0 : 1;
    std::ostringstream exported;
    if (error_of<StoreError>([&] { export_csv(StoreReader(path()), exported); }).empty()) {
      EXPECT_EQ(exported.str(), all_exported);
    }
    try {
      const StoreStatus status = StoreReader(path()).status();
      EXPECT_EQ(status.succeeded + status.failed, kPoints);
      EXPECT_EQ(status.failed, 40u);
    } catch (const StoreError&) {
    }

    // A run mends it, or wants it recovered. It says that nothing is to do only if all can be read.
    std::uint64_t known = 0;
    const auto open = [&] {
      const Store store(path(), mixed_study(), {});
      known = store.succeeded().size() + store.failed().size();
    };
    std::string opening = error_of<StoreError>(open);
    if (!opening.empty()) {
      const std::string recovering = error_of<StoreError>([&] { recover_store(path()); });
      if (!recovering.empty()) {
        EXPECT_THAT(recovering, HasSubstr("nothing in it says what study it is of")) << what;
        ++unknown;
        continue;
      }
      ASSERT_EQ(error_of<StoreError>(open), "");
    }
    EXPECT_GE(known + most_lost, kPoints) << "no good row is lost";
    evaluate_missing();
    EXPECT_EQ(all_of(path()), expected);
    EXPECT_TRUE(check_store(path()).sound());
  }
  EXPECT_GT(noticed, 100);
  EXPECT_EQ(unknown, 0);
}

}  // namespace
}  // namespace windrow
