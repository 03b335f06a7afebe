#include "windrow/design/correlated.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "error_of.hpp"
#include "windrow/design/derived.hpp"
#include "windrow/design/filtered.hpp"

namespace windrow {
namespace {

using test::error_of;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

std::vector<Parameter> three() {
  return {drawn("k", "lognormal", {{"mean", 300}, {"sd", 30}}), uniform("m", 0, 1), normal("n", 0, 1)};
}

std::vector<double> column(const Design& design, std::string_view name) {
  std::vector<double> numbers;
  for (std::uint64_t i = 0; i < design.size(); ++i) numbers.push_back(design.point(i)[name].number());
  return numbers;
}

std::vector<double> ranks_of(const std::vector<double>& numbers) {
  std::vector<std::size_t> order(numbers.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::sort(order, {}, [&](std::size_t i) { return numbers[i]; });
  std::vector<double> ranks(numbers.size());
  for (std::size_t i = 0; i < order.size(); ++i) ranks[order[i]] = static_cast<double>(i);
  return ranks;
}

/// Pearson's, of the ranks.
double rank_correlation(const Design& design, std::string_view first, std::string_view second) {
  const std::vector<double> a = ranks_of(column(design, first)), b = ranks_of(column(design, second));
  const double mean = (static_cast<double>(a.size()) - 1.0) / 2.0;
  double product = 0.0, square = 0.0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    product += (a[i] - mean) * (b[i] - mean);
    square += (a[i] - mean) * (a[i] - mean);
  }
  return product / square;
}

TEST(CorrelatedTest, the_ranks_are_as_said) {
  const std::vector<Correlation> correlations = {{"k", "m", 0.5}, {"n", "m", -0.7}};
  for (const Design& plain : {monte_carlo(three(), 10'000, 3), latin_hypercube(three(), 10'000, 3)}) {
    const Design design = correlated(plain, correlations);
    EXPECT_NEAR(rank_correlation(design, "k", "m"), 0.5, 0.03) << plain.method();
    EXPECT_NEAR(rank_correlation(design, "m", "n"), -0.7, 0.03) << plain.method();
    EXPECT_NEAR(rank_correlation(design, "k", "n"), 0.0, 0.03) << plain.method();
  }
}

TEST(CorrelatedTest, rho_is_that_of_the_rank) {
  // Of two standard normal variables it can be read off: n2 = rho n1 + sqrt(1 - rho^2) z.
  const std::vector<Parameter> parameters = {normal("a", 0, 1), normal("b", 0, 1)};
  const Design plain = monte_carlo(parameters, 50, 3);
  const Design design = correlated(plain, {{"a", "b", 0.5}});
  constexpr double rho = 0.5176381;  // 2 sin(pi / 12)
  for (std::uint64_t i = 0; i < design.size(); ++i) {
    const Point mixed = design.point(i), before = plain.point(i);
    EXPECT_EQ(mixed["a"], before["a"]);
    EXPECT_NEAR(mixed["b"].number(), rho * before["a"].number() + std::sqrt(1 - rho * rho) * before["b"].number(),
                2e-7);
  }
}

TEST(CorrelatedTest, distributions_stay_what_they_are) {
  const Design design = correlated(monte_carlo(three(), 10'000, 3), {{"k", "m", 0.9}});
  std::vector<double> numbers = column(design, "m");
  std::ranges::sort(numbers);
  double largest = 0.0;
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    largest = std::max(largest, std::abs(numbers[i] - (static_cast<double>(i) + 0.5) / 10'000));
  }
  EXPECT_LT(largest, 1.63 / 100.0) << "Kolmogorov and Smirnov, at 1 %";
}

TEST(CorrelatedTest, what_is_not_correlated_stays) {
  const Design plain = latin_hypercube(three(), 100, 3);
  const Design design = correlated(plain, {{"m", "n", 0.3}});
  EXPECT_EQ(column(design, "k"), column(plain, "k"));
  EXPECT_EQ(column(design, "m"), column(plain, "m"));
  EXPECT_NE(column(design, "n"), column(plain, "n"));
  const Design more = correlated(monte_carlo(three(), 200, 3), {{"m", "n", 0.3}});
  const Design few = correlated(monte_carlo(three(), 100, 3), {{"m", "n", 0.3}});
  EXPECT_EQ(more.point(99).values(), few.point(99).values());
}

TEST(CorrelatedTest, a_filter_sees_the_correlated_values) {
  const Design design =
      filtered(derived(correlated(monte_carlo(three(), 2000, 3), {{"m", "k", 0.8}}), "q", "k * m"), {"q > 150"});
  for (std::uint64_t i = 0; i < design.size(); ++i) EXPECT_GT(design.point(i)["q"].number(), 150);
}

TEST(CorrelatedTest, the_definition_names_the_pairs) {
  const Design design = correlated(monte_carlo({uniform("a", 0, 1), uniform("b", 0, 1)}, 5), {{"a", "b", 0.5}});
  EXPECT_THAT(design.definition(),
              ElementsAre(Pair("design.method", "monte_carlo"), Pair("design.points", "5"), Pair("design.seed", "0"),
                          Pair("design.correlation", "a b 0.5"), Pair("parameters.a", "uniform(0, 1)"),
                          Pair("parameters.b", "uniform(0, 1)")));
}

TEST(CorrelatedTest, says_what_is_wrong) {
  const auto complaint = [](const std::vector<Correlation>& correlations) {
    std::vector<Parameter> parameters = three();
    parameters.push_back(values("t", {"a", "b"}));
    return error_of<SpecError>([&] { correlated(monte_carlo(parameters, 10), correlations); });
  };
  EXPECT_EQ(complaint({{"k", "m", 0.5}, {"m", "n", -0.8}}), "");
  EXPECT_THAT(complaint({{"k", "m", 0.9}, {"m", "n", 0.9}, {"k", "n", -0.9}}),
              HasSubstr("`k` and `n` cannot have the rank correlation -0.9 beside the others, which allow 0.6"));
  EXPECT_THAT(complaint({{"k", "m", 0.9}, {"m", "n", 0.9}}), HasSubstr("`m` and `n` cannot have"));
  EXPECT_EQ(complaint({{"k", "m", 1.0}}), "the rank correlation of `k` and `m` must be between -1 and 1, not 1");
  EXPECT_EQ(complaint({{"k", "k", 0.5}}), "`k` beside itself");
  EXPECT_EQ(complaint({{"k", "m", 0.5}, {"m", "k", 0.5}}), "`m` and `k` are there twice");
  EXPECT_THAT(complaint({{"k", "l", 0.5}}), HasSubstr("`l` is no parameter that is drawn"));
  EXPECT_EQ(complaint({{"k", "t", 0.5}}), "`t` is not of numbers, and has no ranks");
  EXPECT_EQ(error_of<SpecError>([] {
              correlated(grid({values("a", {1}), values("b", {1})}), {{"a", "b", 0.5}});
            }),
            "method `grid` draws nothing that could be correlated");
}

}  // namespace
}  // namespace windrow
