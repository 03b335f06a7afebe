#include "windrow/store/store.hpp"

#include <fmt/format.h>

#include <bit>
#include <chrono>
#include <cmath>
#include <limits>
#include <random>
#include <set>
#include <thread>

#include "support.hpp"

namespace windrow {
namespace {

using namespace test;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::Pair;

std::vector<Value> edge_values() {
  using Real = std::numeric_limits<double>;
  using Whole = std::numeric_limits<std::int64_t>;
  return {0.0,
          -0.0,
          1.0,
          0.1,
          1.0 / 3.0,
          -Real::max(),
          Real::min(),
          Real::denorm_min(),
          0x1p53 + 2,
          Real::infinity(),
          -Real::infinity(),
          Real::quiet_NaN(),
          std::int64_t{0},
          std::int64_t{1},
          Whole::max(),
          Whole::min(),
          true,
          false,
          "",
          "steel",
          "17",
          "1e3",
          "true",
          "nan",
          "größer, \"quoted\"\nnext line",
          std::string("embedded\0zero", 13),
          "\xff\xfe not UTF-8"};
}

TEST(StoreTest, every_value_reads_back_equal_whatever_the_type_of_its_column) {
  const TemporaryDirectory directory;
  StudyIdentity study;
  study.name = "kinds";
  study.points = edge_values().size();
  for (const char* type : {"number", "integer", "boolean", "string", "mixed"}) {
    study.parameters.push_back({std::string("p_") + type, "", type, ""});
    study.outputs.push_back({std::string("o_") + type, "", type, ""});
  }
  {
    Store store(directory.path(), study, {});
    for (std::uint64_t i = 0; i < study.points; ++i) {
      const std::vector<Value> same(5, edge_values()[i]);
      store.record(success(i, same, same));
    }
  }
  const StoreReader reader(directory.path());
  for (std::uint64_t i = 0; i < study.points; ++i) {
    const auto record = reader.find(i);
    ASSERT_TRUE(record.has_value()) << i;
    const std::vector<Value> same(5, edge_values()[i]);
    EXPECT_EQ(record->parameters, same) << i;
    EXPECT_EQ(record->outcome.value(), same) << i;
  }
}

TEST(StoreTest, random_doubles_keep_every_bit) {
  const TemporaryDirectory directory;
  StudyIdentity study = small_study(2000);
  std::mt19937_64 generator(7);
  std::vector<double> numbers;
  {
    Store store(directory.path(), study, {});
    while (numbers.size() < study.points) {
      const double number = std::bit_cast<double>(generator());
      if (std::isnan(number)) continue;
      store.record(success(numbers.size(), {number, -number}, {number}));
      numbers.push_back(number);
    }
  }
  StoreReader(directory.path()).for_each([&](const Record& record) {
    const double expected = numbers.at(record.index);
    EXPECT_EQ(std::bit_cast<std::uint64_t>(record.parameters[0].number()), std::bit_cast<std::uint64_t>(expected));
    EXPECT_EQ(std::bit_cast<std::uint64_t>(record.parameters[1].number()), std::bit_cast<std::uint64_t>(-expected));
  });
}

TEST(StoreTest, a_shell_can_compute_with_the_columns) {
  const TemporaryDirectory directory;
  StudyIdentity study = small_study();
  study.outputs.push_back({"ok", "", "boolean", ""});
  study.outputs.push_back({"label", "", "string", ""});
  Store(directory.path(), study, {}).record(success(3, {1.5, 2.5}, {std::int64_t{4}, true, "a b"}));
  EXPECT_EQ(query(directory.results(), "SELECT (p0 + p1 + o0 + o1) || o2 FROM results WHERE \"index\" = 3"),
            "9.0a b\n");
  EXPECT_EQ(query(directory.results(), "SELECT sql_name FROM columns WHERE name = 't'"), "p1\n");
}

TEST(StoreTest, a_record_reads_back_with_its_times_and_place) {
  const TemporaryDirectory directory;
  Record record = point(4);
  record.rank = 3;
  record.host = "node7";
  record.attempts = 2;
  record.started = 1.7e9 + 0.25;
  record.elapsed = 0.125;
  Store(directory.path(), small_study(), {}).record(record);
  const auto back = StoreReader(directory.path()).find(4);
  ASSERT_TRUE(back.has_value());
  EXPECT_EQ(back->rank, 3);
  EXPECT_EQ(back->host, "node7");
  EXPECT_EQ(back->attempts, 2);
  EXPECT_EQ(back->started, 1.7e9 + 0.25);
  EXPECT_EQ(back->elapsed, 0.125);
  EXPECT_FALSE(StoreReader(directory.path()).find(5).has_value());
  EXPECT_FALSE(StoreReader(directory.path()).find(std::numeric_limits<std::uint64_t>::max()).has_value());
}

TEST(StoreTest, a_failure_reads_back_with_its_reason) {
  const TemporaryDirectory directory;
  Record record = failure(2, FailureKind::timed_out);
  record.rank = 5;
  record.host = "node2";
  record.attempts = 3;
  record.elapsed = 1.5;
  Store(directory.path(), small_study(), {}).record(record);
  const auto back = StoreReader(directory.path()).find(2);
  ASSERT_TRUE(back.has_value());
  ASSERT_FALSE(back->outcome.ok());
  EXPECT_EQ(back->parameters, record.parameters);
  const TaskFailure& why = back->outcome.failure();
  EXPECT_EQ(why.index, 2u);
  EXPECT_EQ(why.kind, FailureKind::timed_out);
  EXPECT_EQ(why.message, "went wrong");
  EXPECT_EQ(why.code, -11);
  EXPECT_EQ(why.rank, 5);
  EXPECT_EQ(why.host, "node2");
  EXPECT_EQ(why.attempts, 3);
  EXPECT_EQ(why.elapsed, 1.5);
}

TEST(StoreTest, knows_what_is_done_also_before_it_is_committed) {
  const TemporaryDirectory directory;
  Store store(directory.path(), small_study(), {});
  EXPECT_TRUE(store.succeeded().empty());
  store.record(point(7));
  store.record(failure(1));
  store.record(point(0));
  EXPECT_THAT(store.succeeded().ranges(), ElementsAre(IndexRange{0, 1}, IndexRange{7, 1}));
  EXPECT_THAT(store.failed().ranges(), ElementsAre(IndexRange{1, 1}));
}

TEST(StoreTest, continues_where_the_last_run_ended) {
  const TemporaryDirectory directory;
  {
    Store store(directory.path(), small_study(), {});
    store.record(point(0));
    store.record(failure(1));
    store.record(point(2));
  }
  Store store(directory.path(), small_study(), {});
  EXPECT_THAT(store.succeeded().ranges(), ElementsAre(IndexRange{0, 1}, IndexRange{2, 1}));
  EXPECT_THAT(store.failed().ranges(), ElementsAre(IndexRange{1, 1}));
  store.record(point(1));
  EXPECT_EQ(store.succeeded(), IndexSet::first(3));
  EXPECT_TRUE(store.failed().empty());
}

TEST(StoreTest, tells_succeeded_from_failed_in_a_random_mixture) {
  const TemporaryDirectory directory;
  std::mt19937 generator(11);
  IndexSet good;
  IndexSet bad;
  Store store(directory.path(), small_study(500), {});
  for (std::uint64_t i = 0; i < 500; ++i) {
    const auto draw = generator() % 4;
    if (draw == 0) continue;
    (draw == 1 ? bad : good).insert(i);
    store.record(draw == 1 ? failure(i) : point(i));
  }
  EXPECT_EQ(store.succeeded(), good);
  EXPECT_EQ(store.failed(), bad);
}

TEST(StoreTest, commits_at_the_end_of_its_life) {
  const TemporaryDirectory directory;
  {
    Store store(directory.path(), small_study(), {});
    Store moved = std::move(store);
    for (std::uint64_t i = 0; i < 5; ++i) moved.record(point(i));
  }
  EXPECT_THAT(indices_in(directory.path()), ElementsAre(0, 1, 2, 3, 4));
}

TEST(StoreTest, tick_commits_in_the_end) {
  const TemporaryDirectory directory;
  Store store(directory.path(), small_study(), {});
  for (std::uint64_t i = 0; i < 5; ++i) store.record(point(i));
  const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (indices_in(directory.path()).size() < 5 && std::chrono::steady_clock::now() < give_up) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
    store.tick();
  }
  EXPECT_EQ(indices_in(directory.path()).size(), 5u);
}

TEST(StoreTest, refuses_what_does_not_fit_the_study_and_goes_on) {
  const TemporaryDirectory directory;
  Store store(directory.path(), small_study(10), {});
  EXPECT_THAT(error_of<StoreError>([&] { store.record(point(10)); }), HasSubstr("point 10 cannot be recorded"));
  EXPECT_THAT(error_of<StoreError>([&] { store.record(success(1, {1.0}, {1.0})); }),
              HasSubstr("1 parameters, the study 2"));
  EXPECT_THAT(error_of<StoreError>([&] {
                store.record(success(1, {1.0, 2.0}, {}));
              }),
              HasSubstr("0 outputs, the study 1"));
  store.record(point(1));
  EXPECT_EQ(store.succeeded().size(), 1u);
}

TEST(StoreTest, holds_1900_columns_and_says_that_more_are_too_many) {
  const TemporaryDirectory directory;
  StudyIdentity study;
  study.name = "wide";
  study.points = 1;
  for (int i = 0; i < 1000; ++i) study.parameters.push_back({fmt::format("p{}", i), "", "number", ""});
  for (int i = 0; i < 900; ++i) study.outputs.push_back({fmt::format("o{}", i), "", "number", ""});
  const Record record = success(0, std::vector<Value>(1000, 1.5), std::vector<Value>(900, 2.5));
  Store(directory.path() / "wide", study, {}).record(record);
  const auto back = StoreReader(directory.path() / "wide").find(0);
  ASSERT_TRUE(back.has_value());
  EXPECT_EQ(back->outcome.value(), record.outcome.value());

  study.outputs.push_back({"one_more", "", "number", ""});
  EXPECT_THAT(error_of<StoreError>([&] { Store(directory.path() / "wider", study, {}); }),
              HasSubstr("1,901 parameters and outputs"));
  EXPECT_FALSE(fs::exists(directory.path() / "wider"));
}

TEST(StoreTest, a_study_without_parameters_or_outputs_can_be_recorded) {
  const TemporaryDirectory directory;
  StudyIdentity study;
  study.points = 3;
  Store(directory.path(), study, {}).record(success(2, {}, {}));
  EXPECT_THAT(indices_in(directory.path()), ElementsAre(2));
}

TEST(StoreTest, what_is_noted_at_the_end_of_a_run_belongs_to_it) {
  const TemporaryDirectory directory;
  { Store store(directory.path(), small_study(), {{"command", "one"}}, Journal::wal); }
  {
    Store store(directory.path(), small_study(), {{"command", "two"}}, Journal::wal);
    store.record(point(1));
    store.note("stopped", "by SIGTERM");
    store.record(point(2));
  }
  const auto runs = StoreReader(directory.path()).runs();
  ASSERT_EQ(runs.size(), 2u);
  EXPECT_EQ(runs[0].size(), 2u) << "command and journal";
  EXPECT_EQ(runs[1].back(), (std::pair<std::string, std::string>("stopped", "by SIGTERM")));
  EXPECT_THAT(indices_in(directory.path()), ElementsAre(1, 2));
}

TEST(StoreTest, keeps_the_provenance_of_every_run) {
  const TemporaryDirectory directory;
  { Store store(directory.path(), small_study(), {{"command", "windrow run a.toml"}}, Journal::wal); }
  { Store store(directory.path(), small_study(), {{"command", "again"}, {"host", "n1"}}, Journal::rollback); }
  EXPECT_THAT(StoreReader(directory.path()).runs(),
              ElementsAre(ElementsAre(Pair("command", "windrow run a.toml"), Pair("journal", "wal")),
                          ElementsAre(Pair("command", "again"), Pair("host", "n1"), Pair("journal", "delete"))));
}

TEST(StoreTest, leaves_only_the_results_and_the_lock_behind) {
  const TemporaryDirectory directory;
  Store(directory.path(), small_study(), {}).record(point(1));
  indices_in(directory.path());
  std::set<std::string> names;
  for (const auto& entry : fs::directory_iterator(directory.path())) names.insert(entry.path().filename().string());
  EXPECT_THAT(names, ElementsAre("lock", "results.sqlite"));
}

TEST(StoreIdentityTest, reads_back_and_takes_over_new_annotations) {
  const TemporaryDirectory directory;
  StudyIdentity study = small_study();
  { Store store(directory.path(), study, {}); }
  study.name = "renamed";
  study.parameters[1].unit = "ms";
  study.outputs[0].description = "at the corner";
  { Store store(directory.path(), study, {}); }
  const StoreReader reader(directory.path());
  EXPECT_EQ(reader.identity().name, "renamed");
  EXPECT_EQ(reader.identity().points, 10u);
  EXPECT_EQ(reader.identity().definition, study.definition);
  ASSERT_EQ(reader.identity().parameters.size(), 2u);
  EXPECT_EQ(reader.identity().parameters[0].unit, "K");
  EXPECT_EQ(reader.identity().parameters[1].unit, "ms");
  EXPECT_EQ(reader.identity().outputs[0].description, "at the corner");
}

TEST(StoreIdentityTest, names_what_differs_old_and_new_and_changes_nothing) {
  const TemporaryDirectory directory;
  Store(directory.path(), small_study(), {}).record(point(1));
  StudyIdentity other = small_study(20);
  other.definition[1].second = "linear(1, 3, 5)";
  other.definition.emplace_back("command.timeout", "30s");
  other.outputs[0].type = "integer";
  const std::string message = error_of<StoreError>([&] { Store(directory.path(), other, {}); });
  EXPECT_THAT(message, AllOf(HasSubstr(directory.path().string()), HasSubstr("points: 10 -> 20"),
                             HasSubstr("parameters.T: linear(1, 2, 5) -> linear(1, 3, 5)"),
                             HasSubstr("command.timeout: (none) -> 30s"),
                             HasSubstr("outputs: gain (number) -> gain (integer)"), HasSubstr("another directory")));
  EXPECT_EQ(StoreReader(directory.path()).identity().points, 10u);
  EXPECT_EQ(StoreReader(directory.path()).runs().size(), 1u);
  EXPECT_THAT(indices_in(directory.path()), ElementsAre(1));
}

TEST(StoreIdentityTest, shows_a_few_short_lines_of_many_long_differences) {
  const TemporaryDirectory directory;
  StudyIdentity study = small_study();
  study.definition.clear();
  for (int i = 0; i < 9; ++i) {
    study.definition.emplace_back(fmt::format("template{}", i),
                                  std::string(5000, 'x') + "\nµold" + std::string(5000, 'y'));
  }
  { Store store(directory.path(), study, {}); }
  for (auto& [name, text] : study.definition) text.replace(text.find("old"), 3, "new");
  const std::string message = error_of<StoreError>([&] { Store(directory.path(), study, {}); });
  EXPECT_THAT(message, AllOf(HasSubstr("old"), HasSubstr("new"), HasSubstr("and 5 more")));
  EXPECT_THAT(message, AllOf(HasSubstr("template3"), Not(HasSubstr("template4"))));
  std::istringstream lines(message);
  for (std::string line; std::getline(lines, line);) EXPECT_LT(line.size(), 200u) << line;
}

TEST(StoreIdentityTest, the_order_of_a_definition_counts) {
  const TemporaryDirectory directory;
  StudyIdentity study = small_study();
  { Store store(directory.path(), study, {}); }
  std::swap(study.definition[0], study.definition[1]);
  EXPECT_THAT(error_of<StoreError>([&] { Store(directory.path(), study, {}); }), HasSubstr("order"));
}

TEST(StoreReaderTest, sums_up_a_study) {
  const TemporaryDirectory directory;
  {
    Store store(directory.path(), small_study(), {});
    for (std::uint64_t i = 0; i < 7; ++i) {
      Record record = i < 3 ? point(i) : failure(i, i < 6 ? FailureKind::timed_out : FailureKind::crashed);
      record.elapsed = 0.25;
      store.record(record);
    }
    store.commit();
    EXPECT_TRUE(StoreReader(directory.path()).status().running);
  }
  const StoreStatus status = StoreReader(directory.path()).status();
  EXPECT_EQ(status.name, "rc-filter");
  EXPECT_EQ(status.points, 10u);
  EXPECT_EQ(status.succeeded, 3u);
  EXPECT_EQ(status.failed, 4u);
  EXPECT_THAT(status.failures, ElementsAre(Pair("timed_out", 3u), Pair("crashed", 1u)));
  EXPECT_EQ(status.busy_seconds, 7 * 0.25);
  EXPECT_FALSE(status.running);
}

TEST(StoreReaderTest, lists_the_first_failures_in_index_order) {
  const TemporaryDirectory directory;
  {
    Store store(directory.path(), small_study(), {});
    for (const std::uint64_t i : {8u, 3u, 5u})
      store.record(failure(i, i == 5 ? FailureKind::exited : FailureKind::lost));
    store.record(point(4));
  }
  const StoreReader reader(directory.path());
  EXPECT_THAT(reader.failures(0), IsEmpty());
  const auto two = reader.failures(2);
  ASSERT_EQ(two.size(), 2u);
  EXPECT_EQ(two[0].index, 3u);
  EXPECT_EQ(two[1].index, 5u);
  EXPECT_EQ(two[1].kind, FailureKind::exited);
  EXPECT_EQ(two[1].message, "went wrong");
  EXPECT_EQ(reader.failures(std::numeric_limits<std::size_t>::max()).size(), 3u);
}

TEST(StoreReaderTest, visits_every_record_once_in_index_order) {
  const TemporaryDirectory directory;
  constexpr std::uint64_t points = 3000;  // several pages
  {
    Store store(directory.path(), small_study(points), {});
    for (std::uint64_t i = 0; i < points; ++i) store.record(point((i * 7) % points));
  }
  std::vector<std::uint64_t> expected(points);
  for (std::uint64_t i = 0; i < points; ++i) expected[i] = i;
  EXPECT_EQ(indices_in(directory.results()), expected);
}

class JournalModeTest : public testing::TestWithParam<Journal> {};

TEST_P(JournalModeTest, a_visitor_never_keeps_the_writer_waiting) {
  const TemporaryDirectory directory;
  Store store(directory.path(), small_study(), {}, GetParam());
  for (std::uint64_t i = 0; i < 3; ++i) store.record(point(i));
  store.commit();
  const StoreReader reader(directory.path());
  int visited = 0;
  reader.for_each([&](const Record& record) {
    ++visited;
    store.record(failure(record.index));
    store.commit();
    EXPECT_FALSE(reader.find(record.index)->outcome.ok());
  });
  EXPECT_GE(visited, 3);
  EXPECT_EQ(reader.status().failed, 3u);
}

TEST_P(JournalModeTest, another_process_reads_whole_records_while_they_are_written) {
  const TemporaryDirectory directory;
  constexpr std::uint64_t points = 2000;
  Store store(directory.path(), small_study(points), {}, GetParam());
  Child child([&](int to) {
    bool right = true;
    for (std::size_t seen = 0; right && seen < points;) {
      std::size_t now = 0;
      StoreReader(directory.path()).for_each([&](const Record& record) {
        right = right && record.index == now++ &&
                record.outcome.value()[0] == Value(2.0 * static_cast<double>(record.index));
      });
      right = right && now >= seen;
      seen = now;
    }
    Child::say(to, right ? "saw all" : "a record was wrong or vanished");
  });
  for (std::uint64_t i = 0; i < points; ++i) {
    store.record(point(i));
    if (i % 16 == 0) store.commit();
  }
  store.commit();
  EXPECT_EQ(child.listen(), "saw all");
}

INSTANTIATE_TEST_SUITE_P(Journals, JournalModeTest, testing::Values(Journal::wal, Journal::rollback));

TEST(MovedStoreTest, what_was_recorded_before_it_is_noticed_is_in_the_moved_file) {
  TemporaryDirectory directory;
  const fs::path before = directory.path() / "before", after = directory.path() / "after";
  {
    Store store(before, small_study(), {});
    store.record(point(0));
    store.commit();
    fs::rename(before, after);
    EXPECT_THROW(
        {
          store.record(point(1));
          store.commit();
        },
        StoreError);
    EXPECT_THROW(store.record(point(2)), StoreError) << "the first error is final";
  }
  const StoreReader reader(after);
  EXPECT_TRUE(reader.find(0).has_value());
  EXPECT_TRUE(reader.find(1).has_value());
  EXPECT_FALSE(reader.find(2).has_value());
}

TEST(EqualRecordTest, the_point_that_was_evaluated_is_found) {
  TemporaryDirectory directory;
  Store store(directory.path(), small_study(), {});
  for (const std::uint64_t index : {2U, 4U, 6U}) {
    Record record = success(index, {index == 6U ? 7.0 : 1.0, 0.5}, {2.0});
    record.started = index == 2U ? 12.5 : 99.0;
    store.record(record);
  }
  EXPECT_TRUE(store.record_equal(5, 4));
  store.commit();
  const StoreReader reader(directory.path());
  EXPECT_EQ(reader.evaluated_for(*reader.find(5)), 4u) << "2 is equal, too, but was evaluated at another time";
  EXPECT_EQ(reader.evaluated_for(*reader.find(4)), std::nullopt);
  Record anew = success(4, {1.0, 0.5}, {3.0});
  anew.started = 100.0;
  store.record(anew);
  store.commit();
  EXPECT_EQ(reader.evaluated_for(*reader.find(5)), std::nullopt) << "6 began at the same time, but is another point";
}

}  // namespace
}  // namespace windrow
