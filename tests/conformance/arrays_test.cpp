#include <gtest/gtest.h>
#include <stdlib.h>

#include <cmath>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <stdexcept>
#include <string>

#include "conformance/conformance.hpp"
#include "conformance/shared_directory.hpp"
#include "windrow/arrays/npy.hpp"
#include "windrow/run/sweep.hpp"
#include "windrow/store/export.hpp"

namespace windrow {
namespace {

using test::manager;
using test::SharedDirectory;

constexpr std::uint64_t kPoints = 24;

/// From nothing to some MB, so that some take one piece and some many.
std::size_t rows_of(std::uint64_t x) {
  return x % 8 == 7 ? 150'000 : static_cast<std::size_t>(x * 100);
}

Array field_of(const Point& p) {
  const auto x = static_cast<std::uint64_t>(p["x"].integer());
  const std::size_t rows = rows_of(x);
  std::vector<double> values(2 * rows);
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<double>(x) + 1e-3 * static_cast<double>(i);
  return {std::move(values), {rows, 2}};
}

Array trace_of(const Point& p) {
  return Array({p["x"].number(), -0.0, std::nan("")});
}

std::vector<Value> evaluate(int&, const Point& p) {
  if (p["x"].integer() == 5) throw std::runtime_error("diverged");
  return {field_of(p), p["x"], trace_of(p)};
}

int build() {
  return 0;
}

Design design() {
  return zip({linear("x", 0, kPoints - 1, kPoints)});
}

Sweep array_sweep(std::optional<Isolated> isolated = {}) {
  return {design(),
          build,
          evaluate,
          {{"field", "K", "array", ""}, {"number", "", "number", ""}, {"trace", "", "array", ""}},
          {.isolated = isolated}};
}

std::string bytes_of(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::string npy_bytes(const Array& array) {
  std::string bytes = npy::header_of_doubles(array.shape);
  bytes.append(reinterpret_cast<const char*>(array.values.data()), array.values.size() * sizeof(double));
  return bytes;
}

/// The files are the same bytes wherever they were computed and however they came.
void expect_files(const std::filesystem::path& store) {
  const StoreReader reader(store);
  for (std::uint64_t i = 0; i < kPoints; ++i) {
    const Point point = design().point(i);
    const std::string name = std::to_string(i) + ".npy";
    if (i == 5) {
      EXPECT_FALSE(std::filesystem::exists(store / "arrays" / "field" / name));
      continue;
    }
    EXPECT_TRUE(bytes_of(store / "arrays" / "field" / name) == npy_bytes(field_of(point))) << i;
    EXPECT_TRUE(bytes_of(store / "arrays" / "trace" / name) == npy_bytes(trace_of(point))) << i;
    EXPECT_TRUE(reader.array(i, "field") == field_of(point)) << i;
    EXPECT_EQ(reader.find(i)->outcome.value()[1], static_cast<double>(i));
  }
  EXPECT_FALSE(std::filesystem::exists(store / "arrays.incoming"));
}

void expect_result(const SweepResult& result) {
  EXPECT_EQ(result.succeeded, kPoints - 1);
  EXPECT_EQ(result.failed, 1U);
}

TEST(ArraysTest, files_hold_the_same_bytes_whoever_wrote_them) {
  const SharedDirectory directory;
  expect_result(array_sweep().run(manager(), {.store = directory / "results"}));
  if (manager().is_root()) expect_files(directory / "results");
}

TEST(ArraysTest, arrays_that_travel_through_the_root_are_the_same) {
  const SharedDirectory directory;
  expect_result(array_sweep().run(manager(), {.store = directory / "results", .arrays_through_root = true}));
  if (manager().is_root()) expect_files(directory / "results");
}

TEST(ArraysTest, isolated_evaluations_give_the_same_arrays) {
  for (const bool through_root : {false, true}) {
    const SharedDirectory directory;
    SweepOptions options;
    options.store = directory / "results";
    options.arrays_through_root = through_root;
    expect_result(array_sweep(Isolated{}).run(manager(), options));
    if (manager().is_root()) expect_files(directory / "results");
  }
}

TEST(ArraysTest, without_a_store_arrays_are_in_the_outcomes) {
  for (const auto& isolated : {std::optional<Isolated>(), std::optional(Isolated{})}) {
    const SweepResult result = array_sweep(isolated).run(manager());
    expect_result(result);
    for (std::uint64_t i = 0; i < result.outcomes.size(); ++i) {
      if (i == 5) continue;
      const Point point = design().point(i);
      EXPECT_TRUE(result.outcomes[i].value()[0] == Value(field_of(point))) << i;
      EXPECT_TRUE(result.outcomes[i].value()[2] == Value(trace_of(point))) << i;
    }
  }
}

TEST(ArraysTest, a_point_whose_array_was_lost_runs_again_when_asked_for) {
  const SharedDirectory directory;
  const auto store = directory / "results";
  array_sweep().run(manager(), {.store = store});
  if (manager().is_root()) {
    std::filesystem::remove(store / "arrays" / "field" / "3.npy");
    std::filesystem::resize_file(store / "arrays" / "trace" / "15.npy", 130);
  }
  EXPECT_EQ(array_sweep().run(manager(), {.store = store}).evaluated, 0U);
  const SweepResult again = array_sweep().run(manager(), {.store = store, .retry_failed = true});
  EXPECT_EQ(again.evaluated, 3U);  // the one that failed, too
  expect_result(again);
  if (manager().is_root()) expect_files(store);
}

TEST(ArraysTest, a_store_that_fails_while_arrays_travel_stops_every_rank_and_the_next_run_completes) {
  const SharedDirectory directory;
  SweepOptions options;
  options.store = directory / "results";
  options.arrays_through_root = true;
  options.on_progress = [](const Progress& progress) {
    if (progress.evaluated > 0) throw StoreError("disk full");  // as the root's store would
  };
  Sweep sweep = array_sweep();
  if (manager().is_root()) {
    EXPECT_THROW(sweep.run(manager(), options), StoreError);
  } else {
    EXPECT_THROW(sweep.run(manager(), options), RootFailed);
  }
  expect_result(array_sweep().run(manager(), {.store = directory / "results", .arrays_through_root = true}));
  if (manager().is_root()) expect_files(directory / "results");
}

TEST(ArraysTest, what_is_no_array_is_a_bad_output) {
  Sweep sweep(
      zip({linear("x", 0, 2, 3)}), [] { return 0; },
      [](int&, const Point& p) { return p["x"].integer() == 1 ? Value(1.0) : Value(Array({1.0})); },
      {{"field", "", "array", ""}});
  const SweepResult result = sweep.run(manager());
  EXPECT_EQ(result.succeeded, 2U);
  if (manager().is_root()) {
    EXPECT_EQ(result.failures.front().kind, FailureKind::bad_output);
    EXPECT_EQ(result.failures.front().message, "output `field` is of type array, but the evaluation gave `1.0`");
  }
}

TEST(ArraysTest, names_that_are_no_directories_and_types_that_are_none_are_refused) {
  const auto with = [](const Column& output) { Sweep(zip({linear("x", 0, 2, 3)}), build, evaluate, {output}); };
  EXPECT_THROW(with({"../field", "", "array", ""}), SpecError);
  EXPECT_THROW(with({"", "", "array", ""}), SpecError);
  EXPECT_THROW(Sweep(design(), build, evaluate, {{"field", "", "array", ""}, {"field", "", "number", ""}}), SpecError);
  EXPECT_THROW(with({"field", "", "arrays", ""}), SpecError);
}

TEST(ArraysTest, files_of_programs_are_kept_as_they_are_and_texts_become_arrays) {
  for (const bool through_root : {false, true}) {
    const SharedDirectory directory;
    const auto store = directory / "results";
    CommandSpec spec;
    // A matrix of single precision, 1 x 2, in NumPy's format, and a text.
    spec.run = std::string(
        "head=\"{'descr': '<f4', 'fortran_order': False, 'shape': (1, 2), }\"; "
        "printf '\\223NUMPY\\1\\0\\074\\0%s\\n\\0\\0\\200\\077\\0\\0\\0\\100' \"$head\" > field.npy; "
        "mkdir out; printf '1 {{x}}\\n3 4\\n' > out/table.txt; echo x={{x}}");
    spec.outputs = {{"field", ArraySource{"field.npy"}, "array"},
                    {"x_back", RegexSource{"stdout", "x=(\\S+)"}, "number"},
                    {"table", ArraySource{"out/table.txt"}, "array"}};
    spec.study_directory = directory / "";
    spec.points_directory = store / "points";
    const Design points = zip({linear("x", 0, 5, 6)});
    Sweep sweep(points, Command(spec, points));
    const SweepResult result = sweep.run(manager(), {.store = store, .arrays_through_root = through_root});
    EXPECT_EQ(result.succeeded, 6U);
    if (!manager().is_root()) continue;
    for (const TaskFailure& failure : result.failures) ADD_FAILURE() << describe(failure);
    const StoreReader reader(store);
    for (std::uint64_t i = 0; i < 6; ++i) {
      EXPECT_EQ(reader.array_file(i, "field").type, "<f4");
      EXPECT_EQ(reader.array(i, "field"), Array({1.0, 2.0}, {1, 2}));
      EXPECT_EQ(reader.array(i, "table"), Array({1.0, static_cast<double>(i), 3.0, 4.0}, {2, 2}));
      EXPECT_EQ(reader.find(i)->outcome.value()[1], static_cast<double>(i));
    }
    EXPECT_TRUE(std::filesystem::is_empty(store / "points"));
    std::ostringstream csv;
    export_csv(reader, csv);
    EXPECT_NE(csv.str().find("3,3,arrays/field/3.npy,3,arrays/table/3.npy,ok\n"), std::string::npos) << csv.str();
  }
}

}  // namespace
}  // namespace windrow
