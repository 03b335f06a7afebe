#include "windrow/design/filtered.hpp"

#include <gmock/gmock.h>

#include <random>
#include <thread>

#include "design/filter_counts.hpp"
#include "error_of.hpp"
#include "windrow/design/derived.hpp"
#include "windrow/design/table.hpp"

namespace windrow {
namespace {

using test::error_of;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;
using List = std::vector<Value>;

/// What filtering is: one after the other.
std::vector<List> filtered_plainly(const Design& design, const std::function<bool(const Point&)>& holds) {
  std::vector<List> points;
  for (std::uint64_t i = 0; i < design.size(); ++i) {
    if (holds(design.point(i))) points.push_back(design.point(i).values());
  }
  return points;
}

std::vector<List> all_points(const Design& design) {
  std::vector<List> points;
  for (std::uint64_t i = 0; i < design.size(); ++i) points.push_back(design.point(i).values());
  return points;
}

Design plate(std::uint64_t levels) {
  return grid({linear("width", 0.0, 1.0, levels), linear("height", 0.0, 1.0, levels)});
}

TEST(FilteredTest, leaves_out_points_of_a_grid) {
  const Design design = plate(70);
  const Design some = filtered(design, {"width < 2 * height", "width + height < 1.5"});
  const auto expected = filtered_plainly(design, [](const Point& point) {
    const double width = point["width"].number(), height = point["height"].number();
    return width < 2 * height && width + height < 1.5;
  });
  EXPECT_EQ(all_points(some), expected);
  EXPECT_EQ(some.candidates(), 4900U);
  EXPECT_EQ(design.candidates(), 4900U);
  EXPECT_THAT(design.exclusions(), ElementsAre());
}

TEST(FilteredTest, counts_what_each_condition_excludes_by_itself) {
  const Design design = filtered(grid({values("n", {1, 2, 3, 4, 5, 6})}), {"n > 2", "n > 1 && n < 6"});
  EXPECT_THAT(design.exclusions(), ElementsAre(Exclusion{"n > 2", 2}, Exclusion{"n > 1 && n < 6", 2}));
  EXPECT_THAT(all_points(design), ElementsAre(List{3}, List{4}, List{5}));
}

TEST(FilteredTest, draws_on_until_there_are_enough) {
  const std::vector<Parameter> parameters = {uniform("x", 0, 1), uniform("y", 0, 1)};
  const Design some = filtered(monte_carlo(parameters, 3000, 4), {"x * x + y * y < 0.25"});
  EXPECT_EQ(some.size(), 3000U);
  const auto expected = filtered_plainly(monte_carlo(parameters, some.candidates(), 4), [](const Point& point) {
    const double x = point["x"].number(), y = point["y"].number();
    return x * x + y * y < 0.25;
  });
  EXPECT_EQ(all_points(some), expected);
  EXPECT_EQ(some.exclusions().front().candidates, some.candidates() - 3000);
}

TEST(FilteredTest, more_points_keep_those_that_are_there) {
  const std::vector<Parameter> parameters = {uniform("x", 0, 1)};
  const Design few = filtered(monte_carlo(parameters, 10, 4), {"x > 0.9"});
  const Design many = filtered(monte_carlo(parameters, 5000, 4), {"x > 0.9"});
  for (std::uint64_t i = 0; i < few.size(); ++i) EXPECT_EQ(few.point(i).values(), many.point(i).values());
}

TEST(FilteredTest, a_latin_hypercube_is_left_with_fewer) {
  const Design design = latin_hypercube({uniform("x", 0, 1)}, 100, 4);
  const Design some = filtered(design, {"x > 0.25"});
  EXPECT_EQ(some.size(), 75U);
  EXPECT_EQ(all_points(some), filtered_plainly(design, [](const Point& p) { return p["x"].number() > 0.25; }));
}

TEST(FilteredTest, knows_derived_values_and_texts) {
  const Design plain = grid({values("model", {"sst", "les"}), linear("n", 1, 4, 4)});
  const Design design =
      derived(plain, {derived("cells", "n ^ 3"), derived("bad", "sqrt(-n)"), derived("fine", "cells > 20")});
  const Design some = filtered(design, {"model == 'les' || !fine", "cells != 8"});
  EXPECT_EQ(some.size(), 4U);
  EXPECT_EQ(some.point(0)["cells"], Value(1.0));
  EXPECT_EQ(some.point(3)["cells"], Value(64.0));
  EXPECT_THAT(error_of<SpecError>([&] { filtered(design, {"bad > 0"}); }),
              HasSubstr("no point is left: of 8 candidates"));
}

TEST(FilteredTest, replicates_are_above_it) {
  const Design design = replicated(filtered(grid({values("n", {1, 2, 3})}), {"n != 2"}), 2);
  EXPECT_THAT(all_points(design), ElementsAre(List{1, 1}, List{1, 2}, List{3, 1}, List{3, 2}));
  EXPECT_EQ(design.candidates(), 3U);
  EXPECT_THAT(design.exclusions(), ElementsAre(Exclusion{"n != 2", 1}));
}

TEST(FilteredTest, filters_follow_each_other) {
  const Design once = filtered(plate(60), {"width < height"});
  const Design twice = filtered(once, {"width > 0.5"});
  EXPECT_EQ(all_points(twice), all_points(filtered(plate(60), {"width < height", "width > 0.5"})));
  EXPECT_EQ(twice.exclusions().size(), 2U);
}

TEST(FilteredTest, the_definition_names_the_conditions) {
  const Design design = filtered(grid({values("n", {1, 2, 3})}), {"n != 2", "n > 0"});
  EXPECT_THAT(design.definition(),
              ElementsAre(Pair("design.method", "grid"), Pair("design.points", "2"), Pair("design.seed", "0"),
                          Pair("design.where", "n != 2; n > 0"), Pair("parameters.n", "values(1, 2, 3)")));
}

TEST(FilteredTest, equal_points_are_by_the_indices_that_are_left) {
  const Design design = filtered(grid({values("n", {1, 2, 1, 3, 3})}), {"n != 2"});
  EXPECT_THAT(design.equal_points(), ElementsAre(EqualPoint{0, 1}, EqualPoint{2, 3}));
}

TEST(FilteredTest, says_when_nothing_or_not_enough_is_left) {
  const Design drawn = monte_carlo({uniform("x", 0, 1)}, 1000, 4);
  EXPECT_EQ(error_of<SpecError>([] {
              filtered(grid({values("n", {1, 2, 3})}), {"n > 3", "n > 1"});
            }),
            "no point is left: of 3 candidates none is admitted (\"n > 3\" excludes 3, \"n > 1\" excludes 1)");
  EXPECT_EQ(
      error_of<SpecError>([&] { filtered(drawn, {"x > 2"}, 50'000); }),
      "no point is left: of 50,000 candidates none is admitted (\"x > 2\" excludes 50,000); more are looked at with "
      "a greater `where_candidates`");
  EXPECT_THAT(error_of<SpecError>([&] { filtered(drawn, {"x > 0.99"}, 50'000); }),
              HasSubstr("where 1,000 points are asked for"));
  EXPECT_EQ(error_of<SpecError>([&] { filtered(grid({linear("x", 0.0, 1.0, 200'000'000)}), {"x > 2"}); }),
            "200,000,000 candidates are more than are looked at, 100,000,000: a greater `where_candidates` allows it");
  EXPECT_THAT(error_of<SpecError>([&] { filtered(drawn, {"y > 2"}); }), HasSubstr("is no parameter"));
  EXPECT_THAT(error_of<SpecError>([&] { filtered(drawn, {}); }), HasSubstr("at least one condition"));
  EXPECT_THAT(error_of<SpecError>([&] { filtered(drawn, {"'a'"}); }), HasSubstr("neither holds nor not"));
}

TEST(FilteredTest, counting_in_parts_is_counting) {
  const Design design = monte_carlo({uniform("x", 0, 1)}, 10, 4);
  const detail::Filter filter(Design::Kernel::component(design), {"x > 0.5", "x < 0.9"});
  constexpr std::uint64_t size = 100'000;
  const detail::FilterCounts whole = filter.count(0, size);
  EXPECT_EQ(filter.count_in_parallel(0, size, 4).admitted, whole.admitted);
  EXPECT_EQ(filter.count_in_parallel(0, size, 4).exclusions, whole.exclusions);
  detail::FilterCounts first = filter.count(0, 40'960);
  const detail::FilterCounts second = filter.count(40'960, size);
  first.admitted.insert(first.admitted.end(), second.admitted.begin(), second.admitted.end());
  EXPECT_EQ(first.admitted, whole.admitted);
}

TEST(FilteredTest, gives_the_same_points_in_any_order_of_asking_and_on_any_thread) {
  const std::vector<Design> designs = {
      filtered(plate(200), {"sin(40 * width) < height"}),
      filtered(plate(300), {"width == 0.5 || height > 0.99"}),
      filtered(derived(monte_carlo({uniform("x", 0, 1), normal("y", 0, 1)}, 5000, 9), "z", "x * y"), {"z > 0.1"}),
      replicated(filtered(latin_hypercube({uniform("x", 0, 1)}, 20'000, 9), {"x * 7 - floor(x * 7) < 0.1"}), 3),
  };
  std::vector<std::vector<List>> points;
  for (const Design& design : designs) points.push_back(all_points(design));
  const auto ask = [&](unsigned seed) {
    std::mt19937 random(seed);
    int wrong = 0;
    for (int i = 0; i < 1000; ++i) {
      const std::size_t which = random() % designs.size();
      const std::uint64_t index = random() % designs[which].size();
      if (designs[which].point(index).values() != points[which][index]) ++wrong;
    }
    return wrong;
  };
  std::vector<int> wrong(3);
  std::vector<std::jthread> threads;
  for (unsigned t = 0; t < wrong.size(); ++t) threads.emplace_back([&, t] { wrong[t] = ask(t); });
  threads.clear();
  EXPECT_EQ(wrong, std::vector<int>(3));
}

TEST(BlockBitsTest, counts_and_finds) {
  detail::BlockBits bits;
  for (const std::uint64_t place : {0U, 63U, 64U, 700U, 1023U})
    bits.words[place / 64] |= std::uint64_t{1} << place % 64;
  EXPECT_EQ(bits.count(), 5U);
  EXPECT_EQ(bits.place_of(0), 0U);
  EXPECT_EQ(bits.place_of(2), 64U);
  EXPECT_EQ(bits.place_of(4), 1023U);
  EXPECT_EQ(bits.count_before(64), 2U);
  EXPECT_EQ(bits.count_before(700), 3U);
  EXPECT_EQ(bits.count_before(701), 4U);
  EXPECT_TRUE(bits.has(700));
  EXPECT_FALSE(bits.has(701));
}

}  // namespace
}  // namespace windrow
