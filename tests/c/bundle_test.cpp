// Bundles and correlations through the C interface.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <memory>
#include <vector>

#include "windrow/windrow.h"

namespace {

using testing::ElementsAre;
using testing::HasSubstr;

struct FreeDesign {
  void operator()(windrow_design* design) const { windrow_design_free(design); }
};
using OwnedDesign = std::unique_ptr<windrow_design, FreeDesign>;

constexpr double kMaterials[] = {210e9, 0.3, 70e9, 0.33};

OwnedDesign beams() {
  windrow_design* design = nullptr;
  EXPECT_EQ(windrow_design_create(&design), WINDROW_OK);
  EXPECT_EQ(windrow_design_add_linear(design, "x", 1, 2, 2), WINDROW_OK);
  EXPECT_EQ(windrow_design_set_nominal(design, 1), WINDROW_OK);
  EXPECT_EQ(windrow_design_add_bundle(design, "material", "steel, aluminium", "E, nu", 4, kMaterials), WINDROW_OK)
      << windrow_last_error();
  return OwnedDesign(design);
}

std::vector<double> point_of(const windrow_design* design, std::uint64_t index, std::size_t parameters) {
  std::vector<double> values(parameters + 1, -1.0);
  EXPECT_EQ(windrow_design_point(design, index, values.data()), WINDROW_OK) << windrow_last_error();
  EXPECT_EQ(values.back(), -1.0);  // nothing was written behind them
  values.pop_back();
  return values;
}

int stiffness(windrow_point*, const double* parameters, double* outputs, void*, void*) {
  outputs[0] = parameters[0] * parameters[2] + parameters[1];
  return 0;
}

TEST(CBundleTest, an_entry_is_its_place_and_its_fields) {
  const OwnedDesign design = beams();
  EXPECT_EQ(windrow_design_set_field_unit(design.get(), "E", "Pa"), WINDROW_OK);
  EXPECT_THAT(point_of(design.get(), 1, 4), ElementsAre(1.0, 1.0, 70e9, 0.33));
  EXPECT_THAT(point_of(design.get(), 2, 4), ElementsAre(2.0, 0.0, 210e9, 0.3));
  EXPECT_EQ(windrow_design_add_derived(design.get(), "twice", "2 * material.E"), WINDROW_OK);
  EXPECT_EQ(windrow_design_add_where(design.get(), "material != \"steel\""), WINDROW_OK);
  EXPECT_THAT(point_of(design.get(), 1, 5), ElementsAre(2.0, 1.0, 70e9, 0.33, 140e9));
}

TEST(CBundleTest, evaluations_get_them_too) {
  const OwnedDesign design = beams();
  windrow_sweep* sweep = nullptr;
  ASSERT_EQ(windrow_sweep_create(&sweep, design.get()), WINDROW_OK);
  EXPECT_EQ(windrow_sweep_add_output(sweep, "k", nullptr), WINDROW_OK);
  windrow_manager* manager = nullptr;
  EXPECT_EQ(windrow_manager_create_serial(&manager), WINDROW_OK);
  windrow_result* result = nullptr;
  EXPECT_EQ(windrow_sweep_run(sweep, manager, stiffness, nullptr, &result), WINDROW_OK) << windrow_last_error();
  double k = 0.0;
  EXPECT_EQ(windrow_result_outputs(result, 3, &k), WINDROW_OK);
  EXPECT_EQ(k, 140e9 + 1.0);
  windrow_result_free(result);
  windrow_manager_free(manager);
  windrow_sweep_free(sweep);
}

TEST(CBundleTest, a_nominal_entry_is_said_by_its_place) {
  const OwnedDesign design = beams();
  EXPECT_EQ(windrow_design_set_nominal(design.get(), 2), WINDROW_SPEC_ERROR);
  EXPECT_STREQ(windrow_last_error(), "`material` has the entries 0 to 1, and none 2");
  EXPECT_EQ(windrow_design_set_nominal(design.get(), std::nan("")), WINDROW_SPEC_ERROR);
  EXPECT_EQ(windrow_design_set_nominal(design.get(), 1), WINDROW_OK);
  EXPECT_EQ(windrow_design_set_field_unit(design.get(), "nu", ""), WINDROW_OK);  // which keeps it
  EXPECT_EQ(windrow_design_set_method(design.get(), "one_at_a_time", 0, 0), WINDROW_OK);
  EXPECT_THAT(point_of(design.get(), 0, 4), ElementsAre(1.0, 1.0, 70e9, 0.33));
  EXPECT_THAT(point_of(design.get(), 2, 4), ElementsAre(1.0, 0.0, 210e9, 0.3));
}

TEST(CBundleTest, mistakes_are_told) {
  const OwnedDesign design = beams();
  EXPECT_EQ(windrow_design_add_bundle(design.get(), "b", "one, two", "E", 3, kMaterials), WINDROW_SPEC_ERROR);
  EXPECT_STREQ(windrow_last_error(), "parameter `b`: 3 values, but 2 are needed: one for each field of each entry");
  EXPECT_EQ(windrow_design_add_bundle(design.get(), "b", "one, one", "E", 2, kMaterials), WINDROW_SPEC_ERROR);
  EXPECT_EQ(windrow_design_set_field_unit(design.get(), "F", "Pa"), WINDROW_SPEC_ERROR);
  EXPECT_THAT(windrow_last_error(), HasSubstr("there is no field `F`"));
  EXPECT_EQ(windrow_design_add_linear(design.get(), "y", 0, 1, 2), WINDROW_OK);
  EXPECT_EQ(windrow_design_set_field_unit(design.get(), "E", "Pa"), WINDROW_SPEC_ERROR);
  EXPECT_STREQ(windrow_last_error(), "`y` is no bundle, and has no fields");
}

/// Spearman's correlation of two columns without ties.
double rank_correlation(const std::vector<double>& x, const std::vector<double>& y) {
  const auto ranks = [](const std::vector<double>& values) {
    std::vector<double> found;
    for (const double value : values) {
      found.push_back(static_cast<double>(std::ranges::count_if(values, [&](double other) { return other < value; })));
    }
    return found;
  };
  const std::vector<double> a = ranks(x), b = ranks(y);
  double squares = 0.0;
  for (std::size_t i = 0; i < a.size(); ++i) squares += (a[i] - b[i]) * (a[i] - b[i]);
  const auto n = static_cast<double>(a.size());
  return 1.0 - 6.0 * squares / (n * (n * n - 1.0));
}

TEST(CCorrelationTest, ranks_correlate_and_mistakes_are_told_when_the_design_is_used) {
  windrow_design* made = nullptr;
  ASSERT_EQ(windrow_design_create(&made), WINDROW_OK);
  const OwnedDesign design(made);
  for (const char* name : {"k", "m", "c"}) EXPECT_EQ(windrow_design_add_uniform(made, name, 0, 1), WINDROW_OK);
  EXPECT_EQ(windrow_design_set_method(made, "monte_carlo", 1000, 7), WINDROW_OK);
  EXPECT_EQ(windrow_design_add_correlation(made, "k", "m", 0.8), WINDROW_OK);
  std::vector<double> k, m, c;
  for (std::uint64_t i = 0; i < 1000; ++i) {
    const std::vector<double> point = point_of(made, i, 3);
    k.push_back(point[0]);
    m.push_back(point[1]);
    c.push_back(point[2]);
  }
  EXPECT_NEAR(rank_correlation(k, m), 0.8, 0.05);
  EXPECT_NEAR(rank_correlation(k, c), 0.0, 0.1);
  std::uint64_t points = 0;
  EXPECT_EQ(windrow_design_add_correlation(made, "k", nullptr, 0.1), WINDROW_SPEC_ERROR);
  EXPECT_EQ(windrow_design_add_correlation(made, "k", "n", 0.1), WINDROW_OK);
  EXPECT_EQ(windrow_design_size(made, &points), WINDROW_SPEC_ERROR);
  EXPECT_THAT(windrow_last_error(), HasSubstr("`n` is no parameter that is drawn"));
}

}  // namespace
