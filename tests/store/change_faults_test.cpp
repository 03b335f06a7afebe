// Faults while a store is brought to another version or to a changed study, and stores that an older program wrote.
#include <chrono>
#include <random>
#include <thread>

#include "support.hpp"

namespace windrow {
namespace {

using namespace test;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

/// Points 0, 1, ... as values of one parameter, in this order or from the last to the first.
StudyIdentity line_study(std::uint64_t points, bool reversed) {
  StudyIdentity study;
  study.name = "line";
  study.points = points;
  study.parameters = {{"x", "", "number", ""}, {"text", "", "string", ""}};
  study.outputs = {{"y", "", "number", ""}};
  study.definition = {{"design.method", reversed ? "reversed" : "line"}, {"command.run", "[\"a\"]"}};
  return study;
}

std::vector<Value> point_of(std::uint64_t index, std::uint64_t points, bool reversed) {
  return {static_cast<double>(reversed ? points - 1 - index : index), std::string(200, 't')};
}

Store open_line(const fs::path& directory, std::uint64_t points, bool reversed) {
  return {directory, line_study(points, reversed), {}, Journal::automatic, [=](std::uint64_t index) {
            return point_of(index, points, reversed);
          }};
}

void fill_line(const fs::path& directory, std::uint64_t points) {
  Store store = open_line(directory, points, false);
  for (std::uint64_t i = 0; i < points; ++i) {
    store.record(success(i, point_of(i, points, false), {2.0 * static_cast<double>(i)}));
  }
}

/// Every point is there once, with its own result, in the order of the one design or of the other.
void expect_whole(const fs::path& directory, std::uint64_t points) {
  EXPECT_EQ(query(directory / "results.sqlite", "PRAGMA integrity_check"), "ok\n");
  const StoreReader reader(directory);
  const bool reversed = reader.identity().definition.front().second == "reversed";
  std::uint64_t next = 0;
  reader.for_each([&](const Record& record) {
    EXPECT_EQ(record.index, next);
    EXPECT_EQ(record.parameters, point_of(next, points, reversed));
    EXPECT_EQ(record.outcome.value()[0], Value(2.0 * record.parameters[0].number()));
    ++next;
  });
  EXPECT_EQ(next, points);
}

TEST(ChangeFaultTest, a_kill_at_any_moment_of_a_change_leaves_the_store_as_before_or_as_after) {
  const TemporaryDirectory directory;
  constexpr std::uint64_t points = 4000;
  fill_line(directory.path(), points);
  std::mt19937 generator(9);
  for (int round = 0; round < 12; ++round) {
    Child child([&](int to) {
      Child::say(to, "go\n");
      for (bool reversed = round % 2 == 0;; reversed = !reversed) open_line(directory.path(), points, reversed);
    });
    ASSERT_EQ(child.line(), "go");
    std::this_thread::sleep_for(std::chrono::microseconds(generator() % 60000));
    child.kill_and_wait();
    expect_whole(directory.path(), points);
    if (HasFailure()) return;
  }
}

TEST(ChangeFaultTest, a_disk_full_in_the_middle_of_a_change_loses_nothing) {
  const TemporaryDirectory directory;
  SmallFileSystem disk(directory.path());
  if (!disk.mounted()) GTEST_SKIP() << disk.reason();
  constexpr std::uint64_t points = 1000;
  fill_line(directory.path(), points);
  std::ofstream(directory.path() / "filler") << std::string(std::size_t{500} << 10U, 'f');
  EXPECT_THAT(error_of<StoreError>([&] { open_line(directory.path(), points, true); }), HasSubstr("free some space"));
  expect_whole(directory.path(), points);
  EXPECT_EQ(StoreReader(directory.path()).identity().definition.front().second, "line");
  ASSERT_TRUE(disk.remount(0, "size=64m"));
  EXPECT_EQ(open_line(directory.path(), points, true).resumption()->succeeded, points);
  expect_whole(directory.path(), points);
}

TEST(ChangeFaultTest, directories_that_cannot_follow_their_points_are_an_error_and_follow_later) {
  const TemporaryDirectory directory;
  fill_line(directory.path(), 3);
  fs::create_directories(directory.path() / "points" / "0" / "of_0");
  std::ofstream(directory.path() / "points.1") << "in the way";
  fs::permissions(directory.path() / "points.1", fs::perms::owner_read);
  // Where the directories are to go there is a file: nothing of them may be taken for moved.
  const std::string error = error_of<StoreError>([&] { open_line(directory.path(), 3, true); });
  EXPECT_THAT(error, HasSubstr("points.1"));
  fs::remove(directory.path() / "points.1");
  EXPECT_EQ(error_of<StoreError>([&] { open_line(directory.path(), 3, true); }), "");
  EXPECT_TRUE(fs::exists(directory.path() / "points" / "2" / "of_0"));
  expect_whole(directory.path(), 3);
}

/// A store as version 1 wrote it.
constexpr const char* version_1 = R"(
CREATE TABLE study(name TEXT NOT NULL, points INTEGER NOT NULL);
CREATE TABLE definition(position INTEGER PRIMARY KEY, name TEXT NOT NULL, text TEXT NOT NULL);
CREATE TABLE columns(position INTEGER PRIMARY KEY, role TEXT NOT NULL, name TEXT NOT NULL, unit TEXT NOT NULL,
                     type TEXT NOT NULL, description TEXT NOT NULL, sql_name TEXT NOT NULL);
CREATE TABLE evaluations("index" INTEGER PRIMARY KEY, rank INTEGER NOT NULL, host TEXT NOT NULL,
                         attempts INTEGER NOT NULL, started REAL, elapsed REAL, code INTEGER NOT NULL,
                         message TEXT NOT NULL);
CREATE TABLE runs(run INTEGER PRIMARY KEY, started REAL NOT NULL);
CREATE TABLE provenance(run INTEGER NOT NULL, position INTEGER NOT NULL, name TEXT NOT NULL, text TEXT NOT NULL,
                        PRIMARY KEY(run, position)) WITHOUT ROWID;
CREATE TABLE results("index" INTEGER PRIMARY KEY, status TEXT NOT NULL, p0, p1, o0);
CREATE INDEX failures ON results(status) WHERE status <> 'ok';
INSERT INTO study VALUES('rc-filter', 10);
INSERT INTO definition VALUES(NULL, 'design.method', 'grid'), (NULL, 'parameters.T', 'linear(1, 2, 5)'),
                             (NULL, 'command.timeout', 'none');
INSERT INTO columns VALUES(0, 'parameter', 'T', 'K', 'number', 'hot', 'p0'),
                          (1, 'parameter', 't', 's', 'number', 'time', 'p1'),
                          (2, 'output', 'gain', 'dB', 'number', '', 'o0');
INSERT INTO results VALUES(3, 'ok', 3.0, 0.5, 6.0), (4, 'crashed', 4.0, 0.5, NULL);
INSERT INTO evaluations VALUES(3, 2, 'n1', 1, 1.5e9, 0.25, 0, ''), (4, 1, 'n2', 2, 1.5e9, 0.5, -11, 'went wrong');
INSERT INTO runs VALUES(1, 1.5e9);
INSERT INTO provenance VALUES(1, 0, 'command', 'windrow run');
PRAGMA application_id = 1464747090;
PRAGMA user_version = 1;
)";

std::string version_of(const TemporaryDirectory& directory) {
  return query(directory.results(), "PRAGMA user_version");
}

TEST(Version1Test, is_read_as_it_is) {
  const TemporaryDirectory directory;
  ASSERT_EQ(query(directory.results(), version_1), "");
  const StoreReader reader(directory.path());
  EXPECT_TRUE(reader.is_of(small_study()));
  EXPECT_EQ(reader.status().succeeded, 1u);
  EXPECT_EQ(reader.status().failed, 1u);
  EXPECT_THAT(reader.attempts(4), IsEmpty());
  EXPECT_EQ(reader.find(4)->outcome.failure().message, "went wrong");
  EXPECT_EQ(version_of(directory), "1\n");
}

TEST(Version1Test, is_continued_and_brought_to_the_present_version) {
  const TemporaryDirectory directory;
  ASSERT_EQ(query(directory.results(), version_1), "");
  {
    Store store(directory.path(), small_study(), {});
    EXPECT_THAT(store.succeeded().ranges(), ElementsAre(IndexRange{3, 1}));
    EXPECT_THAT(store.failed().ranges(), ElementsAre(IndexRange{4, 1}));
    store.record(point(4));
  }
  EXPECT_EQ(version_of(directory), "5\n");
  const StoreReader reader(directory.path());
  EXPECT_EQ(reader.find(3)->outcome.value()[0], Value(6.0));
  EXPECT_EQ(reader.find(3)->host, "n1");
  ASSERT_EQ(reader.attempts(4).size(), 1u);
  EXPECT_EQ(reader.attempts(4)[0].failure.message, "went wrong");
  EXPECT_EQ(reader.runs().size(), 2u);
  EXPECT_EQ(query(directory.results(), "PRAGMA integrity_check"), "ok\n");
}

TEST(Version1Test, is_continued_by_a_changed_study) {
  const TemporaryDirectory directory;
  ASSERT_EQ(query(directory.results(), version_1), "");
  StudyIdentity changed = small_study();
  changed.definition[1].second = "linear(1, 3, 5)";
  const auto points = [](std::uint64_t index) { return std::vector<Value>{static_cast<double>(index + 1), 0.5}; };
  const Store store(directory.path(), changed, {}, Journal::automatic, points);
  EXPECT_THAT(store.succeeded().ranges(), ElementsAre(IndexRange{2, 1}));
  EXPECT_THAT(store.failed().ranges(), ElementsAre(IndexRange{3, 1}));
}

TEST(Version1Test, a_migration_that_was_killed_or_ran_out_of_space_is_done_by_the_next_run) {
  std::mt19937 generator(3);
  for (int round = 0; round < 12; ++round) {
    const TemporaryDirectory directory;
    ASSERT_EQ(query(directory.results(), version_1), "");
    Child child([&](int to) {
      Child::say(to, "go\n");
      const Store store(directory.path(), small_study(), {});
      pause();
    });
    ASSERT_EQ(child.line(), "go");
    std::this_thread::sleep_for(std::chrono::microseconds(generator() % 6000));
    child.kill_and_wait();
    EXPECT_EQ(query(directory.results(), "PRAGMA integrity_check"), "ok\n");
    EXPECT_EQ(indices_in(directory.path()), (std::vector<std::uint64_t>{3, 4}));
    EXPECT_EQ(error_of<StoreError>([&] { Store(directory.path(), small_study(), {}); }), "");
    EXPECT_EQ(version_of(directory), "5\n");
  }
}

/// A study of a store that windrow wrote in version 2 (tests/store/data), opened by this program.
class Version2Test : public testing::Test {
 protected:
  StudyIdentity bring(const std::string& study) const {
    fs::copy_file(fs::path(WINDROW_TEST_DATA) / ("format2_" + study + ".sqlite"), directory_.results());
    return StoreReader(directory_.path()).identity();
  }
  static std::vector<Value> values_at(std::uint64_t index) { return {static_cast<std::int64_t>(index) + 1}; }
  const fs::path& path() const { return directory_.path(); }

  TemporaryDirectory directory_;
};

TEST_F(Version2Test, is_read_as_it_is) {
  bring("doubling");
  const StoreReader reader(path());
  EXPECT_EQ(reader.status().succeeded, 3u);
  EXPECT_EQ(reader.status().failed, 1u);
  EXPECT_EQ(reader.find(3)->outcome.value()[0], Value(45.0));
  EXPECT_EQ(reader.find(2)->outcome.failure().code, 4);
  ASSERT_EQ(reader.run_times().size(), 1u);
  EXPECT_EQ(reader.run_times()[0].account->workers.size(), 1u);
  EXPECT_EQ(version_of(directory_), "2\n");
}

TEST_F(Version2Test, is_continued_as_the_same_study_where_it_names_no_files) {
  const StudyIdentity study = bring("doubling");
  const Store store(path(), study, {}, Journal::automatic, values_at);
  EXPECT_FALSE(store.resumption());
  EXPECT_THAT(store.succeeded().ranges(), ElementsAre(IndexRange{0, 2}, IndexRange{3, 1}));
  EXPECT_EQ(version_of(directory_), "5\n");
}

TEST_F(Version2Test, points_that_read_files_are_new_and_it_is_said_why) {
  StudyIdentity study = bring("reading");
  for (auto& [name, text] : study.definition) {
    if (name == "command.templates.in.txt") text = "0123456789abcdef0123456789abcdef (9 bytes)";
    if (name == "command.inputs.data.txt") text = "0123456789abcdef0123456789abcdef (10 bytes)";
  }
  {
    const Store store(path(), study, {}, Journal::automatic, values_at);
    ASSERT_TRUE(store.resumption());
    EXPECT_EQ(store.resumption()->describe(),
              "0 of 2 points are known from earlier runs; what differs: templates and inputs: an earlier windrow knew "
              "them by another hash, so all points are new");
  }
  EXPECT_EQ(StoreReader(path()).status().earlier, 2u) << "what was computed stays";
  const Store again(path(), study, {}, Journal::automatic, values_at);
  EXPECT_FALSE(again.resumption());
}

}  // namespace
}  // namespace windrow
