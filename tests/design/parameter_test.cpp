#include "windrow/design/parameter.hpp"

#include <gmock/gmock.h>

#include <cmath>
#include <limits>

#include "error_of.hpp"

namespace windrow {
namespace {

using test::error_of;
using testing::HasSubstr;

constexpr double infinity = std::numeric_limits<double>::infinity();

std::vector<Value> levels_of(const Parameter& parameter) {
  std::vector<Value> levels;
  for (std::uint64_t i = 0; i < parameter.level_count(); ++i) levels.push_back(parameter.level(i));
  return levels;
}

using List = std::vector<Value>;

TEST(LinearTest, steps_evenly_and_ends_exactly) {
  EXPECT_EQ(levels_of(linear("x", 2, 30, 6)), (List{2.0, 7.6, 13.2, 18.8, 24.4, 30.0}));
  EXPECT_EQ(levels_of(linear("x", 0, 1, 11))[3], Value(0.3));
  EXPECT_EQ(levels_of(linear("x", 1, -1, 3)), (List{1.0, 0.0, -1.0}));
  EXPECT_EQ(levels_of(linear("x", 0.1, 0.7, 1)), (List{0.1}));
  EXPECT_EQ(levels_of(linear("x", 5, 5, 2)), (List{5.0, 5.0}));
  const Parameter odd = linear("x", 0.1, 0.7, 1'000'003);
  EXPECT_EQ(odd.level(0), Value(0.1));
  EXPECT_EQ(odd.level(1'000'002), Value(0.7));
}

TEST(LevelTest, ends_exactly_where_the_ends_differ_most) {
  EXPECT_EQ(linear("x", 1e30, 1, 3).level(2), Value(1.0));
  EXPECT_EQ(geometric("x", 1e300, 3e-300, 3).level(2), Value(3e-300));
  EXPECT_EQ(reversed_geometric("x", 1, 1e-30, 3).level(2), Value(1e-30));
  EXPECT_EQ(reversed_geometric("x", 1e-30, 1, 3).level(0), Value(1e-30));
}

TEST(LinearTest, spans_the_whole_range_of_doubles) {
  const double largest = std::numeric_limits<double>::max();
  EXPECT_EQ(levels_of(linear("x", -largest, largest, 3)), (List{-largest, 0.0, largest}));
}

TEST(GeometricTest, steps_in_equal_ratios_and_ends_exactly) {
  const Parameter parameter = geometric("x", 1, 10, 3);
  EXPECT_EQ(parameter.level(0), Value(1.0));
  EXPECT_DOUBLE_EQ(parameter.level(1), std::sqrt(10.0));
  EXPECT_EQ(parameter.level(2), Value(10.0));
  EXPECT_EQ(levels_of(geometric("x", 1e-3, 1e3, 7)), (List{1e-3, 1e-2, 1e-1, 1.0, 1e1, 1e2, 1e3}));
  EXPECT_EQ(levels_of(geometric("x", 100, 1, 3)), (List{100.0, 10.0, 1.0}));
  EXPECT_EQ(levels_of(geometric("x", -1, -100, 3)), (List{-1.0, -10.0, -100.0}));
  EXPECT_EQ(levels_of(geometric("x", 0.3, 7, 1)), (List{0.3}));
  EXPECT_EQ(levels_of(geometric("x", 1e-300, 1e300, 3))[1], Value(1.0));
}

TEST(ReversedGeometricTest, mirrors_the_geometric_steps) {
  const Parameter parameter = reversed_geometric("x", 1, 10, 3);
  EXPECT_EQ(parameter.level(0), Value(1.0));
  EXPECT_DOUBLE_EQ(parameter.level(1), 11.0 - std::sqrt(10.0));
  EXPECT_EQ(parameter.level(2), Value(10.0));
  EXPECT_EQ(levels_of(reversed_geometric("x", 1, 100, 3)), (List{1.0, 91.0, 100.0}));
  EXPECT_EQ(levels_of(reversed_geometric("x", 100, 1, 3)), (List{100.0, 91.0, 1.0}));
  EXPECT_EQ(levels_of(reversed_geometric("x", 3, 7, 1)), (List{3.0}));
}

TEST(LevelsTest, keep_order_and_kinds) {
  const List list = {3, 0.5, "steel", true};
  EXPECT_EQ(levels_of(values("x", list)), list);
  EXPECT_EQ(values("x", {3}).level(0).render(), "3");
}

TEST(ParameterTest, knows_whether_it_is_random) {
  EXPECT_FALSE(linear("x", 0, 1, 2).is_random());
  EXPECT_FALSE(values("x", {1}).is_random());
  EXPECT_TRUE(uniform("x", 0, 1).is_random());
  EXPECT_TRUE(normal("x", 0, 1).is_random());
  EXPECT_THROW(uniform("x", 0, 1).level_count(), SpecError);
  EXPECT_THROW(normal("x", 0, 1).level(0), SpecError);
  EXPECT_THROW(linear("x", 0, 1, 2).level(2), SpecError);
  EXPECT_THROW(values("x", {1, 2}).level(2), SpecError);
}

TEST(ParameterTest, inverts_its_distribution) {
  EXPECT_EQ(uniform("x", 2, 6).quantile(0.25), Value(3.0));
  EXPECT_EQ(normal("x", 10, 2).quantile(0.5), Value(10.0));
  EXPECT_NEAR(normal("x", 10, 2).quantile(0.975), 10 + 2 * 1.959963984540054, 1e-14);
  EXPECT_NEAR(normal("x", 10, 2).quantile(0.025), 10 - 2 * 1.959963984540054, 1e-14);
  EXPECT_EQ(normal("x", 7, 0).quantile(0.9), Value(7.0));
  const Parameter materials = values("x", {"a", "b", "c"});
  EXPECT_EQ(materials.quantile(0.33), Value("a"));
  EXPECT_EQ(materials.quantile(0.34), Value("b"));
  EXPECT_EQ(materials.quantile(1 - 0x1p-53), Value("c"));
}

TEST(ParameterTest, stays_inside_a_uniform_range_and_finite) {
  const double largest = std::numeric_limits<double>::max();
  const double next_to_one = 1 - 0x1p-53;
  EXPECT_EQ(uniform("x", -largest, largest).quantile(0.5), Value(0.0));
  EXPECT_LE(uniform("x", 0.1, 0.3).quantile(next_to_one), 0.3);
  EXPECT_GE(uniform("x", 0.1, 0.3).quantile(0x1p-53), 0.1);
  EXPECT_EQ(uniform("x", 5, 5).quantile(0.7), Value(5.0));
  EXPECT_TRUE(std::isfinite(normal("x", 0, 1).quantile(next_to_one)));
  EXPECT_TRUE(std::isfinite(normal("x", 0, 1).quantile(0x1p-53)));
}

TEST(ParameterTest, says_what_cannot_be_sampled) {
  EXPECT_EQ(error_of<SpecError>([] { linear("x", 0, 1, 2).quantile(0.5); }),
            "parameter `x`: linear cannot be sampled; make it uniform, normal or a list of values, or use a grid");
  EXPECT_THROW(reversed_geometric("x", 1, 2, 2).quantile(0.5), SpecError);
  for (const double u : {0.0, 1.0, -0.5, std::nan("")}) EXPECT_THROW(normal("x", 0, 1).quantile(u), SpecError) << u;
}

TEST(ParameterTest, accepts_identifiers_only) {
  for (const char* name : {"x", "_", "R1", "length_mm", "Index", "seeds"})
    EXPECT_NO_THROW(linear(name, 0, 1, 2)) << name;
  for (const char* name : {"", "1x", "a b", "a.b", "a-b", "x ", "\xC3\xA4"}) {
    EXPECT_THAT(error_of<SpecError>([name] { linear(name, 0, 1, 2); }),
                HasSubstr("cannot name a parameter; a name is letters"));
  }
  for (const char* name : {"index", "status", "seed"}) {
    EXPECT_THAT(error_of<SpecError>([name] { linear(name, 0, 1, 2); }), HasSubstr("it is reserved")) << name;
  }
}

TEST(ParameterTest, refuses_impossible_sources) {
  EXPECT_EQ(error_of<SpecError>([] { linear("x", 0, 1, 0); }), "parameter `x`: points must be from 1 to 2^62");
  EXPECT_THROW(linear("x", 0, 1, (std::uint64_t{1} << 62) + 1), SpecError);
  EXPECT_NO_THROW(linear("x", 0, 1, std::uint64_t{1} << 62));
  EXPECT_THROW(linear("x", 0, infinity, 2), SpecError);
  EXPECT_THROW(linear("x", std::nan(""), 1, 2), SpecError);
  EXPECT_EQ(error_of<SpecError>([] { geometric("x", -1, 1, 3); }),
            "parameter `x`: a geometric range cannot reach or cross zero; use linear, or a list of values");
  EXPECT_THROW(geometric("x", 0, 1, 3), SpecError);
  EXPECT_THROW(geometric("x", 1, 0, 3), SpecError);
  EXPECT_THROW(reversed_geometric("x", 0, 1, 3), SpecError);
  EXPECT_EQ(error_of<SpecError>([] { values("x", {}); }), "parameter `x`: an empty list of values");
  EXPECT_EQ(error_of<SpecError>([] { uniform("x", 2, 1); }),
            "parameter `x`: `low` must not be above `high`, which is 1, not 2");
  EXPECT_THROW(uniform("x", 0, infinity), SpecError);
  EXPECT_EQ(error_of<SpecError>([] { normal("x", 0, -1); }), "parameter `x`: `sd` must be at least 0, not -1");
  EXPECT_THROW(normal("x", std::nan(""), 1), SpecError);
}

TEST(ParameterTest, defines_itself_by_its_source_alone) {
  EXPECT_EQ(linear("x", 0, 0.1, 5).definition(), "linear(0, 0.1, 5)");
  EXPECT_EQ(geometric("x", 100, 10e3, 25).definition(), "geometric(100, 10000, 25)");
  EXPECT_EQ(reversed_geometric("x", 1, 10, 3).definition(), "reversed_geometric(1, 10, 3)");
  EXPECT_EQ(uniform("x", -1, 1).definition(), "uniform(-1, 1)");
  EXPECT_EQ(normal("x", 0, 0.5).definition(), "normal(0, 0.5)");
  EXPECT_EQ(values("x", {1, 2.0, "a \"b\" \\", true, 1e30, -3.0, infinity}).definition(),
            R"(values(1, 2.0, "a \"b\" \\", true, 1e+30, -3.0, inf))");
  Parameter annotated = linear("x", 0, 0.1, 5);
  annotated.unit("m").description("how long");
  EXPECT_EQ(annotated.definition(), "linear(0, 0.1, 5)");
  EXPECT_EQ(annotated.unit(), "m");
  EXPECT_EQ(annotated.description(), "how long");
}

TEST(ParameterTest, whole_ranges_are_written_without_a_point_if_their_ends_are_integers) {
  EXPECT_EQ(linear("n", 100000, 300000, 3).level(1).written(), "200000");
  EXPECT_EQ(geometric("n", 1, 1000, 4).level(2).written(), "100");
  EXPECT_EQ(linear("x", 0, 1, 3).level(2).written(), "1.0");  // 0.5 is between
  EXPECT_EQ(linear("x", 1.0, 3.0, 3).level(0).written(), "1.0");
  EXPECT_EQ(linear("n", 1, 3, 3).level(0), Value(1.0));  // they stay numbers
  EXPECT_EQ(linear("n", 1, 3, 3).definition(), "linear(1, 3, 3)");
  EXPECT_THROW(linear("n", 0, std::int64_t{1} << 60, 5), SpecError);
}

TEST(ParameterTest, a_type_makes_all_values_of_it) {
  const auto typed = [](Parameter parameter, ValueType type) { return parameter.type(type); };
  EXPECT_EQ(typed(values("x", {1, 2}), ValueType::number).level(1), Value(2.0));
  EXPECT_EQ(typed(values("x", {1.0, 2.0}), ValueType::integer).level(1), Value(2));
  EXPECT_EQ(typed(values("x", {"True", "no"}), ValueType::boolean).level(1), Value(false));
  EXPECT_EQ(typed(values("x", {1, 2}), ValueType::string).level(1), Value("2"));
  EXPECT_EQ(typed(linear("x", 1.0, 5.0, 3), ValueType::integer).level(1), Value(3));
  EXPECT_EQ(typed(linear("x", 1, 5, 3), ValueType::number).level(1).written(), "3.0");
  EXPECT_EQ(error_of<SpecError>([&] {
              typed(values("x", {1.0, 2.5}), ValueType::integer);
            }),
            "parameter `x`: value 2: `2.5` is not of the type integer");
  EXPECT_EQ(error_of<SpecError>([&] { typed(linear("x", 0.0, 1.0, 3), ValueType::integer); }),
            "parameter `x`: not all levels are whole: not of the type integer");
  EXPECT_THROW(typed(linear("x", 0.0, 1.0, 3), ValueType::string), SpecError);
  EXPECT_THROW(typed(uniform("x", 0, 1), ValueType::integer), SpecError);
}

TEST(ParameterTest, writes_its_values_by_its_format) {
  Parameter parameter = values("x", {1, 12345});
  parameter.format("%04d");
  EXPECT_EQ(parameter.write(1), "0001");
  EXPECT_THROW(parameter.write(12345), Rejected);
  EXPECT_THROW(parameter.format("%4"), SpecError);
  EXPECT_THROW(values("x", {"steel"}).format("%f"), SpecError);
}

}  // namespace
}  // namespace windrow
