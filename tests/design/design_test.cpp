#include "windrow/design/design.hpp"

#include <gmock/gmock.h>

#include <optional>

#include "error_of.hpp"

namespace windrow {
namespace {

using test::error_of;
using testing::ElementsAre;
using testing::Pair;
using List = std::vector<Value>;

Design box() {
  return grid({linear("A", 0, 10, 4), linear("B", 1, 20, 5), linear("C", 2, 30, 6)});
}

TEST(GridTest, crosses_with_the_first_parameter_slowest) {
  const Design design = box();
  EXPECT_EQ(design.size(), 120U);
  EXPECT_EQ(design.method(), "grid");
  EXPECT_EQ(design.point(0).values(), (List{0.0, 1.0, 2.0}));
  EXPECT_EQ(design.point(1).values(), (List{0.0, 1.0, 7.6}));
  EXPECT_EQ(design.point(6).values(), (List{0.0, 5.75, 2.0}));
  EXPECT_EQ(design.point(30).values(), (List{10.0 / 3.0, 1.0, 2.0}));
  EXPECT_EQ(design.point(119).values(), (List{10.0, 20.0, 30.0}));
}

TEST(GridTest, crosses_lists_of_any_kind) {
  const Design design =
      grid({values("material", {"steel", "wood"}), values("n", {1, 2, 3}), values("wet", {true, false})});
  EXPECT_EQ(design.size(), 12U);
  EXPECT_EQ(design.point(0).values(), (List{"steel", 1, true}));
  EXPECT_EQ(design.point(11).values(), (List{"wood", 3, false}));
}

TEST(GridTest, reaches_any_point_of_a_huge_design_at_once) {
  const std::uint64_t side = std::uint64_t{1} << 31;
  const Design design = grid({linear("a", 0, 1, side), linear("b", 0, static_cast<double>(side - 1), side)});
  EXPECT_EQ(design.size(), std::uint64_t{1} << 62);
  EXPECT_EQ(design.point(side + 7).values()[1], Value(7.0));
  EXPECT_EQ(design.point(design.size() - 1).values(), (List{1.0, static_cast<double>(side - 1)}));
}

TEST(GridTest, refuses_more_than_the_largest_size) {
  const std::uint64_t side = std::uint64_t{1} << 31;
  EXPECT_EQ(error_of<SpecError>([side] {
              grid({linear("a", 0, 1, side), linear("b", 0, 1, side + 1)});
            }),
            "the grid has more than 2^62 points");
  EXPECT_THROW(grid({linear("a", 0, 1, side), linear("b", 0, 1, side), linear("c", 0, 1, side)}), SpecError);
}

TEST(GridTest, refuses_random_parameters_and_says_what_to_use) {
  EXPECT_EQ(
      error_of<SpecError>([] {
        grid({linear("a", 0, 1, 2), uniform("b", 0, 1)});
      }),
      "parameter `b` is uniform, which a grid cannot use; use monte_carlo or latin_hypercube, or give it as linear, "
      "geometric or a list of values");
}

TEST(ZipTest, takes_one_level_of_every_parameter) {
  const Design design = zip({linear("a", 0, 1, 3), values("b", {"x", "y", "z"})});
  EXPECT_EQ(design.size(), 3U);
  EXPECT_EQ(design.method(), "zip");
  EXPECT_EQ(design.point(0).values(), (List{0.0, "x"}));
  EXPECT_EQ(design.point(1).values(), (List{0.5, "y"}));
  EXPECT_EQ(design.point(2).values(), (List{1.0, "z"}));
}

TEST(ZipTest, names_the_numbers_of_levels_that_differ) {
  EXPECT_EQ(error_of<SpecError>([] {
              zip({linear("a", 0, 1, 3), linear("b", 0, 1, 4), values("c", {1, 2, 3})});
            }),
            "zip needs as many levels of every parameter: `a` has 3, `b` has 4, `c` has 3");
  EXPECT_THROW(zip({normal("a", 0, 1)}), SpecError);
}

TEST(DesignTest, needs_parameters_with_different_names) {
  EXPECT_EQ(error_of<SpecError>([] { grid({}); }), "a design needs at least one parameter");
  EXPECT_THROW(zip({}), SpecError);
  EXPECT_THROW(monte_carlo({}, 3), SpecError);
  EXPECT_THROW(latin_hypercube({}, 3), SpecError);
  EXPECT_EQ(error_of<SpecError>([] {
              grid({linear("a", 0, 1, 2), linear("a", 0, 1, 2)});
            }),
            "two parameters are named `a`");
  EXPECT_THROW(monte_carlo({uniform("a", 0, 1), uniform("a", 0, 1)}, 3), SpecError);
}

TEST(DesignTest, has_no_point_beyond_its_size) {
  const Design design = grid({linear("a", 0, 1, 2)});
  EXPECT_EQ(error_of<SpecError>([&] { design.point(2); }),
            "there is no point 2; the design has 2 points, counted from 0");
}

TEST(DesignTest, is_defined_by_method_size_seed_and_sources) {
  Parameter annotated = values("b", {"x"});
  annotated.unit("m").description("text");
  const Design design = grid({linear("a", 0, 1, 2), annotated}, 42);
  EXPECT_EQ(design.seed(), 42U);
  EXPECT_THAT(design.definition(),
              ElementsAre(Pair("design.method", "grid"), Pair("design.points", "2"), Pair("design.seed", "42"),
                          Pair("parameters.a", "linear(0, 1, 2)"), Pair("parameters.b", "values(\"x\")")));
}

TEST(PointTest, finds_values_by_name) {
  const Point point = box().point(1);
  EXPECT_EQ(point.index(), 1U);
  EXPECT_EQ(point["C"], Value(7.6));
  const double a = point["A"];
  EXPECT_EQ(a, 0.0);
  EXPECT_EQ(point.parameters()[2].name(), "C");
}

TEST(PointTest, outlives_its_design) {
  std::optional<Point> point;
  {
    const Design design = box();
    point = design.point(119);
  }
  EXPECT_EQ((*point)["B"], Value(20.0));
}

TEST(PointTest, suggests_the_nearest_name) {
  const Point point = grid({linear("length", 0, 1, 2), linear("width", 0, 1, 2)}).point(0);
  EXPECT_EQ(error_of<SpecError>([&] { point["lenght"]; }), "unknown parameter `lenght`; did you mean `length`?");
  EXPECT_EQ(error_of<SpecError>([&] { point["mass"]; }), "unknown parameter `mass`; valid: `length`, `width`");
}

TEST(PointTest, needs_a_value_for_every_parameter) {
  const auto parameters = std::make_shared<const std::vector<Parameter>>(std::vector{linear("a", 0, 1, 2)});
  EXPECT_THROW(Point(0, parameters, {}), SpecError);
}

}  // namespace
}  // namespace windrow
