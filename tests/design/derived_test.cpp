#include "windrow/design/derived.hpp"

#include <gmock/gmock.h>

#include <cmath>
#include <random>

#include "design/names_of.hpp"
#include "error_of.hpp"
#include "windrow/design/filtered.hpp"
#include "windrow/error.hpp"

namespace windrow {
namespace {

using test::error_of;
using test::names_of;
using testing::ElementsAre;
using testing::Pair;
using List = std::vector<Value>;

Design plate() {
  return grid({linear("width", 1, 3, 3), values("height", {0.5, 2.0}), values("model", {"sst", "les"})}, 7);
}

TEST(DerivedTest, is_a_column_like_any_other) {
  const Design design = derived(plate(), "area", "width * height");
  EXPECT_EQ(design.size(), 12U);
  EXPECT_EQ(design.method(), "grid");
  EXPECT_THAT(names_of(design), ElementsAre("width", "height", "model", "area"));
  EXPECT_EQ(design.point(11)["area"], Value(6.0));
  EXPECT_EQ(design.parameters().back().kind(), "derived");
  EXPECT_EQ(design.parameters().back().type_of_values(), ValueType::number);
}

TEST(DerivedTest, columns_stand_in_the_order_that_is_said) {
  const Design design =
      derived(plate(), {derived("twice", "2 * area"), derived("area", "width * height"), derived("rest", "1")},
              {"twice", "model", "area", "height"});
  EXPECT_THAT(names_of(design), ElementsAre("twice", "model", "area", "height", "width", "rest"));
  EXPECT_EQ(design.point(2).values(), (List{4.0, "sst", 2.0, 2.0, 1.0, 1.0}));
}

TEST(DerivedTest, draws_and_seeds_stay_as_they_are) {
  const std::vector<Parameter> parameters = {uniform("x", 0, 1), normal("y", 0, 1)};
  const Design design = monte_carlo(parameters, 20, 3);
  const Design more = derived(design, {derived("z", "x + y")}, {"z", "x", "y"});
  for (std::uint64_t i = 0; i < design.size(); ++i) {
    EXPECT_EQ(more.point(i)["x"], design.point(i)["x"]);
    EXPECT_EQ(more.point(i)["z"].number(), design.point(i)["x"].number() + design.point(i)["y"].number());
    EXPECT_EQ(more.point(i).seed(), design.point(i).seed());
  }
}

TEST(DerivedTest, the_definition_says_the_expression) {
  const Design design = replicated(derived(grid({values("x", {1, 2})}), "y", "2 * x"), 2);
  EXPECT_THAT(design.definition(),
              ElementsAre(Pair("design.method", "grid"), Pair("design.points", "4"), Pair("design.seed", "0"),
                          Pair("parameters.x", "values(1, 2)"), Pair("parameters.y", "derived(2 * x)"),
                          Pair("parameters.replicate", "linear(1, 2, 2)")));
  EXPECT_EQ(design.point(3).values(), (List{2, 4.0, 2}));
}

TEST(DerivedTest, has_the_type_that_is_said) {
  const auto typed = [](const char* expression, std::optional<ValueType> type) {
    Parameter parameter = derived("z", expression);
    if (type) parameter.type(*type);
    return derived(grid({values("n", {3}), values("on", {true})}), {parameter});
  };
  const auto value = [&](const char* expression, std::optional<ValueType> type = std::nullopt) {
    return typed(expression, type).point(0)["z"];
  };
  EXPECT_EQ(value("2 * n"), Value(6.0));
  EXPECT_EQ(value("2 * n", ValueType::integer), Value(6));
  EXPECT_EQ(value("2 * n", ValueType::string), Value("6.0"));
  EXPECT_EQ(value("n > 2"), Value(true));
  EXPECT_EQ(value("n > 2", ValueType::integer), Value(1));
  EXPECT_EQ(value("n - 2", ValueType::boolean), Value(true));
  EXPECT_EQ(value("n > 2 ? 'large' : 'small'"), Value("large"));
  EXPECT_EQ(error_of<SpecError>([&] { value("n > 2 ? 'large' : 'small'", ValueType::number); }),
            "parameter `z`: \"n > 2 ? 'large' : 'small'\" is a text, not of the type number");
}

TEST(DerivedTest, where_it_has_no_value_the_point_is_rejected) {
  const auto check = [](const char* expression, ValueType type) {
    Parameter parameter = derived("z", expression);
    parameter.type(type);
    const Design design = derived(grid({values("x", {-1, 5})}), {parameter});
    return [design](std::uint64_t i) {
      return error_of<Rejected>([&] { design.parameters().back().check(design.point(i)["z"]); });
    };
  };
  EXPECT_EQ(check("sqrt(x)", ValueType::number)(0), "`z`, derived as \"sqrt(x)\", is nan here, no number");
  EXPECT_EQ(check("sqrt(x)", ValueType::number)(1), "");
  EXPECT_EQ(check("1 / (x - 5)", ValueType::number)(1), "`z`, derived as \"1 / (x - 5)\", is inf here, no number");
  EXPECT_EQ(check("x / 2", ValueType::integer)(1),
            "`z`, derived as \"x / 2\", is 2.5 here, which is not of the type integer");
  EXPECT_EQ(check("x + 1", ValueType::integer)(1), "");
}

TEST(DerivedTest, does_not_calculate_with_digits_that_a_double_lacks) {
  const Design design = derived(grid({values("n", {std::int64_t{9007199254740993}})}), "z", "n - 1");
  EXPECT_TRUE(std::isnan(design.point(0)["z"].number()));
}

TEST(DerivedTest, says_what_is_wrong) {
  const auto complaint = [](std::vector<Parameter> parameters) {
    return error_of<SpecError>([&] { derived(plate(), std::move(parameters)); });
  };
  EXPECT_EQ(complaint({derived("a", "b"), derived("b", "c + width"), derived("c", "b")}),
            "parameter `b`: it needs itself: b -> c -> b");
  EXPECT_EQ(complaint({derived("a", "2 * a")}), "parameter `a`: it needs itself: a -> a");
  EXPECT_EQ(complaint({derived("a", "widht")}),
            "parameter `a`: `widht` in `widht` is no parameter; did you mean `width`?");
  EXPECT_EQ(complaint({derived("a", "width + * 2")}), "parameter `a`: in \"width + * 2\": unexpected * after +");
  EXPECT_EQ(complaint({derived("width", "1")}), "two parameters are named `width`");
  EXPECT_EQ(complaint({values("z", {1})}), "parameter `z`: it is not derived from others");
  EXPECT_EQ(complaint({derived("t", "model"), derived("u", "t + 1")}),
            "parameter `u`: `t` in `t + 1` is a text, not a number: texts compare with == and != only");
  EXPECT_NE(error_of<SpecError>([] { grid({derived("a", "1")}); }), "");
  EXPECT_NE(error_of<SpecError>([] { monte_carlo({derived("a", "1")}, 3); }), "");
}

TEST(DerivedTest, a_long_chain_is_no_problem) {
  std::vector<Parameter> parameters;
  for (int i = 0; i < 500; ++i) parameters.push_back(derived("d" + std::to_string(i), "1 + d" + std::to_string(i + 1)));
  parameters.push_back(derived("d500", "width"));
  EXPECT_EQ(derived(plate(), std::move(parameters)).point(0)["d0"], Value(501.0));
}

TEST(DerivedTest, gives_the_same_points_in_any_order_of_asking) {
  const Design design = derived(monte_carlo({uniform("x", 0, 1), uniform("y", 0, 1)}, 300, 5),
                                {derived("z", "x > y ? sin(x) : exp(y)"), derived("w", "z ^ 2 + x")});
  std::vector<List> points;
  for (std::uint64_t i = 0; i < design.size(); ++i) points.push_back(design.point(i).values());
  std::mt19937 random(1);
  for (int i = 0; i < 1000; ++i) {
    const std::uint64_t index = random() % design.size();
    ASSERT_EQ(design.point(index).values(), points[index]);
  }
}

}  // namespace
}  // namespace windrow
