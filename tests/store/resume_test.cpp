// Outcomes of a study that was changed: found by what they compute, whatever their index.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "store/content.hpp"
#include "support.hpp"
#include "windrow/store/export.hpp"

namespace windrow {
namespace {

using namespace test;
using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

using Row = std::vector<Value>;

/// A study over a table of points, and the store of it.
struct Study {
  StudyIdentity identity;
  std::vector<Row> rows;

  Study(std::vector<std::string> names, std::vector<Row> points) : rows(std::move(points)) {
    identity.name = "table";
    identity.points = rows.size();
    std::string order;
    for (const std::string& name : names) {
      identity.parameters.push_back({name, "", "number", ""});
      order += name;
    }
    identity.outputs = {{"y", "", "number", ""}, {"ok", "", "boolean", ""}};
    std::string all;
    for (const Row& row : rows) {
      for (const Value& value : row) all += value.render() + " ";
    }
    identity.definition = {{"design.seed", "0"}, {"parameters." + order, all}, {"command.run", "[\"a\"]"}};
    identity.outputs_by_name = true;
  }

  PointValues points() const {
    return [this](std::uint64_t index) { return rows.at(index); };
  }
  Store open(const fs::path& directory) const { return {directory, identity, {}, Journal::automatic, points()}; }
};

Record with(std::uint64_t index, const Row& row, double y) {
  return success(index, row, {y, y > 5.0});
}

/// Records every point that has no outcome, with `base` + the sum of its parameters. @return which ones
std::vector<std::uint64_t> run(const fs::path& directory, const Study& study, double base = 0.0) {
  Store store = study.open(directory);
  IndexSet done = store.succeeded();
  for (const IndexRange& range : store.failed().ranges()) done.insert(range);
  std::vector<std::uint64_t> ran;
  for (std::uint64_t i = 0; i < study.rows.size(); ++i) {
    if (done.contains(i)) continue;
    double y = base;
    for (const Value& value : study.rows[i]) y += value.number();
    store.record(with(i, study.rows[i], y));
    ran.push_back(i);
  }
  return ran;
}

std::string csv_of(const fs::path& directory) {
  std::ostringstream out;
  export_csv(StoreReader(directory), out);
  return out.str();
}

/// What a store holds that was never changed.
std::string fresh_csv(const Study& study, double base = 0.0) {
  const TemporaryDirectory directory;
  run(directory.path(), study, base);
  return csv_of(directory.path());
}

const std::vector<Row> kGrid = {{1.0, 10.0}, {1.0, 20.0}, {2.0, 10.0}, {2.0, 20.0}};

TEST(ContentHashTest, tells_points_apart_by_names_values_and_evaluation_alone) {
  const Study study({"a", "b"}, kGrid);
  const auto key = [](const Study& of, std::uint64_t index, const Row& row) {
    return detail::PointHash(of.identity, of.identity)(index, row);
  };
  const auto reference = key(study, 0, {1.0, 10.0});
  EXPECT_EQ(key(study, 3, {1.0, 10.0}), reference);
  EXPECT_EQ(key(study, 0, {std::int64_t{1}, std::int64_t{10}}), reference) << "values count as they are written";
  EXPECT_EQ(key(Study({"b", "a"}, {}), 0, {10.0, 1.0}), reference);
  EXPECT_NE(key(Study({"b", "a"}, {}), 0, {1.0, 10.0}), reference);
  EXPECT_NE(key(study, 0, {1.0, "10"}), reference);
  EXPECT_NE(key(study, 0, {true, 10.0}), key(study, 0, {"true", 10.0}));
  EXPECT_NE(key(study, 0, {"a", "bc"}), key(study, 0, {"ab", "c"}));
  EXPECT_NE(key(study, 0, {0.0, 1.0}), key(study, 0, {-0.0, 1.0}));
  Study other = study;
  other.identity.definition[2].second = "[\"b\"]";
  EXPECT_NE(key(other, 0, {1.0, 10.0}), reference);
  other = study;
  other.identity.definition[0].second = "1";
  EXPECT_EQ(key(other, 0, {1.0, 10.0}), reference) << "nobody sees the seed";
  other.identity.seed_matters = true;
  EXPECT_NE(key(other, 0, {1.0, 10.0}), reference);
  other = study;
  other.identity.index_matters = true;
  EXPECT_NE(key(other, 0, {1.0, 10.0}), key(other, 1, {1.0, 10.0}));
}

// As an earlier windrow left them, which did not look into programs.
TEST(ResumeByContentTest, results_that_know_no_program_are_those_of_the_present_one_and_it_is_said) {
  const TemporaryDirectory directory;
  Study study({"a", "b"}, kGrid);
  run(directory.path(), study);
  study.identity.definition.push_back({"command.program.bin/sim", "0123 (7 bytes)"});
  const auto preview = StoreReader(directory.path()).preview(study.identity, study.points());
  ASSERT_TRUE(preview.has_value());
  EXPECT_THAT(preview->differences, ElementsAre("the content of bin/sim is now part of what a point is; results that "
                                                "were there before are taken as its results"));
  EXPECT_THAT(run(directory.path(), study), IsEmpty());
  study.identity.definition.back().second = "4567 (7 bytes)";
  EXPECT_THAT(StoreReader(directory.path()).preview(study.identity, study.points())->differences,
              ElementsAre("the program bin/sim has changed"));
  EXPECT_THAT(run(directory.path(), study), ElementsAre(0, 1, 2, 3));
  study.identity.definition.back().second = "0123 (7 bytes)";
  EXPECT_THAT(run(directory.path(), study), IsEmpty()) << "the old program again";
}

/// The study with ranges of which it is said how they are written.
Study written(Study study, const std::string& how) {
  study.identity.outputs_are_read = true;
  for (const char* name : {"a", "b"}) {
    study.identity.definition.emplace_back(fmt::format("parameters.{}.written", name), how);
  }
  return study;
}

// As an earlier windrow left them.
TEST(ResumeByContentTest, results_that_do_not_say_how_ranges_are_written_are_taken_as_they_are) {
  Study grid({"a", "b"}, kGrid);
  grid.identity.outputs_are_read = true;
  for (const auto& [how, other] : {std::pair("1", "1.0"), std::pair("1.0", "1")}) {
    const TemporaryDirectory directory;
    run(directory.path(), grid);
    EXPECT_TRUE(StoreReader(directory.path()).is_of(written(grid, how).identity));
    EXPECT_THAT(run(directory.path(), written(grid, how)), IsEmpty());
    const Study changed = written(grid, other);
    EXPECT_THAT(StoreReader(directory.path()).preview(changed.identity, changed.points())->differences,
                Contains(fmt::format("parameters.a is written as {}, no more as {}", other, how)))
        << "the run has taken note";
  }
}

/// What values of a name, in a study that has them.
Study with_programs(Study study, const std::string& one, const std::string& two) {
  study.identity.definition.emplace_back("command.program_of.a=1", one);
  study.identity.definition.emplace_back("command.program_of.a=2", two);
  return study;
}

TEST(ResumeByContentTest, only_points_whose_value_names_a_changed_program_run_again) {
  const TemporaryDirectory directory;
  const Study study({"a", "b"}, kGrid);
  run(directory.path(), study);
  const Study known = with_programs(study, "one 01", "two 02");
  EXPECT_THAT(StoreReader(directory.path()).preview(known.identity, known.points())->differences,
              ElementsAre("the content of the programs that `a` names is now part of what a point is; results that "
                          "were there before are taken as its results"));
  EXPECT_THAT(run(directory.path(), known), IsEmpty()) << "an earlier windrow did not know";
  const Study changed = with_programs(study, "one 01", "two 22");
  EXPECT_THAT(StoreReader(directory.path()).preview(changed.identity, changed.points())->differences,
              ElementsAre("the program of a = 2 has changed"));
  EXPECT_THAT(run(directory.path(), changed), ElementsAre(2, 3));
  EXPECT_THAT(run(directory.path(), known), IsEmpty()) << "the old program again";
}

TEST(ResumeByContentTest, points_marked_to_be_evaluated_again_follow_a_change_of_the_design) {
  const TemporaryDirectory directory;
  const Study study({"a", "b"}, kGrid);
  run(directory.path(), study);
  IndexSet two;
  two.insert(1);
  two.insert(3);
  study.open(directory.path()).mark_again(two);
  EXPECT_EQ(StoreReader(directory.path()).again(), two);
  const Study turned({"a", "b"}, {kGrid[3], kGrid[2], kGrid[0]});
  Store store = turned.open(directory.path());
  EXPECT_EQ(store.succeeded().size(), 3u);
  EXPECT_EQ(store.again(), IndexSet::first(1));
  store.record(with(0, kGrid[3], 9.0));
  store.commit();
  EXPECT_TRUE(store.again().empty());
}

/// The study with outputs of a program: names, and how each is read.
Study reading(Study study, const std::vector<std::pair<std::string, std::string>>& outputs) {
  study.identity.outputs.clear();
  std::erase_if(study.identity.definition, [](const auto& item) { return item.first.starts_with("outputs."); });
  for (const auto& [name, how] : outputs) {
    study.identity.outputs.push_back({name, "", "number", ""});
    study.identity.definition.emplace_back("outputs." + name, how);
  }
  study.identity.outputs_are_read = true;
  return study;
}

void record_all(const fs::path& directory, const Study& study, const std::vector<Value>& outputs) {
  Store store = study.open(directory);
  for (std::uint64_t i = 0; i < study.rows.size(); ++i) store.record(success(i, study.rows[i], outputs));
}

TEST(ReadOutputsTest, what_is_read_as_before_is_taken_over_and_the_rest_needs_the_files) {
  const TemporaryDirectory directory;
  const Study grid({"a", "b"}, kGrid);
  record_all(directory.path(), reading(grid, {{"y", "Y"}, {"z", "Z"}}), {1.0, std::nan("")});
  const Study swapped = reading(grid, {{"renamed", "Z"}, {"y", "Y"}});
  EXPECT_EQ(swapped.open(directory.path()).succeeded().size(), 4u);
  EXPECT_THAT(csv_of(directory.path()), HasSubstr("0,1.0,10.0,nan,1,ok\n")) << "NaN is a value";
  const Study more = reading(grid, {{"y", "Y"}, {"w", "W"}});
  fs::create_directories(directory.path() / "points" / "2");
  std::vector<std::string> read;
  const ReadOutputs reader = {
      .from =
          [](const UnreadOutcome& outcome) {
            return fs::exists(outcome.directory) ? ReadFrom::files : ReadFrom::nothing;
          },
      .read =
          [&](const UnreadOutcome& outcome) {
            const std::string files = outcome.directory.lexically_relative(directory.path()).string();
            read.push_back(fmt::format("{} {} {}", outcome.index, files, outcome.known.at(0)->render()));
            return Outcome<std::vector<Value>>(std::vector<Value>{1.0, 7.0});
          }};
  EXPECT_EQ(StoreReader(directory.path()).preview(more.identity, more.points())->read, 1u);
  {
    const Store store(directory.path(), more.identity, {}, Journal::automatic, more.points(), reader);
    EXPECT_EQ(store.succeeded().size(), 1u);
    EXPECT_EQ(store.resumption()->without_files, 3u);
  }
  EXPECT_THAT(read, ElementsAre("2 points/2 1.0"));
  EXPECT_THAT(csv_of(directory.path()), HasSubstr("2,2.0,10.0,1,7,ok\n"));
  EXPECT_TRUE(fs::exists(directory.path() / "points" / "2"));
  EXPECT_EQ(swapped.open(directory.path()).succeeded().size(), 3u) << "those that had stayed behind, whole";
}

TEST(ReadOutputsTest, a_point_that_is_to_be_evaluated_again_takes_no_outcome_of_an_earlier_form) {
  const TemporaryDirectory directory;
  const Study grid({"a", "b"}, kGrid);
  const Study both = reading(grid, {{"y", "Y"}, {"z", "Z"}});
  record_all(directory.path(), both, {1.0, 2.0});
  const Study other = reading(grid, {{"y", "Y"}, {"w", "W"}});
  record_all(directory.path(), other, {3.0, 4.0});  // without files: they are evaluated anew
  other.open(directory.path()).mark_again(IndexSet::first(1));
  Store store = both.open(directory.path());
  EXPECT_EQ(store.succeeded(), IndexSet::first(4).without(IndexSet::first(1)));
}

TEST(ResumeByContentTest, an_unchanged_study_is_just_continued) {
  const TemporaryDirectory directory;
  const Study study({"a", "b"}, kGrid);
  EXPECT_THAT(run(directory.path(), study), ElementsAre(0, 1, 2, 3));
  EXPECT_FALSE(study.open(directory.path()).resumption().has_value());
  EXPECT_THAT(run(directory.path(), study), IsEmpty());
}

TEST(ResumeByContentTest, only_new_points_run_after_levels_were_added_anywhere) {
  const TemporaryDirectory directory;
  run(directory.path(), Study({"a", "b"}, kGrid));
  const Study longer({"a", "b"}, {{1.0, 10.0}, {1.0, 20.0}, {2.0, 10.0}, {2.0, 20.0}, {3.0, 10.0}, {3.0, 20.0}});
  EXPECT_THAT(run(directory.path(), longer), ElementsAre(4, 5)) << "at the end";
  EXPECT_EQ(csv_of(directory.path()), fresh_csv(longer));
  const Study finer({"a", "b"}, {{1.0, 10.0},
                                 {1.0, 15.0},
                                 {1.0, 20.0},
                                 {2.0, 10.0},
                                 {2.0, 15.0},
                                 {2.0, 20.0},
                                 {3.0, 10.0},
                                 {3.0, 15.0},
                                 {3.0, 20.0}});
  EXPECT_THAT(run(directory.path(), finer), ElementsAre(1, 4, 7)) << "in between";
  EXPECT_EQ(csv_of(directory.path()), fresh_csv(finer));
  const StoreStatus status = StoreReader(directory.path()).status();
  EXPECT_EQ(status.points, 9u);
  EXPECT_EQ(status.succeeded, 9u);
  EXPECT_EQ(status.earlier, 0u);
  EXPECT_EQ(query(directory.results(),
                  "SELECT count(*) FROM sqlite_schema WHERE name LIKE '%\\_1' ESCAPE '\\' OR "
                  "name = 'moves'"),
            "0\n")
      << "nothing is left of a form without outcomes of its own";
}

TEST(ResumeByContentTest, the_order_of_parameters_and_outputs_is_of_no_account) {
  const TemporaryDirectory directory;
  run(directory.path(), Study({"a", "b"}, kGrid));
  Study turned({"b", "a"}, {{10.0, 1.0}, {20.0, 1.0}, {10.0, 2.0}, {20.0, 2.0}});
  std::swap(turned.identity.outputs[0], turned.identity.outputs[1]);
  EXPECT_THAT(run(directory.path(), turned), IsEmpty());
  const auto record = StoreReader(directory.path()).find(1);
  ASSERT_TRUE(record.has_value());
  EXPECT_EQ(record->parameters, (Row{20.0, 1.0}));
  EXPECT_EQ(record->outcome.value(), (Row{true, 21.0}));
}

TEST(ResumeByContentTest, outputs_that_are_told_apart_by_position_are_others_in_another_order) {
  const TemporaryDirectory directory;
  Study study({"a", "b"}, kGrid);
  study.identity.outputs_by_name = false;
  run(directory.path(), study);
  std::swap(study.identity.outputs[0].name, study.identity.outputs[1].name);
  EXPECT_EQ(study.open(directory.path()).resumption()->succeeded, 0u);
}

TEST(ResumeByContentTest, points_that_left_the_design_stay_and_come_back_with_it) {
  const TemporaryDirectory directory;
  const Study all({"a", "b"}, kGrid);
  run(directory.path(), all);
  const Study some({"a", "b"}, {{2.0, 20.0}, {1.0, 10.0}});
  EXPECT_THAT(run(directory.path(), some), IsEmpty());
  EXPECT_EQ(csv_of(directory.path()), fresh_csv(some));
  EXPECT_EQ(StoreReader(directory.path()).status().earlier, 2u);
  EXPECT_EQ(StoreReader(directory.path()).status().succeeded, 2u);
  EXPECT_THAT(run(directory.path(), all), IsEmpty());
  EXPECT_EQ(csv_of(directory.path()), fresh_csv(all));
  EXPECT_EQ(StoreReader(directory.path()).status().earlier, 0u);
}

TEST(ResumeByContentTest, all_points_run_after_the_evaluation_was_changed_and_none_after_it_was_changed_back) {
  const TemporaryDirectory directory;
  const Study study({"a", "b"}, kGrid);
  run(directory.path(), study);
  Study changed = study;
  changed.identity.definition[2].second = "[\"b\"]";
  EXPECT_THAT(run(directory.path(), changed, 100.0), ElementsAre(0, 1, 2, 3));
  EXPECT_EQ(csv_of(directory.path()), fresh_csv(changed, 100.0));
  EXPECT_THAT(run(directory.path(), study, 7.0), IsEmpty());
  EXPECT_EQ(csv_of(directory.path()), fresh_csv(study));
  EXPECT_EQ(StoreReader(directory.path()).status().earlier, 4u);
}

TEST(ResumeByContentTest, an_index_or_a_seed_that_is_seen_belongs_to_the_point) {
  const TemporaryDirectory directory;
  Study study({"a", "b"}, kGrid);
  study.identity.index_matters = true;
  run(directory.path(), study);
  Study finer({"a", "b"}, {{1.0, 10.0}, {1.0, 15.0}, {2.0, 10.0}, {2.0, 20.0}, {1.0, 20.0}});
  finer.identity.index_matters = true;
  EXPECT_THAT(run(directory.path(), finer), ElementsAre(1, 4));
  finer.identity.seed_matters = true;
  finer.identity.definition[0].second = "1";
  EXPECT_THAT(run(directory.path(), finer), ElementsAre(0, 1, 2, 3, 4));
}

TEST(ResumeByContentTest, that_the_index_is_seen_may_turn_out_later) {
  const TemporaryDirectory directory;
  const Study study({"a", "b"}, kGrid);
  run(directory.path(), study);
  study.open(directory.path()).note_index_matters();
  const Study turned({"a", "b"}, {kGrid[0], kGrid[2], kGrid[1], kGrid[3]});
  EXPECT_EQ(StoreReader(directory.path()).preview(turned.identity, turned.points())->succeeded, 2u);
  EXPECT_THAT(run(directory.path(), turned), ElementsAre(1, 2));
}

TEST(ResumeByContentTest, every_outcome_serves_one_of_several_equal_points) {
  const TemporaryDirectory directory;
  const Study replicates({"a"}, {{1.0}, {1.0}, {2.0}});
  for (const std::uint64_t i : {0U, 1U, 2U}) {
    replicates.open(directory.path()).record(with(i, replicates.rows[i], 10.0 * static_cast<double>(i)));
  }
  EXPECT_THAT(run(directory.path(), Study({"a"}, {{2.0}, {1.0}, {1.0}, {1.0}, {2.0}})), ElementsAre(3, 4));
  const StoreReader reader(directory.path());
  EXPECT_EQ(reader.find(0)->outcome.value()[0], Value(20.0));
  EXPECT_EQ(reader.find(1)->outcome.value()[0], Value(0.0));
  EXPECT_EQ(reader.find(2)->outcome.value()[0], Value(10.0));
}

TEST(ResumeByContentTest, what_is_there_is_told_before_and_after) {
  const TemporaryDirectory directory;
  const Study study({"x"}, {{1.0}, {2.0}, {3.0}});
  {
    Store store = study.open(directory.path());
    store.record(with(0, {1.0}, 1.0));
    Record failed = with(2, {3.0}, 0.0);
    failed.outcome = TaskFailure{};
    store.record(failed);
  }
  const Study changed({"x"}, {{5.0}, {3.0}, {1.0}, {4.0}});
  const std::string before = bytes_of(directory.results());
  const auto preview = StoreReader(directory.path()).preview(changed.identity, changed.points());
  EXPECT_EQ(bytes_of(directory.results()), before);
  EXPECT_FALSE(StoreReader(directory.path()).preview(study.identity, study.points()).has_value());
  const auto found = changed.open(directory.path()).resumption();
  ASSERT_TRUE(preview && found);
  EXPECT_EQ(preview->describe(), found->describe());
  EXPECT_EQ(found->describe(),
            "2 of 4 points are known from earlier runs; what differs: parameters.x: 1.0 2.0 3.0  -> 5.0 3.0 1.0 4.0 ");
  EXPECT_EQ(found->succeeded, 1u);
  EXPECT_EQ(found->failed, 1u);
  EXPECT_THAT(changed.open(directory.path()).failed().ranges(), ElementsAre(IndexRange{1, 1}));
}

TEST(ResumeByContentTest, truth_values_stay_what_they_are_in_a_column_of_another_type) {
  const TemporaryDirectory directory;
  Study study({"a"}, {{true}, {false}});
  study.identity.parameters[0].type = "boolean";
  run(directory.path(), study);
  Study mixed({"a"}, {{"new"}, {false}, {true}});
  mixed.identity.parameters[0].type = "mixed";
  {
    const Store store = mixed.open(directory.path());
    EXPECT_THAT(store.succeeded().ranges(), ElementsAre(IndexRange{1, 2}));
  }
  EXPECT_EQ(StoreReader(directory.path()).find(1)->parameters, (Row{false}));
  EXPECT_EQ(StoreReader(directory.path()).find(2)->parameters, (Row{true}));
  EXPECT_EQ(StoreReader(directory.path()).find(2)->outcome.value(), (Row{1.0, false}));
}

TEST(ResumeByContentTest, the_files_of_a_point_follow_it) {
  const TemporaryDirectory directory;
  const auto mark = [&](std::uint64_t index, const std::string& text) {
    fs::create_directories(directory.path() / "points" / std::to_string(index));
    std::ofstream(directory.path() / "points" / std::to_string(index) / "stdout") << text;
  };
  const auto marked = [&](const std::string& place) { return bytes_of(directory.path() / place / "stdout"); };
  const Study study({"x"}, {{1.0}, {2.0}, {3.0}});
  run(directory.path(), study);
  mark(0, "one");
  mark(1, "two");
  mark(2, "three");
  run(directory.path(), Study({"x"}, {{3.0}, {4.0}, {1.0}}));
  EXPECT_EQ(marked("points/0"), "three");
  EXPECT_EQ(marked("points/2"), "one");
  EXPECT_FALSE(fs::exists(directory.path() / "points" / "1"));
  EXPECT_EQ(marked("points.1/1"), "two");
  run(directory.path(), study);
  EXPECT_EQ(marked("points/0"), "one");
  EXPECT_EQ(marked("points/1"), "two");
  EXPECT_EQ(marked("points/2"), "three");
  EXPECT_FALSE(fs::exists(directory.path() / "points.1"));
  EXPECT_FALSE(fs::exists(directory.path() / "points.2"));
}

TEST(ResumeByContentTest, a_changed_study_of_another_name_is_another_study) {
  const TemporaryDirectory directory;
  Study study({"x"}, {{1.0}, {2.0}});
  run(directory.path(), study);
  const std::string before = csv_of(directory.path());
  Study other({"x"}, {{1.0}, {3.0}});
  other.identity.name = "other";
  try {
    other.open(directory.path());
    FAIL() << "not refused";
  } catch (const StoreError& error) {
    EXPECT_THAT(error.what(),
                AllOf(HasSubstr("results of another study, `table`"), HasSubstr("has to be named table")));
  }
  EXPECT_EQ(csv_of(directory.path()), before);
  other.identity.name = "table";
  EXPECT_THAT(run(directory.path(), other), ElementsAre(1));
}

// The outcomes are committed before the first directory is renamed: whatever part of that was done, the rest follows.
TEST(ResumeByContentTest, the_files_of_a_point_follow_it_also_if_the_run_was_killed_meanwhile) {
  for (int done = 0; done < 4; ++done) {
    const TemporaryDirectory directory;
    const fs::path points = directory.path() / "points";
    const Study study({"x"}, {{1.0}, {2.0}});
    const Study turned({"x"}, {{2.0}, {1.0}});
    run(directory.path(), study);
    run(directory.path(), turned);
    query(directory.results(),
          "CREATE TABLE moves(now INTEGER PRIMARY KEY, generation INTEGER, was INTEGER);"
          "INSERT INTO moves VALUES(0, 1, 1), (1, 1, 0)");
    for (const char* name : {"0", "1"}) fs::create_directories(points / name / (std::string("was_") + name));
    const fs::path retired = directory.path() / "points.1";
    if (done > 0) fs::rename(points, retired);
    if (done > 1) fs::create_directory(points);
    if (done > 1) fs::rename(retired / "0", points / "1");
    if (done > 2) fs::rename(retired / "1", points / "0");
    EXPECT_THAT(run(directory.path(), turned), IsEmpty());
    EXPECT_TRUE(fs::exists(points / "1" / "was_0")) << done;
    EXPECT_TRUE(fs::exists(points / "0" / "was_1")) << done;
    EXPECT_FALSE(fs::exists(retired)) << done;
  }
}

TEST(PointOriginTest, names_the_nearest_point_and_what_changed) {
  const TemporaryDirectory directory;
  const Study study({"viscosity", "n"}, {{0.1, 1.0}, {0.5, 2.0}, {5.0, 1.0}});
  run(directory.path(), study);
  const StoreReader reader(directory.path());
  const auto origin = [&](const Study& of, std::uint64_t index) {
    return reader.origin(of.identity, index, of.points());
  };
  Study changed({"viscosity", "n"}, {{0.2, 1.0}, {0.5, 2.0}});
  const PointOrigin moved = origin(changed, 0);
  EXPECT_FALSE(moved.known);
  EXPECT_EQ(moved.nearest, 0u);
  EXPECT_THAT(moved.changes, ElementsAre("`viscosity` changed from 0.1 to 0.2"));
  EXPECT_TRUE(origin(changed, 1).known);
  changed.identity.definition[2].second = "[\"b\"]";
  EXPECT_THAT(origin(changed, 1).changes, ElementsAre("`command.run` changed from [\"a\"] to [\"b\"]"));
  const Study twice({"viscosity", "n"}, {{5.0, 1.0}, {5.0, 1.0}});
  EXPECT_TRUE(origin(twice, 0).known);
  EXPECT_FALSE(origin(twice, 1).known) << "one outcome for one point";
  const PointOrigin other = origin(Study({"viscosity", "m"}, {{5.0, 1.0}}), 0);
  EXPECT_EQ(other.nearest, 2u);
  EXPECT_THAT(other.changes, ElementsAre("parameter `n` is gone", "parameter `m` is new"));
  const TemporaryDirectory empty;
  { const Store store = study.open(empty.path()); }
  EXPECT_FALSE(StoreReader(empty.path()).origin(study.identity, 0, study.points()).nearest.has_value());
}

TEST(AttemptTest, all_attempts_are_kept_in_order_and_follow_the_point) {
  const TemporaryDirectory directory;
  const Study study({"x"}, {{1.0}, {2.0}});
  const auto attempt = [](const char* message) {
    Attempt lost;
    lost.failure.index = 1;
    lost.failure.kind = FailureKind::crashed;
    lost.failure.code = -11;
    lost.failure.message = message;
    lost.failure.rank = 3;
    lost.failure.host = "n7";
    lost.failure.elapsed = 0.25;
    lost.started = 1.5e9;
    return lost;
  };
  {
    Store store = study.open(directory.path());
    store.record_attempt(attempt("first"));
    store.record_attempt(attempt("second"));
    Record failed = with(1, {2.0}, 0.0);
    failed.outcome = attempt("third").failure;
    failed.started = 1.5e9;
    store.record(failed);
    store.record(with(0, {1.0}, 1.0));
    EXPECT_THAT(error_of<StoreError>([&] {
                  Attempt beyond = attempt("none");
                  beyond.failure.index = 2;
                  store.record_attempt(beyond);
                }),
                HasSubstr("point 2 cannot be recorded"));
  }
  {  // retried by a later run, which is later in the list though its own attempts were recorded first
    Store store = study.open(directory.path());
    Attempt again = attempt("fourth");
    again.started = 1.6e9;
    store.record_attempt(again);
    store.record(with(1, {2.0}, 2.0));
  }
  run(directory.path(), Study({"x"}, {{2.0}, {1.0}}));
  const StoreReader reader(directory.path());
  EXPECT_THAT(reader.attempts(1), IsEmpty());
  const auto attempts = reader.attempts(0);
  ASSERT_EQ(attempts.size(), 4u);
  EXPECT_EQ(attempts[3].failure.message, "fourth");
  EXPECT_EQ(attempts[0].failure.message, "first");
  EXPECT_EQ(attempts[1].failure.message, "second");
  EXPECT_EQ(attempts[2].failure.message, "third");
  EXPECT_EQ(attempts[0].failure.index, 0u);
  EXPECT_EQ(attempts[0].failure.kind, FailureKind::crashed);
  EXPECT_EQ(attempts[0].failure.code, -11);
  EXPECT_EQ(attempts[0].failure.rank, 3);
  EXPECT_EQ(attempts[0].failure.host, "n7");
  EXPECT_EQ(attempts[0].failure.elapsed, 0.25);
  EXPECT_EQ(attempts[0].started, 1.5e9);
  EXPECT_TRUE(reader.find(0)->outcome.ok());
}

}  // namespace
}  // namespace windrow
