#include <gmock/gmock.h>

#include <cmath>
#include <set>

#include "error_of.hpp"
#include "windrow/design/design.hpp"

namespace windrow {
namespace {

using test::error_of;
using testing::ElementsAre;
using testing::Pair;
using List = std::vector<Value>;

std::vector<Parameter> beam() {
  return {uniform("length", 0, 1), normal("load", 10, 2), values("material", {"a", "b", "c"})};
}

std::vector<List> points_of(const Design& design) {
  std::vector<List> points;
  for (std::uint64_t i = 0; i < design.size(); ++i) points.push_back(design.point(i).values());
  return points;
}

struct Moments {
  double mean = 0.0;
  double variance = 0.0;
};

Moments moments_of(const Design& design) {
  double sum = 0.0;
  double squares = 0.0;
  for (std::uint64_t i = 0; i < design.size(); ++i) {
    const double x = design.point(i).values()[0];
    sum += x;
    squares += x * x;
  }
  const auto count = static_cast<double>(design.size());
  return {sum / count, squares / count - sum / count * (sum / count)};
}

TEST(MonteCarloTest, never_changes_between_versions) {
  const Design design = monte_carlo(beam(), 5, 42);
  EXPECT_EQ(design.size(), 5U);
  EXPECT_EQ(design.method(), "monte_carlo");
  EXPECT_THAT(
      points_of(design),
      ElementsAre(List{0.5111555189406977, 9.432414241953097, "b"}, List{0.825293353230241, 9.577515075631766, "a"},
                  List{0.9536921580713776, 8.05861130457015, "a"}, List{0.6356395288007023, 8.918376609714375, "a"},
                  List{0.661818888732247, 11.662564614161967, "b"}));
}

TEST(MonteCarloTest, gives_other_points_for_another_seed) {
  EXPECT_EQ(points_of(monte_carlo(beam(), 50, 1)), points_of(monte_carlo(beam(), 50, 1)));
  const auto one = points_of(monte_carlo(beam(), 50, 1));
  const auto two = points_of(monte_carlo(beam(), 50, 2));
  for (std::size_t i = 0; i < one.size(); ++i) EXPECT_NE(one[i][0], two[i][0]);
}

TEST(MonteCarloTest, keeps_the_points_when_more_are_asked_for) {
  const Design few = monte_carlo(beam(), 10, 3);
  const Design many = monte_carlo(beam(), 1'000'000'000'000, 3);
  for (std::uint64_t i = 0; i < few.size(); ++i) EXPECT_EQ(few.point(i).values(), many.point(i).values());
}

TEST(MonteCarloTest, has_the_moments_of_its_distributions) {
  const Moments even = moments_of(monte_carlo({uniform("x", 2, 4)}, 100'000, 1));
  EXPECT_NEAR(even.mean, 3.0, 0.01);
  EXPECT_NEAR(even.variance, 4.0 / 12.0, 0.01);
  const Moments bell = moments_of(monte_carlo({normal("x", -5, 3)}, 100'000, 1));
  EXPECT_NEAR(bell.mean, -5.0, 0.05);
  EXPECT_NEAR(bell.variance, 9.0, 0.2);
}

TEST(LatinHypercubeTest, never_changes_between_versions) {
  EXPECT_THAT(
      points_of(latin_hypercube(beam(), 5, 42)),
      ElementsAre(List{0.3022311037881395, 7.157979794171029, "c"}, List{0.7650586706460482, 12.382984565928357, "b"},
                  List{0.9907384316142755, 9.663381765047227, "a"}, List{0.12712790576014046, 10.818728083988248, "c"},
                  List{0.5323637777464494, 9.279973343788637, "a"}));
}

TEST(LatinHypercubeTest, draws_once_in_every_stratum) {
  for (const std::uint64_t size : {1U, 2U, 7U, 100U, 1000U}) {
    const Design design = latin_hypercube({uniform("a", 0, 1), uniform("b", 0, 1)}, size, 9);
    std::set<std::uint64_t> first;
    std::set<std::uint64_t> second;
    for (std::uint64_t i = 0; i < size; ++i) {
      const Point point = design.point(i);
      first.insert(static_cast<std::uint64_t>(point["a"] * static_cast<double>(size)));
      second.insert(static_cast<std::uint64_t>(point["b"] * static_cast<double>(size)));
    }
    EXPECT_EQ(first.size(), size);
    EXPECT_EQ(second.size(), size);
    EXPECT_LT(*first.rbegin(), size);
    EXPECT_LT(*second.rbegin(), size);
  }
}

TEST(LatinHypercubeTest, orders_the_strata_of_each_parameter_on_its_own) {
  constexpr std::uint64_t size = 10'000;
  const Design design = latin_hypercube({uniform("a", -1, 1), uniform("b", -1, 1)}, size, 9);
  double with_each_other = 0.0;
  double with_the_index = 0.0;
  for (std::uint64_t i = 0; i < size; ++i) {
    const Point point = design.point(i);
    with_each_other += point["a"] * point["b"] * 3;
    with_the_index += point["a"] * (2 * static_cast<double>(i) / size - 1) * 3;
  }
  EXPECT_NEAR(with_each_other / size, 0.0, 0.05);  // correlations: five standard deviations
  EXPECT_NEAR(with_the_index / size, 0.0, 0.05);
}

TEST(LatinHypercubeTest, spreads_inside_the_strata) {
  constexpr std::uint64_t size = 10'000;
  const Design design = latin_hypercube({uniform("a", 0, static_cast<double>(size))}, size, 9);
  double sum = 0.0;
  double squares = 0.0;
  for (std::uint64_t i = 0; i < size; ++i) {
    const double x = design.point(i)["a"];
    const double offset = x - std::floor(x);
    sum += offset;
    squares += offset * offset;
  }
  EXPECT_NEAR(sum / size, 0.5, 0.02);
  EXPECT_NEAR(squares / size, 1.0 / 3.0, 0.02);
}

TEST(LatinHypercubeTest, takes_every_listed_value_equally_often) {
  const Design design = latin_hypercube({values("m", {"a", "b", "c"})}, 300, 1);
  int count = 0;
  for (std::uint64_t i = 0; i < 300; ++i) count += design.point(i)["m"] == "b" ? 1 : 0;
  EXPECT_EQ(count, 100);
}

TEST(LatinHypercubeTest, stays_finite_at_the_largest_size) {
  const std::uint64_t size = std::uint64_t{1} << 62;
  const Design design = latin_hypercube({normal("x", 0, 1)}, size, 1);
  for (std::uint64_t i = size - 1000; i < size; ++i) ASSERT_TRUE(std::isfinite(design.point(i)["x"]));
}

TEST(SampledDesignTest, keeps_the_draws_of_a_parameter_when_others_come_and_go) {
  std::vector<Parameter> more = beam();
  more.insert(more.begin(), uniform("width", 0, 1));
  for (std::uint64_t i = 0; i < 50; ++i) {
    for (const char* name : {"length", "load", "material"}) {
      EXPECT_EQ(monte_carlo(beam(), 50, 4).point(i)[name], monte_carlo(more, 50, 4).point(i)[name]);
      EXPECT_EQ(latin_hypercube(beam(), 50, 4).point(i)[name], latin_hypercube(more, 50, 4).point(i)[name]);
    }
  }
}

TEST(SampledDesignTest, is_defined_by_its_size_and_seed) {
  EXPECT_THAT(latin_hypercube({uniform("a", 0, 1)}, 100, 7).definition(),
              ElementsAre(Pair("design.method", "latin_hypercube"), Pair("design.points", "100"),
                          Pair("design.seed", "7"), Pair("parameters.a", "uniform(0, 1)")));
}

TEST(SampledDesignTest, says_what_to_do_with_a_parameter_it_cannot_sample) {
  EXPECT_EQ(error_of<SpecError>([] {
              latin_hypercube({uniform("a", 0, 1), linear("b", 0, 1, 3)}, 10);
            }),
            "parameter `b` is linear, which latin_hypercube cannot sample; make it uniform, normal or a list of "
            "values, or use "
            "a grid");
  EXPECT_THROW(monte_carlo({geometric("b", 1, 2, 3)}, 10), SpecError);
}

TEST(SampledDesignTest, needs_at_least_one_point) {
  EXPECT_EQ(error_of<SpecError>([] { monte_carlo(beam(), 0); }), "monte_carlo: points must be from 1 to 2^62");
  EXPECT_THROW(latin_hypercube(beam(), 0), SpecError);
  EXPECT_THROW(latin_hypercube(beam(), (std::uint64_t{1} << 62) + 1), SpecError);
}

}  // namespace
}  // namespace windrow
