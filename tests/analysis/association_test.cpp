#include "windrow/analysis/association.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <limits>
#include <vector>

#include "windrow/design/random.hpp"

namespace windrow {
namespace {

void expect_relative(double value, double expected, double relative = 1e-10) {
  EXPECT_NEAR(value, expected, relative * std::abs(expected));
}

// NIST StRD, linear regression, "Norris".
TEST(RegressionTest, norris) {
  const std::vector<double> y{0.1, 338.8, 118.1, 888.0, 9.2,   228.1, 668.5, 998.5, 449.1, 778.9, 559.2, 0.3,
                              0.1, 778.1, 668.8, 339.3, 448.9, 10.8,  557.7, 228.3, 998.0, 888.8, 119.6, 0.3,
                              0.6, 557.6, 339.3, 888.0, 998.5, 778.9, 10.2,  117.6, 228.9, 668.4, 449.2, 0.2};
  const std::vector<double> x{0.2, 337.4, 118.2, 884.6, 10.1,  226.5, 666.3, 996.3, 448.6, 777.0, 558.2, 0.4,
                              0.6, 775.5, 666.9, 338.0, 447.5, 11.6,  556.0, 228.1, 995.8, 887.6, 120.2, 0.3,
                              0.3, 556.8, 339.1, 887.2, 999.0, 779.0, 11.1,  118.3, 229.2, 669.1, 448.9, 0.5};
  const Regression line = linear_regression({x}, y);
  expect_relative(line.constant, -0.262323073774029);
  expect_relative(line.coefficients[0], 1.00211681802045);
  expect_relative(line.standard_errors[0], 0.232818234301152);
  expect_relative(line.standard_errors[1], 0.429796848199937e-3);
  expect_relative(line.residual_sd, 0.884796396144373);
  expect_relative(line.r_squared, 0.999993745883712);
}

// NIST StRD, linear regression, "Longley": inputs that nearly say the same.
TEST(RegressionTest, longley) {
  const std::vector<double> y{60323, 61122, 60171, 61187, 63221, 63639, 64989, 63761,
                              66019, 67857, 68169, 66513, 68655, 69564, 69331, 70551};
  const std::vector<std::vector<double>> x{
      {83.0, 88.5, 88.2, 89.5, 96.2, 98.1, 99.0, 100.0, 101.2, 104.6, 108.4, 110.8, 112.6, 114.2, 115.7, 116.9},
      {234289, 259426, 258054, 284599, 328975, 346999, 365385, 363112, 397469, 419180, 442769, 444546, 482704, 502601,
       518173, 554894},
      {2356, 2325, 3682, 3351, 2099, 1932, 1870, 3578, 2904, 2822, 2936, 4681, 3813, 3931, 4806, 4007},
      {1590, 1456, 1616, 1650, 3099, 3594, 3547, 3350, 3048, 2857, 2798, 2637, 2552, 2514, 2572, 2827},
      {107608, 108632, 109773, 110929, 112075, 113270, 115094, 116219, 117388, 118734, 120445, 121950, 123366, 125368,
       127852, 130081},
      {1947, 1948, 1949, 1950, 1951, 1952, 1953, 1954, 1955, 1956, 1957, 1958, 1959, 1960, 1961, 1962}};
  const Regression model = linear_regression(x, y);
  constexpr std::array coefficients{15.0618722713733,  -0.358191792925910e-1, -2.02022980381683,
                                    -1.03322686717359, -0.511041056535807e-1, 1829.15146461355};
  constexpr std::array errors{890420.383607373,  84.9149257747669,  0.334910077722432e-1, 0.488399681651699,
                              0.214274163161675, 0.226073200069370, 455.478499142212};
  expect_relative(model.constant, -3482258.63459582);
  for (std::size_t i = 0; i < coefficients.size(); ++i) expect_relative(model.coefficients[i], coefficients[i]);
  for (std::size_t i = 0; i < errors.size(); ++i) expect_relative(model.standard_errors[i], errors[i]);
  expect_relative(model.residual_sd, 304.854073561965);
  expect_relative(model.r_squared, 0.995479004577296);
}

// NIST StRD, linear regression, "Wampler1": all coefficients are 1, and nothing is left.
TEST(RegressionTest, wampler1) {
  std::vector<std::vector<double>> x(5);
  std::vector<double> y;
  for (int i = 0; i <= 20; ++i) {
    double power = 1.0, sum = 1.0;
    for (auto& column : x) {
      power *= i;
      sum += power;
      column.push_back(power);
    }
    y.push_back(sum);
  }
  const Regression model = linear_regression(x, y);
  expect_relative(model.constant, 1.0, 1e-9);
  for (const double coefficient : model.coefficients) expect_relative(coefficient, 1.0);
  expect_relative(model.r_squared, 1.0);
}

TEST(RegressionTest, a_redundant_input_is_named) {
  const std::vector<double> x{1, 2, 3, 4, 5}, y{3, 5, 7, 9, 11}, constant(5, 7.0);
  const Regression model = linear_regression({x, constant, x}, y);
  EXPECT_FALSE(model.redundant[0] && model.redundant[2]);
  EXPECT_TRUE(model.redundant[0] || model.redundant[2]);
  EXPECT_TRUE(model.redundant[1]);
  EXPECT_NEAR(model.coefficients[0] + model.coefficients[2], 2.0, 1e-12);
  EXPECT_NEAR(model.constant, 1.0, 1e-12);
}

TEST(RanksTest, equal_values_share_their_places) {
  EXPECT_EQ(ranks_of(std::vector<double>{10, 30, 20, 20}), (std::vector<double>{1, 4, 2.5, 2.5}));
}

// Anscombe 1973, doi:10.1080/00031305.1973.10478966: the first of four sets.
TEST(CorrelationTest, anscombe) {
  const std::vector<double> x{10, 8, 13, 9, 11, 14, 6, 4, 12, 7, 5};
  const std::vector<double> y{8.04, 6.95, 7.58, 8.81, 8.33, 9.96, 7.24, 4.26, 10.84, 4.82, 5.68};
  EXPECT_NEAR(correlation(x, y), 0.81642051634484, 1e-14);
  EXPECT_TRUE(std::isnan(correlation(x, std::vector<double>(11, 3.0))));
}

TEST(CorrelationTest, interval_by_fisher) {
  const ConfidenceInterval interval = correlation_interval(0.5, 28);  // z = .5493, half width 1.96 / 5
  EXPECT_NEAR(interval.low, std::tanh(std::atanh(0.5) - 1.959963984540054 / 5.0), 1e-12);
  EXPECT_NEAR(interval.high, std::tanh(std::atanh(0.5) + 1.959963984540054 / 5.0), 1e-12);
}

/// y = 2 x0 - x1 + x0 and a noise; x2 says what x0 says, and some more.
struct Sample {
  std::vector<std::vector<double>> x{3};
  std::vector<double> y;
};

Sample sample(std::uint64_t rows) {
  Sample s;
  for (std::uint64_t i = 0; i < rows; ++i) {
    const double a = rng::uniform(1, 0, i), b = rng::uniform(1, 1, i), c = 0.5 * a + 0.5 * rng::uniform(1, 2, i);
    s.x[0].push_back(a);
    s.x[1].push_back(b);
    s.x[2].push_back(c);
    s.y.push_back(2.0 * a - b + 0.2 * rng::uniform(1, 3, i));
  }
  return s;
}

TEST(AssociationsTest, partial_ones_take_the_share_of_others_off) {
  const Sample s = sample(2000);
  const Associations all = associations(s.x, s.y);
  EXPECT_EQ(all.rows, 2000U);
  EXPECT_GT(all.of[2].pearson, 0.5);  // by x0 alone
  EXPECT_LT(std::abs(all.of[2].partial), 0.06);
  EXPECT_LT(std::abs(all.of[2].partial_rank), 0.15);
  EXPECT_GT(all.of[0].partial, 0.98);
  EXPECT_LT(all.of[1].partial, -0.95);
  EXPECT_GT(all.r_squared, 0.99);
  EXPECT_NEAR(all.of[0].standardized, 2.0 / std::sqrt(5.0), 0.02);
}

// The definition: Pearson's coefficient of what regressions on the others leave.
TEST(AssociationsTest, partial_correlation_is_that_of_residuals) {
  const Sample s = sample(50);
  const auto residual = [&](const std::vector<double>& target) {
    const Regression model = linear_regression({s.x[1], s.x[2]}, target);
    std::vector<double> rest;
    for (std::size_t i = 0; i < target.size(); ++i) {
      rest.push_back(target[i] - model.constant - model.coefficients[0] * s.x[1][i] -
                     model.coefficients[1] * s.x[2][i]);
    }
    return rest;
  };
  EXPECT_NEAR(associations(s.x, s.y).of[0].partial, correlation(residual(s.x[0]), residual(s.y)), 1e-12);
}

TEST(AssociationsTest, rows_without_a_number_are_left_out_and_counted) {
  Sample s = sample(100);
  s.y[3] = s.x[1][7] = std::numeric_limits<double>::quiet_NaN();
  EXPECT_EQ(associations(s.x, s.y).rows, 98U);
  EXPECT_TRUE(std::isnan(associations({{1.0}}, std::vector<double>{1.0}).of[0].pearson));
}

}  // namespace
}  // namespace windrow
