#include "costs/learned_costs.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <numeric>
#include <queue>
#include <string>

#include "windrow/design/random.hpp"

namespace windrow {
namespace {

using detail::CostLearner;
using testing::HasSubstr;
using Times = std::vector<double>;  // seconds, by index

Times times_of(const Design& design, const std::function<double(const Point&)>& seconds) {
  Times times(design.size());
  for (std::uint64_t i = 0; i < design.size(); ++i) times[i] = seconds(design.point(i));
  return times;
}

/// A factor that no parameter knows of, lognormal around 1.
double noise(std::uint64_t index, double sigma, std::uint64_t seed = 7) {
  return std::exp(sigma * rng::normal_quantile(rng::uniform(seed, rng::stream_of("noise"), index)));
}

CostLearner learned(const Design& design, const Times& times) {
  CostLearner costs(design);
  for (std::uint64_t i = 0; i < times.size(); ++i) costs.observe(i, times[i]);
  return costs;
}

/// The makespan of list scheduling, in index order until `costs` says something and then by falling cost, over its
/// lower bound.
double makespan_ratio(CostModel& costs, const Times& times, std::size_t workers) {
  struct Running {
    double end;
    std::uint64_t index;
    bool operator>(const Running& other) const { return end > other.end; }
  };
  std::vector<std::uint64_t> left(times.size());  // the next one last
  std::iota(left.rbegin(), left.rend(), 0);
  std::priority_queue<Running, std::vector<Running>, std::greater<>> running;
  std::uint64_t revision = 0;
  double now = 0.0;
  while (!left.empty() || !running.empty()) {
    for (; !left.empty() && running.size() < workers; left.pop_back()) {
      running.push({now + times[left.back()], left.back()});
    }
    now = running.top().end;
    costs.observe(running.top().index, times[running.top().index]);
    running.pop();
    if (revision == costs.revision()) continue;
    revision = costs.revision();
    std::stable_sort(left.begin(), left.end(), [&](auto a, auto b) { return costs.cost(a) < costs.cost(b); });
  }
  const double sum = std::accumulate(times.begin(), times.end(), 0.0);
  return now / std::max(*std::max_element(times.begin(), times.end()), sum / static_cast<double>(workers));
}

// Far more workers than the points that teach: the longest ones must be told apart before one like them was seen.
TEST(CostLearnerTest, the_longest_points_come_first_though_none_like_them_was_seen) {
  const Design design = monte_carlo({normal("x", 0.0, 1.0)}, 2000, 1);
  const Times times = times_of(design, [](const Point& p) { return 0.01 * std::exp(p["x"]); });
  CostLearner costs(design);
  EXPECT_LE(makespan_ratio(costs, times, 128), 1.03);
}

/// Learns while 2,000 points or so run on 32 workers.
void expect_learned(const Design& design, const Times& times) {
  CostLearner costs(design);
  const double ratio = makespan_ratio(costs, times, 32);
  EXPECT_LE(ratio, 1.06) << costs.note();
  EXPECT_GT(costs.revision(), 0U);
  EXPECT_GT(costs.r2(), 0.9);
  EXPECT_THAT(costs.note(), HasSubstr("the order follows learned times (R2 = "));
}

void expect_index_order(const CostLearner& costs, const std::string& why) {
  EXPECT_EQ(costs.revision(), 0U) << costs.note();
  EXPECT_THAT(costs.note(), HasSubstr(why));
  EXPECT_THAT(costs.note(), HasSubstr(": points were handed out in no special order"));
}

TEST(CostLearnerTest, learn_lognormal_times_of_a_normal_parameter) {
  const Design design = monte_carlo({normal("x", 0.0, 1.0)}, 2000, 1);
  expect_learned(design, times_of(design, [](const Point& p) { return 0.01 * std::exp(p["x"]); }));
}

TEST(CostLearnerTest, learn_which_level_is_slow) {
  std::vector<Value> truths(20, false), words(20, "plain"), numbers(20, 1);
  truths[13] = true;
  words[13] = "turbulent";
  numbers[13] = 3;
  for (const auto& levels : {truths, words, numbers}) {
    const Design design = monte_carlo({values("kind", levels), uniform("x", 0.0, 1.0)}, 2000, 2);
    expect_learned(design, times_of(design, [&](const Point& p) { return p["kind"] == levels[13] ? 0.5 : 0.01; }));
  }
}

TEST(CostLearnerTest, learn_power_laws) {
  const Design cells = monte_carlo({uniform("cells", 10.0, 1000.0), uniform("steps", 1.0, 50.0)}, 2000, 3);
  expect_learned(cells, times_of(cells, [](const Point& p) {
                   return 1e-6 * std::pow(p["cells"].number(), 1.5) * p["steps"].number() * noise(p.index(), 0.2);
                 }));
  const Design fixed = grid({geometric("width", 1e-3, 1e3, 40), values("order", {1, 2, 3, 4}), linear("t", 1, 12, 12)});
  expect_learned(fixed, times_of(fixed, [](const Point& p) {
                   return 0.01 * std::pow(p["width"].number(), -0.4) * std::pow(p["order"].number(), 2.0);
                 }));
}

TEST(CostLearnerTest, costs_come_near_the_times) {
  const Design design = monte_carlo({uniform("x", 1.0, 100.0)}, 1000, 4);
  const Times times = times_of(design, [](const Point& p) { return 1e-3 * p["x"].number() * p["x"].number(); });
  CostLearner costs(design);
  for (std::uint64_t i = 0; i < 200; ++i) costs.observe(i, times[i]);
  for (std::uint64_t i = 200; i < 1000; ++i) {
    EXPECT_NEAR(std::log(costs.cost(i) / times[i]), 0.0, 0.3) << design.point(i)["x"];
  }
}

// The points that teach have x in 0 .. 1, the last one does not.
TEST(CostLearnerTest, costs_stay_near_the_range_observed) {
  std::vector<Value> x;
  for (int i = 0; i < 100; ++i) x.emplace_back(0.01 * ((37 * i) % 100));
  x.emplace_back(5.0);
  const Design design = zip({values("x", x)});
  CostLearner costs(design);
  for (std::uint64_t i = 0; i < 100; ++i) costs.observe(i, std::exp(4.0 * design.point(i)["x"].number()));
  ASSERT_GT(costs.revision(), 0U);
  EXPECT_NEAR(std::log(costs.cost(100)), 1.5 * 4.0 * 0.99, 1e-9);
}

TEST(CostLearnerTest, constant_times_say_nothing_and_that_is_said) {
  const Design design = monte_carlo({uniform("x", 0.0, 1.0)}, 200, 5);
  expect_index_order(learned(design, Times(200, 0.02)), "all points take about the same time (they differ by 0 %)");
  // A trend that is perfectly clear, and not worth an order.
  const auto trend = times_of(design, [](const Point& p) { return 0.02 * (1.0 + 0.05 * p["x"].number()); });
  expect_index_order(learned(design, trend), "all points take about the same time (they differ by 1 %)");
}

TEST(CostLearnerTest, noise_is_not_taken_for_a_law) {
  int used = 0;
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    const Design design =
        monte_carlo({uniform("x", 0.0, 1.0), uniform("y", 1.0, 9.0), values("b", {true, false})}, 500, seed);
    const auto costs = learned(design, times_of(design, [&](const Point& p) { return noise(p.index(), 1.0, seed); }));
    EXPECT_LT(costs.r2(), 0.15);
    used += costs.revision() > 0 ? 1 : 0;
    if (costs.revision() > 0) {
      EXPECT_THAT(costs.note(), HasSubstr("the parameters hardly predict how long a point takes (R2 = "));
    } else {
      expect_index_order(costs, "the parameters do not predict how long a point takes (R2 = ");
    }
  }
  EXPECT_LE(used, 6);
}

TEST(CostLearnerTest, an_order_learned_from_noise_costs_nothing) {
  const Design design = monte_carlo({uniform("x", 0.0, 1.0)}, 2000, 6);
  const Times times = times_of(design, [](const Point& p) { return noise(p.index(), 0.5); });
  CostLearner costs(design);
  const auto nothing = known_costs([](std::uint64_t) { return 1.0; });
  EXPECT_LE(makespan_ratio(costs, times, 32), 1.02 * makespan_ratio(*nothing, times, 32));
}

TEST(CostLearnerTest, a_weak_law_under_strong_noise_is_found) {
  const Design design = monte_carlo({normal("x", 0.0, 1.0), uniform("y", 0.0, 1.0)}, 2000, 8);
  const auto costs =
      learned(design, times_of(design, [](const Point& p) { return std::exp(p["x"]) * noise(p.index(), 1.0); }));
  EXPECT_GT(costs.revision(), 0U);
  EXPECT_NEAR(costs.r2(), 0.5, 0.1);
}

TEST(CostLearnerTest, too_few_points_are_counted) {
  const Design design = monte_carlo({normal("x", 0.0, 1.0)}, 100, 9);
  CostLearner costs(design);
  expect_index_order(costs, "too few points to learn how long a point takes (0 of 28)");
  std::uint64_t index = 0;
  for (; index < 27; ++index) costs.observe(index, std::exp(design.point(index)["x"]));
  expect_index_order(costs, "too few points to learn how long a point takes (27 of 28)");
  costs.observe(index, std::exp(design.point(index)["x"]));
  EXPECT_GT(costs.revision(), 0U);
}

TEST(CostLearnerTest, revisions_come_with_every_doubling) {
  const Design design = monte_carlo({normal("x", 0.0, 1.0)}, 2000, 10);
  CostLearner costs(design);
  std::vector<std::uint64_t> changes;
  std::uint64_t before = 0;
  for (std::uint64_t i = 0; i < 2000; ++i) {
    costs.observe(i, std::exp(design.point(i)["x"]));
    if (costs.revision() != before) changes.push_back(i + 1);
    before = costs.revision();
  }
  EXPECT_EQ(changes, (std::vector<std::uint64_t>{28, 56, 112, 224, 448, 896, 1792}));
}

TEST(CostLearnerTest, impossible_times_are_harmless) {
  const Design design = monte_carlo({normal("x", 0.0, 1.0)}, 400, 11);
  CostLearner costs(design);
  costs.observe(0, std::nan(""));
  costs.observe(1, std::numeric_limits<double>::infinity());
  for (std::uint64_t i = 2; i < 200; ++i) costs.observe(i, i % 50 == 0 ? 0.0 : std::exp(design.point(i)["x"]));
  for (std::uint64_t i = 200; i < 400; ++i) EXPECT_TRUE(std::isfinite(costs.cost(i)) && costs.cost(i) > 0.0);
}

TEST(CostLearnerTest, what_is_left_out_is_said) {
  std::vector<Value> files;
  for (int i = 0; i < 50; ++i) files.emplace_back(fmt::format("mesh{}", i));
  const Design design = zip({values("file", files), linear("x", 0, 49, 50)});
  const auto costs = learned(design, times_of(design, [](const Point& p) { return noise(p.index(), 1.0); }));
  EXPECT_THAT(costs.note(), HasSubstr("; not looked at: `file` has more than 32 levels"));
  const Design lone = zip({values("file", files)});
  expect_index_order(learned(lone, Times(50, 1.0)), "no parameter tells points apart");
}

// 50 parameters of one feature and 20 of two: the small ones come first.
TEST(CostFeaturesTest, never_exceed_their_number) {
  std::vector<Parameter> parameters;
  for (int i = 0; i < 20; ++i) parameters.push_back(uniform(fmt::format("x{}", i), -1.0, 1.0));
  for (int i = 0; i < 50; ++i) parameters.push_back(values(fmt::format("b{}", i), {true, false}));
  const detail::CostFeatures features(parameters);
  EXPECT_EQ(features.size(), 64U);
  EXPECT_EQ(features.left_out().size(), 13U);
  EXPECT_EQ(features.left_out().front(), "`x7` found no place among 64 features");
}

TEST(CostFeaturesTest, are_finite_and_of_unit_size_whatever_the_numbers) {
  std::vector<Value> odd = {std::nan(""), 1e300, -1e300, 1e-300, 5.0, std::numeric_limits<double>::infinity()};
  for (int i = 0; i < 20; ++i) odd.emplace_back(i);
  const std::vector<Parameter> parameters = {values("odd", odd), geometric("wide", 1e-12, 1e12, 1000),
                                             linear("far", 1e9, 1e9 + 1.0, 100), uniform("u", -1.0, 1.0)};
  const detail::CostFeatures features(parameters);
  EXPECT_EQ(features.size(), 4U + 2U + 2U);  // odd: its variance overflows; wide: with logarithms
  for (const Value& value : odd) {
    for (const std::uint64_t i : {0, 50, 99}) {
      const std::vector<Value> point = {value, parameters[1].level(i * 10), parameters[2].level(i), 1.0};
      const auto numbers = features.of(point);
      EXPECT_EQ(numbers.size(), features.size());
      for (const double number : numbers) EXPECT_LE(std::abs(number), 100.0);
    }
  }
}

TEST(RidgeRegressionTest, finds_the_coefficients_of_a_plane_far_from_the_origin) {
  detail::RidgeRegression regression(2);
  for (std::uint64_t i = 0; i < 20000; ++i) {
    const std::vector<double> x = {1e6 + rng::uniform(1, 1, i), rng::uniform(1, 2, i)};
    regression.add(x, 3.0 + 2.0 * (x[0] - 1e6) - 5.0 * x[1]);
  }
  regression.fit();
  EXPECT_NEAR(regression.predict(std::vector{1e6, 0.0}), 3.0, 0.01);
  EXPECT_NEAR(regression.predict(std::vector{1e6 + 1.0, 1.0}), 0.0, 0.01);
}

}  // namespace
}  // namespace windrow
