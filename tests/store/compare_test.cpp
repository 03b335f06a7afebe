// What changed between two runs, point by point.
#include "windrow/store/compare.hpp"

#include <cmath>
#include <limits>

#include "support.hpp"

namespace windrow {
namespace {

using namespace test;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

StudyIdentity study_with(const std::vector<std::string>& parameters, const std::vector<Column>& outputs) {
  StudyIdentity study;
  study.name = "bend";
  study.points = 100;
  for (const std::string& name : parameters) study.parameters.push_back({name, "m", "number"});
  study.outputs = outputs;
  return study;
}

class CompareTest : public testing::Test {
 protected:
  void first(const StudyIdentity& study, const std::vector<Record>& records) { write("first", study, records); }
  void second(const StudyIdentity& study, const std::vector<Record>& records) { write("second", study, records); }
  Comparison compared(const ComparisonOptions& options = {}) const {
    return compare_results(StoreReader(directory_.path() / "first"), StoreReader(directory_.path() / "second"),
                           options);
  }

 private:
  void write(const std::string& name, const StudyIdentity& study, const std::vector<Record>& records) {
    Store store(directory_.path() / name, study, {});
    for (const Record& record : records) store.record(record);
    store.commit();
  }

  TemporaryDirectory directory_;
};

TEST_F(CompareTest, points_are_matched_by_their_parameters_whatever_their_index_and_the_order_of_columns) {
  first(study_with({"x", "y"}, {{"f"}, {"g"}}),
        {success(0, {1.0, 2.0}, {3.0, 4.0}), success(1, {5.0, 6.0}, {7.0, 8.0})});
  second(study_with({"y", "x"}, {{"g"}, {"f"}}),
         {success(3, {6, 5}, {8.0, 7.0}), success(4, {2.0, 1.0}, {4.0, 3.0}), success(7, {2.0, 5.0}, {0.0, 0.0})});
  const Comparison result = compared();
  EXPECT_EQ(result.equal, 2U);
  EXPECT_EQ(result.points(), 2U);
  EXPECT_EQ(result.only_first.points, 0U);
  EXPECT_EQ(result.only_second.points, 1U);
  ASSERT_EQ(result.only_second.shown.size(), 1U);
  EXPECT_EQ(result.only_second.shown[0].index, 7U);
  EXPECT_FALSE(result.agrees());
}

TEST_F(CompareTest, whole_numbers_are_the_same_however_they_are_written) {
  constexpr std::int64_t large = 9007199254740993;  // the next one, 2^53, is what it is as a double
  first(study_with({"x"}, {{"f"}}), {success(0, {100000}, {1}), success(1, {-2}, {large})});
  second(study_with({"x"}, {{"f"}}), {success(0, {100000.0}, {1.0}), success(1, {-2.0}, {9007199254740992.0})});
  const Comparison result = compared();
  EXPECT_EQ(result.equal, 1U);
  EXPECT_EQ(result.different, 1U);
  EXPECT_EQ(result.outputs[0].absolute->value, 1.0);
}

TEST_F(CompareTest, the_largest_differences_are_told_and_a_tolerance_is_relative) {
  const StudyIdentity study = study_with({"x"}, {{"f"}, {"word", "", "string"}});
  std::vector<Record> earlier, later;
  for (std::uint64_t i = 0; i < 20; ++i) {
    const auto x = static_cast<double>(i);
    earlier.push_back(success(i, {x}, {100.0 * (x + 1), "a"}));
    later.push_back(success(i, {x}, {100.0 * (x + 1) + x, i == 4 ? "b" : "a"}));
  }
  first(study, earlier);
  second(study, later);
  const Comparison exact = compared();
  EXPECT_EQ(exact.equal, 1U);
  EXPECT_EQ(exact.different, 19U);
  const ComparedOutput& f = exact.outputs[0];
  EXPECT_EQ(f.different, 19U);
  EXPECT_EQ(f.absolute->point, 19U);
  EXPECT_DOUBLE_EQ(f.absolute->value, 19.0);
  EXPECT_DOUBLE_EQ(f.relative->value, 19.0 / 2019.0);
  ASSERT_EQ(f.largest.size(), 10U);
  EXPECT_EQ(f.largest.front().point.first, 19U);
  EXPECT_EQ(f.largest.back().point.first, 10U);
  EXPECT_EQ(exact.outputs[1].different, 1U);
  EXPECT_FALSE(exact.outputs[1].absolute);
  EXPECT_EQ(exact.outputs[1].largest[0].second.text(), "b");
  EXPECT_EQ(compared({.outputs = {"f"}, .tolerance = 0.009}).different, 10U);
  EXPECT_TRUE(compared({.outputs = {"f"}, .tolerance = 0.01}).agrees());
  EXPECT_EQ(compared({.tolerance = 0.01}).different, 1U);  // a text differs whatever the tolerance
}

TEST_F(CompareTest, nan_equals_nan_and_large_integers_are_told_apart) {
  const StudyIdentity study = study_with({"x"}, {{"f"}});
  const std::int64_t large = 9007199254740992;
  first(study, {success(0, {0}, {kNaN}), success(1, {1}, {kNaN}), success(2, {2}, {large}), success(3, {3}, {2}),
                success(4, {4}, {-0.0})});
  second(study, {success(0, {0}, {kNaN}), success(1, {1}, {1.0}), success(2, {2}, {large + 1}), success(3, {3}, {2.0}),
                 success(4, {4}, {0.0})});
  const Comparison result = compared();
  EXPECT_EQ(result.equal, 3U);
  ASSERT_EQ(result.outputs[0].largest.size(), 2U);
  EXPECT_EQ(result.outputs[0].largest[0].point.first, 1U);
  EXPECT_TRUE(std::isinf(result.outputs[0].largest[0].relative));
  EXPECT_EQ(result.outputs[0].largest[1].absolute, 1.0);
  EXPECT_EQ(compared({.tolerance = 1e-9}).different, 1U);
}

TEST_F(CompareTest, failures_are_told_with_their_reason) {
  const StudyIdentity study = small_study();
  first(study, {point(0), failure(1), failure(2), failure(3)});
  second(study, {failure(0), point(1), failure(2), failure(3, FailureKind::timed_out)});
  const Comparison result = compared();
  EXPECT_EQ(result.failed_alike, 1U);
  ASSERT_EQ(result.failed_in_second.points, 1U);
  EXPECT_FALSE(result.failed_in_second.shown[0].first);
  EXPECT_EQ(result.failed_in_second.shown[0].second->message, "went wrong");
  EXPECT_EQ(result.failed_in_first.shown.at(0).point.first, 1U);
  EXPECT_EQ(result.failed_otherwise.shown.at(0).second->kind, FailureKind::timed_out);
  EXPECT_FALSE(result.agrees());
}

TEST_F(CompareTest, a_column_that_one_alone_has) {
  first(study_with({"x"}, {{"f"}}), {success(0, {1.0}, {3.0}), success(1, {2.0}, {4.0})});
  second(study_with({"x", "nu"}, {{"f", "N"}, {"g"}}),
         {success(0, {1.0, 0.3}, {3.0, 1.0}), success(1, {2.0, 0.4}, {4.0, 1.0})});
  const Comparison result = compared();
  EXPECT_EQ(result.equal, 2U);  // x alone tells the points of both runs apart
  EXPECT_THAT(result.only_first.parameters, IsEmpty());
  EXPECT_THAT(result.only_second.parameters, ElementsAre("nu"));
  EXPECT_THAT(result.only_second.outputs, ElementsAre("g"));
  EXPECT_FALSE(result.agrees());
  EXPECT_TRUE(compared({.outputs = {"f"}}).agrees());
  ASSERT_EQ(result.units.size(), 1U);
  EXPECT_EQ(result.units[0].second, "N");
  EXPECT_THAT(error_of<SpecError>([&] { compared({.outputs = {"h"}}); }), HasSubstr("neither run has an output `h`"));
}

TEST_F(CompareTest, points_that_only_a_parameter_of_one_run_tells_apart_are_matched_with_none) {
  first(study_with({"x"}, {{"f"}}), {success(0, {1.0}, {3.0}), success(1, {2.0}, {4.0})});
  second(study_with({"x", "nu"}, {{"f"}}),
         {success(0, {1.0, 0.3}, {3.0}), success(1, {1.0, 0.4}, {4.0}), success(2, {2.0, 0.3}, {4.0})});
  const Comparison result = compared();
  EXPECT_EQ(result.equal, 1U);
  EXPECT_EQ(result.only_first.points, 1U);
  EXPECT_EQ(result.only_first.ambiguous, 0U);
  EXPECT_EQ(result.only_second.points, 2U);
  EXPECT_EQ(result.only_second.ambiguous, 2U);
}

TEST_F(CompareTest, equal_points_are_matched_in_the_order_of_their_indices) {
  const StudyIdentity study = study_with({"x"}, {{"f"}});
  first(study, {success(0, {1.0}, {3.0}), success(5, {1.0}, {4.0}), success(7, {1.0}, {5.0})});
  second(study, {success(2, {1.0}, {3.0}), success(3, {1.0}, {4.0})});
  const Comparison result = compared();
  EXPECT_EQ(result.equal, 2U);
  EXPECT_EQ(result.only_first.points, 1U);
  ASSERT_EQ(result.only_first.shown.size(), 1U);
  EXPECT_EQ(result.only_first.shown[0].index, 7U);
}

TEST_F(CompareTest, arrays_are_told_by_their_checksums) {
  const StudyIdentity study = study_with({"x"}, {{"f"}, {"a", "", "array"}, {"b", "", "array"}});
  const Array two(std::vector<double>{1.0, 2.0});
  const Array three(std::vector<double>{1.0, 2.0, 3.0});
  first(study, {success(0, {1.0}, {3.0, two, two}), success(1, {2.0}, {3.0, kNaN, two})});
  second(study, {success(0, {1.0}, {3.0, two, three}), success(1, {2.0}, {3.0, two, two})});
  const Comparison result = compared();
  EXPECT_EQ(result.outputs[0].different, 0U);
  EXPECT_EQ(result.outputs[1].different, 1U);  // it is missing in one
  ASSERT_EQ(result.outputs[2].different, 1U);
  EXPECT_THAT(result.outputs[2].largest[0].first.text(), HasSubstr("2 <f8, checksum "));
  EXPECT_THAT(result.outputs[2].largest[0].second.text(), HasSubstr("3 <f8, checksum "));
}

}  // namespace
}  // namespace windrow
