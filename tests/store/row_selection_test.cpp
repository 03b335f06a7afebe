#include "windrow/store/row_selection.hpp"

#include <limits>
#include <sstream>

#include "support.hpp"
#include "windrow/store/export.hpp"

namespace windrow {
namespace {

using namespace test;
using testing::AllOf;
using testing::HasSubstr;

/// Numbers, texts and truth values, some of them missing.
class RowSelectionTest : public testing::Test {
 protected:
  RowSelectionTest() {
    StudyIdentity study;
    study.name = "rods";
    study.points = 10;
    study.parameters = {{"x", "m", "number", ""}, {"metal", "", "string", ""}};
    study.outputs = {{"y", "", "number", ""}, {"ok", "", "boolean", ""}, {"note", "", "string", ""}};
    const double nan = std::numeric_limits<double>::quiet_NaN();
    Store store(directory_.path(), study, {});
    store.record(success(0, {1.0, "steel"}, {3.0, true, "b"}));
    store.record(success(1, {2.0, "lead"}, {-0.5, false, nan}));  // the note is optional
    store.record(success(2, {3.0, "steel"}, {nan, true, "a"}));
    Record failed = failure(3, FailureKind::timed_out);
    failed.parameters = {4.0, "lead"};
    store.record(failed);
    store.record(success(5, {5.0, "銅"}, {3.0, true, ""}));
  }

  std::string csv(const RowSelection& selection) const {
    const NestedReader results(directory_.path());
    std::ostringstream out;
    export_csv(SelectedRows(results, selection), out, CsvBytes::escaped);
    return out.str();
  }
  /// The indices of the rows, in their order.
  std::string indices(const std::string& where, const std::string& sort = "") const {
    std::string text = csv({{"index"}, where, sort}).substr(6);  // "index\n"
    std::replace(text.begin(), text.end(), '\n', ' ');
    return text;
  }
  std::string error(const RowSelection& selection) const {
    return error_of<SpecError>([&] { csv(selection); });
  }

  TemporaryDirectory directory_;
};

TEST_F(RowSelectionTest, without_a_choice_it_is_the_export) {
  std::ostringstream out;
  export_csv(StoreReader(directory_.path()), out);
  EXPECT_EQ(csv({}), out.str());
}

TEST_F(RowSelectionTest, columns_are_those_that_are_named_in_this_order) {
  EXPECT_EQ(csv({{"y", "status", "x"}}),
            "y,status,x\n3,ok,1.0\n-0.5,ok,2.0\nnan,ok,3.0\nnan,timed_out,4.0\n3,ok,5.0\n");
  EXPECT_THAT(error({{"x", "metall"}}),
              HasSubstr("no column `metall`; did you mean `metal`?; there are index, x, metal, y, ok, note, status"));
  EXPECT_THAT(error({{"x", "y", "x"}}), HasSubstr("`x` stands twice"));
}

TEST_F(RowSelectionTest, a_condition_refuses_numbers_that_would_lose_digits) {
  const TemporaryDirectory other;
  StudyIdentity study;
  study.points = 1;
  study.parameters = {{"seed", "", "integer", ""}};
  study.outputs = {{"y", "", "number", ""}};
  { Store(other.path(), study, {}).record(success(0, {9007199254740993}, {1.0})); }
  const auto count = [](const std::filesystem::path& results, const std::string& where) {
    const NestedReader table(results);
    std::ostringstream out;
    export_csv(SelectedRows(table, {{}, where, ""}), out, CsvBytes::escaped);
    return std::ranges::count(out.str(), '\n');
  };
  EXPECT_EQ(count(other.path(), "y > 0"), 2);
  EXPECT_EQ(count(other.results(), "y > 0"), 2) << "the results file itself";
  EXPECT_EQ(error_of<SpecError>([&] { count(other.path(), "seed > 5"); }),
            "`where`: 9007199254740993 has more digits than a number of an expression");
}

TEST_F(RowSelectionTest, a_condition_does_not_hold_where_a_value_is_missing) {
  EXPECT_EQ(indices("y > 1"), "0 5 ");
  EXPECT_EQ(indices("!(y > 1)"), "1 ") << "neither the NaN nor the point that failed";
  EXPECT_EQ(indices("note != 'b'"), "2 5 ") << "an empty text is there";
  EXPECT_EQ(indices("metal == 'steel' || metal == '銅'"), "0 2 5 ");
  EXPECT_EQ(indices("ok && index < 5"), "0 2 ");
  EXPECT_EQ(indices("status != 'ok'"), "3 ");
  EXPECT_EQ(indices("x > 100"), "");
}

TEST_F(RowSelectionTest, a_wrong_condition_is_told_with_its_place) {
  EXPECT_THAT(error({{}, "y >"}), AllOf(HasSubstr("`where`"), HasSubstr("\"y >\""), HasSubstr("end after >")));
  EXPECT_THAT(error({{}, "z > 1"}), HasSubstr("`z` in `z > 1` is no column"));
  EXPECT_THAT(error({{}, "metal > 1"}), HasSubstr("`metal` in `metal > 1` is a text"));
  EXPECT_THAT(error({{}, "note"}), HasSubstr("neither holds nor not"));
}

TEST_F(RowSelectionTest, rows_are_sorted_with_what_is_missing_last) {
  EXPECT_EQ(indices("", "y"), "1 0 5 2 3 ") << "equal ones by index";
  EXPECT_EQ(indices("", "-y"), "0 5 1 2 3 ");
  EXPECT_EQ(indices("", "note"), "5 2 0 1 3 ");
  EXPECT_EQ(indices("", "-ok"), "0 2 5 1 3 ");
  EXPECT_EQ(indices("x < 5", "-index"), "3 2 1 0 ");
  EXPECT_THAT(error({{}, "", "-z"}), HasSubstr("no column `z`"));
}

TEST_F(RowSelectionTest, the_first_rows_and_how_many_there_are) {
  const NestedReader results(directory_.path());
  const auto first = [&](const RowSelection& selection) {
    std::string text;
    const auto index = [](const SelectedRow& row) { return std::to_string(row.row.record.index) + ' '; };
    const auto take = [&](std::string_view one) {
      text += one;
      return true;
    };
    const std::uint64_t rows = SelectedRows(results, selection).for_each_text(index, take, 2);
    return text + "of " + std::to_string(rows);
  };
  EXPECT_EQ(first({}), "0 1 of 5");
  EXPECT_EQ(first({{}, "x > 2"}), "2 3 of 3");
  EXPECT_EQ(first({{}, "", "-x"}), "5 3 of 5");
}

TEST_F(RowSelectionTest, rows_that_were_changed_are_not_shown) {
  query(directory_.results(), "UPDATE results SET o0 = 4 WHERE \"index\" = 5");
  EXPECT_THAT(error_of<StoreError>([&] { csv({{"x"}, "", "y"}); }), HasSubstr("point 5"));
}

TEST(SortedRowsTest, many_rows_are_sorted_in_a_temporary_file) {
  const TemporaryDirectory directory;
  constexpr std::uint64_t points = 50'000;
  {
    Store store(directory.path(), small_study(points), {});
    for (std::uint64_t i = 0; i < points; ++i) {
      store.record(success(i, {0.0, 0.5}, {static_cast<double>(i * 7919 % points)}));
    }
  }
  const NestedReader results(directory.path());
  double before = static_cast<double>(points);
  std::uint64_t rows = 0;
  const auto gain = [](const SelectedRow& row) { return row.cells[0].value->written() + std::string(200, ' '); };
  SelectedRows(results, {{"gain"}, "", "-gain"}).for_each_text(gain, [&](std::string_view text) {
    const double value = std::stod(std::string(text));
    EXPECT_LT(value, before);
    before = value;
    ++rows;
    return true;
  });
  EXPECT_EQ(rows, points);
}

}  // namespace
}  // namespace windrow
