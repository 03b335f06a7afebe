#include "windrow/design/compose.hpp"

#include <gmock/gmock.h>

#include <set>

#include "design/names_of.hpp"
#include "error_of.hpp"
#include "windrow/design/filtered.hpp"
#include "windrow/design/methods.hpp"

namespace windrow {
namespace {

using test::error_of;
using test::names_of;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using List = std::vector<Value>;

std::vector<List> points_of(const Design& design) {
  std::vector<List> points;
  for (std::uint64_t i = 0; i < design.size(); ++i) points.push_back(design.point(i).values());
  return points;
}

Design two_geometries() {
  return zip({values("length", {1, 2}), values("width", {10, 20})});
}

TEST(CrossedTest, has_all_combinations_the_first_block_slowest) {
  const Design design = crossed({two_geometries(), grid({values("load", {5, 6, 7})})}, 3);
  EXPECT_EQ(design.method(), "zip x grid");
  EXPECT_EQ(design.seed(), 3U);
  EXPECT_THAT(names_of(design), ElementsAre("length", "width", "load"));
  EXPECT_THAT(points_of(design), ElementsAre(List{1, 10, 5}, List{1, 10, 6}, List{1, 10, 7}, List{2, 20, 5},
                                             List{2, 20, 6}, List{2, 20, 7}));
}

TEST(CrossedTest, of_one_design_has_its_points) {
  EXPECT_EQ(points_of(crossed({two_geometries()})), points_of(two_geometries()));
}

TEST(CrossedTest, takes_the_same_draws_for_each_point_of_the_blocks_before) {
  const Design sample = latin_hypercube({uniform("load", 0, 1), normal("wind", 0, 1)}, 50, 7);
  const Design design = crossed({two_geometries(), sample}, 3);
  ASSERT_EQ(design.size(), 100U);
  for (std::uint64_t i = 0; i < 100; ++i) {
    const Point point = design.point(i);
    const Point drawn = sample.point(i % 50);
    EXPECT_EQ(point["load"], drawn["load"]);
    EXPECT_EQ(point["wind"], drawn["wind"]);
  }
}

TEST(CrossedTest, draws_anew_for_each_point_of_the_blocks_before_if_asked_to) {
  const Design sample = latin_hypercube({uniform("load", 0, 1)}, 50, 7);
  const Design design = crossed({two_geometries(), {sample, true}});
  std::set<double> loads;
  std::set<int> strata[2];
  for (std::uint64_t i = 0; i < design.size(); ++i) {
    const double load = design.point(i)["load"];
    loads.insert(load);
    strata[i / 50].insert(static_cast<int>(load * 50));
  }
  EXPECT_EQ(loads.size(), 100U);
  EXPECT_EQ(strata[0].size(), 50U);
  EXPECT_EQ(strata[1].size(), 50U);
}

TEST(CrossedTest, new_draws_follow_from_the_values_before_them_and_stay_when_points_are_added) {
  const auto with = [](List lengths) {
    return crossed({grid({values("length", std::move(lengths))}), {monte_carlo({uniform("load", 0, 1)}, 4, 1), true}});
  };
  const Design few = with({1, 2});
  const Design more = with({2, 9, 1});
  for (std::uint64_t i = 0; i < 4; ++i) {
    EXPECT_EQ(few.point(i).values(), more.point(8 + i).values());
    EXPECT_EQ(few.point(4 + i).values(), more.point(i).values());
  }
}

/// Every method that draws, by another seed for each point of the block before, is what it is by that seed alone.
TEST(CrossedTest, every_method_that_draws_is_drawn_anew) {
  const List lengths{1, 2};
  const auto sampled = [](int method, std::uint64_t seed) {
    const std::vector<Parameter> parameters{uniform("load", 0, 1), uniform("wind", 0, 1)};
    switch (method) {
      case 0:
        return monte_carlo(parameters, 6, seed);
      case 1:
        return latin_hypercube(parameters, 6, seed);
      case 2:
        return nested_latin_hypercube(parameters, 6, 3, seed);
      case 3:
        return sobol(parameters, 6, Scramble::owen, seed);
      case 4:
        return halton(parameters, 6, Scramble::owen, seed);
      case 5:
        return halton(parameters, 6, Scramble::shift, seed);
      case 6:
        return lattice(parameters, 6, Scramble::shift, seed);
      default:
        return saltelli(parameters, 2, {}, seed);
    }
  };
  for (int method = 0; method < 8; ++method) {
    const Design of_seven = sampled(method, 7);
    const Design design = crossed({grid({values("length", lengths)}), {of_seven, true}});
    const Design before = grid({values("length", lengths)}, 7);
    for (const std::uint64_t i : {5, 0, 11, 6, 3, 9}) {  // in any order
      const std::uint64_t seed = before.point(i / of_seven.size()).seed();
      const Point expected = sampled(method, seed).point(i % of_seven.size());
      EXPECT_EQ(design.point(i)["load"], expected["load"]) << of_seven.method() << " " << i;
      EXPECT_EQ(design.point(i)["wind"], expected["wind"]) << of_seven.method() << " " << i;
    }
  }
}

TEST(CrossedTest, refuses_what_cannot_be_crossed) {
  const Design one = grid({values("x", {1})});
  EXPECT_EQ(error_of<SpecError>([&] { crossed({}); }), "a crossed design needs at least one block");
  EXPECT_EQ(error_of<SpecError>([&] {
              crossed({one, grid({values("x", {2})})});
            }),
            "the parameter `x` is in two blocks that are crossed");
  EXPECT_EQ(error_of<SpecError>([&] {
              crossed({one, {grid({values("y", {2})}), true}});
            }),
            "a block of method `grid` cannot be drawn anew: it draws nothing");
  EXPECT_EQ(
      error_of<SpecError>([&] {
        crossed({one, {filtered(monte_carlo({uniform("y", 0, 1)}, 2), {"y < 0.5"}), true}});
      }),
      "a block with conditions cannot be drawn anew: which of its points are left is found once, and they are the "
      "same for each point of the blocks before it");
  EXPECT_EQ(error_of<SpecError>([&] {
              crossed({{monte_carlo({uniform("y", 0, 1)}, 2), true}});
            }),
            "the first block cannot be drawn anew: there is none before it");
  const std::uint64_t many = std::uint64_t{1} << 40;
  EXPECT_EQ(error_of<SpecError>([&] {
              crossed({monte_carlo({uniform("x", 0, 1)}, many), monte_carlo({uniform("y", 0, 1)}, many)});
            }),
            "the crossed design has more than 2^62 points");
}

TEST(CrossedTest, knows_equal_points_of_its_blocks) {
  const Design design = crossed({grid({values("x", {1, 2, 1})}), grid({values("y", {5, 5})})});
  EXPECT_THAT(design.equal_points(),
              ElementsAre(EqualPoint{0, 1}, EqualPoint{0, 4}, EqualPoint{0, 5}, EqualPoint{2, 3}));
  EXPECT_THAT(crossed({two_geometries(), monte_carlo({uniform("x", 0, 1)}, 2)}).equal_points(), IsEmpty());
}

TEST(CrossedTest, is_told_apart_by_its_blocks) {
  const auto with_seed = [](std::uint64_t seed) {
    return crossed({two_geometries(), monte_carlo({uniform("x", 0, 1)}, 2, seed)}).definition();
  };
  EXPECT_EQ(with_seed(1), with_seed(1));
  EXPECT_NE(with_seed(1), with_seed(2));
  EXPECT_THAT(with_seed(1),
              testing::Contains(testing::Pair("design.layout",
                                              "(zip of length, width: 2 points, seed 0) x (monte_carlo of x: 2 "
                                              "points, seed 1)")));
}

TEST(AppendedTest, has_one_design_after_the_other_and_finds_parameters_by_name) {
  const Design design =
      appended({grid({values("x", {1, 2}), values("y", {5})}), zip({values("y", {7, 8}), values("x", {3, 4})})}, 9);
  EXPECT_EQ(design.method(), "grid + zip");
  EXPECT_EQ(design.seed(), 9U);
  EXPECT_THAT(names_of(design), ElementsAre("x", "y"));
  EXPECT_THAT(points_of(design), ElementsAre(List{1, 5}, List{2, 5}, List{3, 7}, List{4, 8}));
  const Parameter& x = design.parameters()[0];
  EXPECT_EQ(x.definition(), "values(1, 2) + values(3, 4)");
  EXPECT_EQ(x.level_count(), 4U);
  EXPECT_EQ(x.level(2), Value(3));
  EXPECT_EQ(x.type_of_values(), ValueType::integer);
}

TEST(AppendedTest, keeps_what_a_parameter_is_if_it_is_the_same_in_all_parts) {
  const Parameter x = values("x", {1, 2}).unit("m");
  const Design design = appended({grid({x}), monte_carlo({x}, 3)});
  EXPECT_EQ(design.parameters()[0].definition(), "values(1, 2)");
  EXPECT_EQ(design.parameters()[0].unit(), "m");
}

TEST(AppendedTest, a_parameter_may_be_drawn_in_one_part_and_listed_in_another) {
  const Design design = appended({grid({values("x", {0.5})}), monte_carlo({uniform("x", 0, 1)}, 3)});
  const Parameter& x = design.parameters()[0];
  EXPECT_TRUE(x.is_random());
  EXPECT_FALSE(x.has_levels());
  EXPECT_EQ(x.quantile(0.25), Value(0.5));
  EXPECT_EQ(x.quantile(0.75), Value(0.5));  // of the second part, in its middle
  EXPECT_EQ(x.type_of_values(), ValueType::number);
}

TEST(AppendedTest, refuses_parts_with_other_parameters_and_names_them) {
  const Design one = grid({values("x", {1}), values("y", {1})});
  EXPECT_EQ(error_of<SpecError>([&] { appended({}); }), "an appended design needs at least one part");
  EXPECT_EQ(error_of<SpecError>([&] {
              appended({one, grid({values("x", {1})})});
            }),
            "part 2 does not have `y`, which the first part has");
  EXPECT_EQ(error_of<SpecError>([&] {
              appended({one, one, grid({values("x", {1}), values("z", {1})})});
            }),
            "part 3 has `z`, which the first part does not have");
  const std::uint64_t many = (std::uint64_t{1} << 62) - 1;
  EXPECT_EQ(error_of<SpecError>([&] {
              appended({monte_carlo({uniform("x", 0, 1)}, many), monte_carlo({uniform("x", 0, 1)}, 2)});
            }),
            "the parts have more than 2^62 points together");
}

TEST(AppendedTest, finds_points_that_are_in_two_parts_but_looks_at_no_draws) {
  const Design corners = grid({values("x", {0, 1}), values("y", {0, 1})});
  const Design drawn = monte_carlo({values("x", {0, 1}), values("y", {0, 1})}, 30);
  const Design rows = zip({values("x", {1, 5, 1}), values("y", {0, 5, 0})});
  EXPECT_THAT(appended({corners, drawn, rows}).equal_points(), ElementsAre(EqualPoint{2, 34}, EqualPoint{2, 36}));
}

TEST(AppendedTest, does_not_compare_parts_of_very_many_points) {
  const Design large = grid({integers("x", 0, 3'000'000)});
  EXPECT_THAT(appended({large, grid({values("x", {7, 7})})}).equal_points(),
              ElementsAre(EqualPoint{3'000'001, 3'000'002}));
}

TEST(ZippedGridTest, varies_a_group_together_at_the_place_of_its_first_member) {
  const Design design =
      zipped_grid({values("a", {1, 2}), values("b", {5, 6, 7}), values("c", {10, 20})}, {{"a", "c"}}, 4);
  EXPECT_EQ(design.method(), "grid");
  EXPECT_EQ(design.seed(), 4U);
  EXPECT_THAT(points_of(design), ElementsAre(List{1, 5, 10}, List{1, 6, 10}, List{1, 7, 10}, List{2, 5, 20},
                                             List{2, 6, 20}, List{2, 7, 20}));
  EXPECT_NE(design.definition(),
            grid({values("a", {1, 2}), values("b", {5, 6, 7}), values("c", {10, 20})}, 4).definition());
}

TEST(ZippedGridTest, without_groups_is_the_grid) {
  const std::vector<Parameter> parameters = {values("a", {1, 2}), values("b", {5, 6})};
  EXPECT_EQ(zipped_grid(parameters, {}, 1).definition(), grid(parameters, 1).definition());
}

TEST(ZippedGridTest, says_what_is_wrong_with_a_group) {
  const auto error = [](std::vector<std::vector<std::string>> groups) {
    return error_of<SpecError>([&] {
      zipped_grid({values("alpha", {1, 2}), values("beta", {1, 2, 3}), values("gamma", {1, 2})}, groups);
    });
  };
  EXPECT_EQ(error({{"alpha", "beta"}}),
            "`alpha` has 2 levels and `beta` has 3: what varies together has as many levels");
  EXPECT_EQ(error({{"alpha", "gama"}}), "unknown parameter `gama`; did you mean `gamma`?");
  EXPECT_EQ(error({{"alpha"}}), "a group of less than two parameters varies by itself as it is");
  EXPECT_EQ(error({{"alpha", "gamma"}, {"gamma", "beta"}}), "the parameter `gamma` is in two groups, or twice in one");
  EXPECT_EQ(error({{"alpha", "alpha"}}), "the parameter `alpha` is in two groups, or twice in one");
}

TEST(ZippedGridTest, knows_equal_rows_of_a_group) {
  const Design design =
      zipped_grid({values("a", {1, 1, 1}), values("b", {5, 6}), values("c", {1, 2, 1})}, {{"a", "c"}});
  EXPECT_THAT(design.equal_points(), ElementsAre(EqualPoint{0, 4}, EqualPoint{1, 5}));
}

TEST(PartsTest, say_what_a_design_is_made_of) {
  const Design sample = monte_carlo({uniform("x", 0, 1)}, 4);
  const Design one = crossed({two_geometries(), {sample, true}});
  const Design two = grid({values("length", {1}), values("width", {1}), values("x", {1, 2})});
  const std::vector<DesignPart> parts = appended({replicated(one, 3), replicated(two, 1)}).parts();
  ASSERT_EQ(parts.size(), 2U);
  EXPECT_EQ(parts[0].first, 0U);
  EXPECT_EQ(parts[0].points, 24U);
  EXPECT_EQ(parts[0].replicates, 3U);
  ASSERT_EQ(parts[0].blocks.size(), 2U);
  EXPECT_EQ(parts[0].blocks[0].method, "zip");
  EXPECT_THAT(parts[0].blocks[0].parameters, ElementsAre("length", "width"));
  EXPECT_FALSE(parts[0].blocks[0].redraw);
  EXPECT_EQ(parts[0].blocks[1].points, 4U);
  EXPECT_TRUE(parts[0].blocks[1].redraw);
  EXPECT_EQ(parts[1].first, 24U);
  EXPECT_EQ(parts[1].points, 2U);
  EXPECT_EQ(parts[1].replicates, 1U);
}

TEST(PartsTest, a_design_of_parts_is_one_block_where_it_is_crossed) {
  const Design parts = appended({grid({values("x", {1})}), grid({values("x", {2, 3})})});
  const Design design = crossed({parts, grid({values("y", {1, 2})})});
  EXPECT_EQ(design.method(), "(grid + grid) x grid");
  ASSERT_EQ(design.parts().size(), 1U);
  EXPECT_EQ(design.parts()[0].blocks[0].points, 3U);
  EXPECT_THAT(points_of(design), ElementsAre(List{1, 1}, List{1, 2}, List{2, 1}, List{2, 2}, List{3, 1}, List{3, 2}));
}

}  // namespace
}  // namespace windrow
