#include "windrow/analysis/sensitivity.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <limits>
#include <numbers>
#include <vector>

#include "error_of.hpp"
#include "windrow/design/random.hpp"
#include "windrow/error.hpp"

namespace windrow {
namespace {

using test::error_of;
using Function = std::function<double(const std::vector<double>&)>;

/// Outputs of A, B, AB_1 ... AB_d (, BA_1 ... BA_d) for each base point; inputs are uniform in (0, 1).
std::vector<double> saltelli_outputs(const Function& f, std::size_t d, std::size_t bases, bool second_order,
                                     std::uint64_t seed = 1) {
  std::vector<double> outputs;
  for (std::uint64_t n = 0; n < bases; ++n) {
    std::vector<double> a, b;
    for (std::uint64_t i = 0; i < d; ++i) {
      a.push_back(rng::uniform(seed, i, n));
      b.push_back(rng::uniform(seed, d + i, n));
    }
    outputs.push_back(f(a));
    outputs.push_back(f(b));
    const auto mixed = [&](std::vector<double> of, const std::vector<double>& other, std::size_t i) {
      of[i] = other[i];
      outputs.push_back(f(of));
    };
    for (std::size_t i = 0; i < d; ++i) mixed(a, b, i);
    for (std::size_t i = 0; second_order && i < d; ++i) mixed(b, a, i);
  }
  return outputs;
}

double ishigami(const std::vector<double>& u) {
  const auto x = [&](std::size_t i) { return std::numbers::pi * (2.0 * u[i] - 1.0); };
  return std::sin(x(0)) + 7.0 * std::pow(std::sin(x(1)), 2) + 0.1 * std::pow(x(2), 4) * std::sin(x(0));
}

// Ishigami & Homma 1990, a = 7, b = .1, whose indices are known.
TEST(SobolTest, ishigami) {
  const SobolIndices indices = sobol_indices(saltelli_outputs(ishigami, 3, 8192, true), 3, true);
  constexpr double first[] = {0.3139051911, 0.4424111448, 0.0}, total[] = {0.5575888552, 0.4424111448, 0.2436836641};
  EXPECT_NEAR(indices.mean, 3.5, 0.1);
  EXPECT_NEAR(indices.variance, 13.8445879407, 0.3);
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_NEAR(indices.first[i].value, first[i], 0.04) << i;
    EXPECT_NEAR(indices.total[i].value, total[i], 0.04) << i;
    EXPECT_LT(indices.first[i].interval.low, indices.first[i].interval.high) << i;
  }
  EXPECT_NEAR(indices.second[0][2].value, 0.2436836641, 0.06);
  EXPECT_NEAR(indices.second[0][1].value, 0.0, 0.06);
  EXPECT_EQ(indices.used, 8192U);
  EXPECT_EQ(indices.incomplete, 0U);
}

TEST(SobolTest, intervals_have_the_index_as_often_as_they_say) {
  const Function f = [](const std::vector<double>& u) { return u[0] + 2.0 * u[1] + u[0] * u[1]; };
  // Of y = a + 2 b + a b, a and b uniform: variances of the parts 25/48, 9/48 and 1/144.
  const double variance = 25.0 / 48.0 + 9.0 / 48.0 + 1.0 / 144.0;
  int first = 0, total = 0;
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    const SobolIndices one = sobol_indices(saltelli_outputs(f, 2, 512, false, seed), 2, false, 0.95, 300, seed);
    const auto has = [](const ConfidenceInterval& interval, double x) {
      return interval.low <= x && x <= interval.high;
    };
    first += has(one.first[1].interval, 25.0 / 48.0 / variance) ? 1 : 0;
    total += has(one.total[0].interval, (9.0 / 48.0 + 1.0 / 144.0) / variance) ? 1 : 0;
  }
  EXPECT_GE(first, 180);
  EXPECT_LE(first, 200);
  EXPECT_GE(total, 180);
}

TEST(SobolTest, incomplete_base_points_are_left_out_and_counted) {
  std::vector<double> outputs = saltelli_outputs(ishigami, 3, 64, false);
  outputs[7] = std::nan("");  // of the second base point
  const SobolIndices indices = sobol_indices(outputs, 3);
  EXPECT_EQ(indices.used, 63U);
  EXPECT_EQ(indices.incomplete, 1U);
  outputs.erase(outputs.begin() + 5, outputs.begin() + 10);
  EXPECT_EQ(sobol_indices(outputs, 3).first[0].value, indices.first[0].value);
}

TEST(SobolTest, large_outputs_lose_nothing) {
  const Function far = [](const std::vector<double>& u) { return 1e9 + ishigami(u); };
  const SobolIndices near_by = sobol_indices(saltelli_outputs(ishigami, 3, 1024, false), 3);
  const SobolIndices indices = sobol_indices(saltelli_outputs(far, 3, 1024, false), 3);
  EXPECT_NEAR(indices.first[0].value, near_by.first[0].value, 1e-4);
  EXPECT_NEAR(indices.mean, 1e9 + near_by.mean, 1e-5);
}

TEST(SobolTest, another_number_of_outputs_is_refused) {
  const std::vector<double> outputs(11, 1.0);
  EXPECT_THAT(error_of<SpecError>([&] { sobol_indices(outputs, 3); }),
              testing::HasSubstr("3 inputs need a multiple of 5 outputs, not 11"));
}

TEST(BinsTest, first_order_from_any_sample) {
  DataColumn x0{"x0"}, x2{"x2"}, group{"group", "", {}, {"a", "b"}};
  std::vector<double> y;
  for (std::uint64_t n = 0; n < 20000; ++n) {
    const std::vector<double> u{rng::uniform(2, 0, n), rng::uniform(2, 1, n), rng::uniform(2, 2, n)};
    x0.numbers.push_back(u[0]);
    x2.numbers.push_back(u[2]);
    group.numbers.push_back(u[0] < 0.5 ? 1.0 : 0.0);
    y.push_back(ishigami(u));
  }
  EXPECT_NEAR(first_order_by_bins(x0, y), 0.3139, 0.02);
  EXPECT_NEAR(first_order_by_bins(x2, y), 0.0, 0.005);
  // The mean of x0's part differs in sign only: (2/pi (1 + b pi^4 / 5))^2 of the variance.
  const double mean = 2.0 / std::numbers::pi * (1.0 + 0.1 * std::pow(std::numbers::pi, 4) / 5.0);
  EXPECT_NEAR(first_order_by_bins(group, y), mean * mean / 13.8445879407, 0.02);
}

// y = x0 + 2 x1^2 on trajectories in [0, 2]^2 with step 1: effects in units of the range, 2.
TEST(MorrisTest, effects_of_two_trajectories) {
  const std::vector<std::vector<double>> x{{0, 1, 1, 2, 1, 1}, {0, 0, 1, 1, 1, 2}};
  std::vector<double> y;
  for (std::size_t i = 0; i < 6; ++i) y.push_back(x[0][i] + 2.0 * x[1][i] * x[1][i]);
  const auto effects = elementary_effects(x, y);
  EXPECT_EQ(effects[0].count, 3U);
  EXPECT_DOUBLE_EQ(effects[0].mean, 2.0);
  EXPECT_DOUBLE_EQ(effects[0].sd, 0.0);
  EXPECT_EQ(effects[1].count, 2U);  // 2 * 2 and 6 * 2
  EXPECT_DOUBLE_EQ(effects[1].mean, 8.0);
  EXPECT_DOUBLE_EQ(effects[1].mean_absolute, 8.0);
  EXPECT_DOUBLE_EQ(effects[1].sd, std::sqrt(32.0));
}

TEST(MorrisTest, failed_points_and_steps_of_two_inputs_are_no_effects) {
  const std::vector<std::vector<double>> x{{0, 1, 0, 1}, {0, 0, 1, 1}};
  const auto effects = elementary_effects(x, std::vector<double>{0.0, std::nan(""), 0.0, -1.0});
  EXPECT_EQ(effects[0].count, 1U);
  EXPECT_DOUBLE_EQ(effects[0].mean, -1.0);
  EXPECT_DOUBLE_EQ(effects[0].mean_absolute, 1.0);
  EXPECT_EQ(effects[1].count, 0U);
}

// Box, Hunter & Hunter 2005, table 5.1: the pilot plant, 2^3, temperature, concentration and catalyst.
TEST(FactorsTest, pilot_plant) {
  const std::vector<std::vector<double>> x{
      {160, 180, 160, 180, 160, 180, 160, 180}, {20, 20, 40, 40, 20, 20, 40, 40}, {0, 0, 0, 0, 1, 1, 1, 1}};
  const auto effects = factor_effects(x, std::vector<double>{60, 72, 54, 68, 52, 83, 45, 80});
  ASSERT_EQ(effects.size(), 6U);
  EXPECT_EQ(effects[0].inputs, std::vector<std::size_t>{0});
  EXPECT_DOUBLE_EQ(effects[0].effect, 23.0);
  EXPECT_EQ(effects[1].inputs, (std::vector<std::size_t>{0, 2}));
  EXPECT_DOUBLE_EQ(effects[1].effect, 10.0);
  EXPECT_EQ(effects[2].inputs, std::vector<std::size_t>{1});
  EXPECT_DOUBLE_EQ(effects[2].effect, -5.0);
}

TEST(FactorsTest, inputs_with_other_levels_have_no_effect) {
  EXPECT_TRUE(factor_effects({{1, 2, 3}, {1, 1, 1}}, std::vector<double>{1, 2, 3}).empty());
}

}  // namespace
}  // namespace windrow
