#include "windrow/analysis/failure_rule.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <limits>
#include <string>
#include <vector>

#include "windrow/design/random.hpp"

namespace windrow {
namespace {

/// 1,000 points of four uniform inputs and a text; `fails` says which fail, and `noise` how many say the opposite.
struct Planted {
  Data data;
  std::vector<bool> failed;
};

Planted planted(std::uint64_t seed, const std::function<bool(const std::vector<double>&)>& fails, double noise = 0.05) {
  Planted result;
  for (const char* name : {"p", "q", "r", "s"}) result.data.inputs.push_back({name});
  result.data.inputs.push_back({"model", "", {}, {"laminar", "sst", "les"}});
  for (std::uint64_t row = 0; row < 1000; ++row) {
    std::vector<double> x;
    for (std::uint64_t i = 0; i < 4; ++i) x.push_back(rng::uniform(seed, i, row));
    x.push_back(std::floor(3.0 * rng::uniform(seed, 4, row)));
    for (std::size_t i = 0; i < x.size(); ++i) result.data.inputs[i].numbers.push_back(x[i]);
    const bool flipped = rng::uniform(seed, 5, row) < noise;
    result.failed.push_back(fails(x) != flipped);
    result.data.status.emplace_back(result.failed.back() ? "exit" : "ok");
  }
  return result;
}

/// Whether it is the rule of one condition on `input` whose limit is near `limit`.
bool is_one(const std::optional<FailureRule>& rule, std::size_t input, RuleCondition::Kind kind, double limit) {
  return rule && rule->conditions.size() == 1 && rule->conditions[0].input == input &&
         rule->conditions[0].kind == kind && std::abs(rule->conditions[0].limit - limit) < 0.03;
}

TEST(FailureRuleTest, one_planted_condition_is_found_among_noise) {
  int found = 0;
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    const Planted points = planted(seed, [](const std::vector<double>& x) { return x[1] > 0.7; });
    found += is_one(failure_rule(points.data, points.failed), 1, RuleCondition::Kind::above, 0.7) ? 1 : 0;
  }
  EXPECT_GE(found, 95);
}

TEST(FailureRuleTest, two_planted_conditions_are_found_among_noise) {
  int found = 0;
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    const Planted points = planted(seed, [](const std::vector<double>& x) { return x[0] > 0.6 && x[2] <= 0.5; });
    const auto rule = failure_rule(points.data, points.failed);
    if (!rule || rule->conditions.size() != 2) continue;
    const RuleCondition &a = rule->conditions[0], &b = rule->conditions[1];
    found += a.input == 0 && a.kind == RuleCondition::Kind::above && std::abs(a.limit - 0.6) < 0.05 && b.input == 2 &&
                     b.kind == RuleCondition::Kind::at_most && std::abs(b.limit - 0.5) < 0.05
                 ? 1
                 : 0;
  }
  EXPECT_GE(found, 95);
}

TEST(FailureRuleTest, texts_and_numbers_together) {
  const Planted points = planted(
      7, [](const std::vector<double>& x) { return x[4] == 1.0 && x[3] > 0.5; }, 0.0);
  const auto rule = failure_rule(points.data, points.failed);
  ASSERT_TRUE(rule);
  EXPECT_EQ(rule->text(points.data.inputs), "s > 0.5 and model is sst");
  EXPECT_EQ(rule->describe(points.data.inputs), "s > 0.5 and model is sst: 100 % of failures, 0 % of successes");
}

TEST(FailureRuleTest, no_rule_where_failures_are_random) {
  int rules = 0;
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    const Planted points = planted(
        seed, [](const std::vector<double>&) { return false; }, 0.1);
    rules += failure_rule(points.data, points.failed) ? 1 : 0;
  }
  EXPECT_LE(rules, 5);
}

TEST(FailureRuleTest, none_of_no_failures_or_failures_alone) {
  const Planted points = planted(
      1, [](const std::vector<double>&) { return false; }, 0.0);
  EXPECT_FALSE(failure_rule(points.data, points.failed));
  EXPECT_FALSE(failure_rule(points.data, std::vector<bool>(1000, true)));
  EXPECT_FALSE(failure_rule(Data{}, {}));
}

TEST(FailureRuleTest, a_missing_number_meets_no_condition) {
  Planted points = planted(
      3, [](const std::vector<double>& x) { return x[1] > 0.7; }, 0.0);
  for (std::size_t row = 0; row < 100; ++row) {
    points.data.inputs[1].numbers[row] = std::numeric_limits<double>::quiet_NaN();
  }
  const auto rule = failure_rule(points.data, points.failed);
  ASSERT_TRUE(rule);
  EXPECT_FALSE(rule->holds(points.data, 0));
  EXPECT_EQ(rule->successes_inside, 0U);
}

TEST(FailureRuleTest, limits_are_short) {
  EXPECT_EQ(shortest_between(3.1416, 3.29), 3.2);
  EXPECT_EQ(shortest_between(-1.0, 2.0), 0.0);
  EXPECT_EQ(shortest_between(0.71234, 0.71299), 0.7127);
  EXPECT_EQ(shortest_between(280.0, 281.0), 280.0);
  EXPECT_EQ(shortest_between(1e-30, 1.1e-30), 1e-30);
}

}  // namespace
}  // namespace windrow
