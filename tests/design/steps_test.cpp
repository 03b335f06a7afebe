#include <gmock/gmock.h>

#include <cmath>
#include <limits>

#include "error_of.hpp"
#include "windrow/design/design.hpp"

namespace windrow {
namespace {

using test::error_of;
using testing::ElementsAre;
using testing::IsEmpty;
using List = std::vector<Value>;

List levels_of(const Parameter& parameter) {
  List levels;
  for (std::uint64_t i = 0; i < parameter.level_count(); ++i) levels.push_back(parameter.level(i));
  return levels;
}

TEST(LinearStepsTest, are_what_decimal_arithmetic_makes_of_what_is_written) {
  EXPECT_EQ(levels_of(linear_steps("x", 0, 1, 0.25)), (List{0.0, 0.25, 0.5, 0.75, 1.0}));
  EXPECT_EQ(levels_of(linear_steps("x", 0, 0.7, 0.1)), (List{0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7}));
  EXPECT_EQ(levels_of(linear_steps("x", 0.1, 0.7, 0.2)), (List{0.1, 0.3, 0.5, 0.7}));
  EXPECT_EQ(levels_of(linear_steps("x", 1, -1, -1.0)), (List{1.0, 0.0, -1.0}));
  EXPECT_EQ(levels_of(linear_steps("x", 2, 2, -3.0)), (List{2.0}));
  EXPECT_EQ(levels_of(linear_steps("x", 0, 1e-3, 2.5e-4)), (List{0.0, 2.5e-4, 5e-4, 7.5e-4, 1e-3}));
  EXPECT_EQ(linear_steps("x", 0, 1, 1e-6).level_count(), 1'000'001U);
  for (std::uint64_t i = 0; i <= 1'000'000; i += 997) {
    ASSERT_EQ(linear_steps("x", 0, 1, 1e-6).level(i), Value(std::stod(std::to_string(i) + "e-6")));
  }
}

TEST(LinearStepsTest, one_third_of_16_digits_meets_its_end) {
  const Parameter thirds = linear_steps("x", 0, 1, 0.3333333333333333);
  EXPECT_EQ(thirds.level_count(), 4U);
  EXPECT_EQ(thirds.level(3), Value(1.0));
  EXPECT_THAT(thirds.notes(), IsEmpty());
}

TEST(LinearStepsTest, an_end_that_no_step_meets_is_said) {
  const Parameter parameter = linear_steps("x", 0, 1, 0.3);
  EXPECT_EQ(levels_of(parameter), (List{0.0, 0.3, 0.6, 0.9}));
  EXPECT_THAT(parameter.notes(), ElementsAre("`x`: steps of 0.3 from 0 do not meet 1; the last level is 0.9"));
  EXPECT_THAT(replicated(grid({parameter, integers("n", 1, 6, 2)}), 2).notes(),
              ElementsAre("`x`: steps of 0.3 from 0 do not meet 1; the last level is 0.9",
                          "`n`: steps of 2 from 1 do not meet 6; the last level is 5"));
  EXPECT_EQ(linear_steps("x", 0, 1, 0.333).level_count(), 4U);
  EXPECT_EQ(linear_steps("x", 0, 1, 0.333).level(3), Value(0.999));
  EXPECT_EQ(linear_steps("x", 0, 1, 2.0).level_count(), 1U);
}

TEST(LinearStepsTest, another_end_or_half_the_step_keeps_the_levels) {
  const Parameter some = linear_steps("x", 0.1, 50.1, 0.1);
  const Parameter more = linear_steps("x", 0.1, 90.05, 0.1);
  const Parameter finer = linear_steps("x", 0.1, 50.1, 0.05);
  for (std::uint64_t i = 0; i < some.level_count(); ++i) {
    ASSERT_EQ(some.level(i), more.level(i)) << i;
    ASSERT_EQ(some.level(i), finer.level(2 * i)) << i;
  }
}

TEST(LinearStepsTest, are_written_and_defined_like_other_ranges) {
  EXPECT_EQ(linear_steps("n", 100000, 300000, 100000).level(1).written(), "200000");
  EXPECT_EQ(linear_steps("n", 0.0, 4.0, 2.0).level(1).written(), "2.0");
  EXPECT_EQ(linear_steps("n", 0, 4, 2).type(ValueType::integer).level(1), Value(2));
  EXPECT_THROW(linear_steps("n", 0, 1, 0.5).type(ValueType::integer), SpecError);
  EXPECT_EQ(linear_steps("x", 0, 1, 0.25).definition(), "linear(0, 1, step = 0.25)");
  EXPECT_EQ(linear_steps("x", 0, 1, 0.25).kind(), "linear");
}

std::string refused(double from, double to, double step) {
  return error_of<SpecError>([&] { linear_steps("x", from, to, step); });
}

TEST(LinearStepsTest, say_what_is_wrong) {
  EXPECT_EQ(refused(0, 1, 0), "parameter `x`: `step` must not be 0");
  EXPECT_EQ(refused(0, 1, -0.1), "parameter `x`: `step` must be above 0, not -0.1: `from` is 0 and `to` is 1");
  EXPECT_EQ(refused(1, 0, 0.1), "parameter `x`: `step` must be negative, not 0.1: `from` is 1 and `to` is 0");
  EXPECT_EQ(refused(0, HUGE_VAL, 1), "parameter `x`: `to` must be a finite number, not inf");
  EXPECT_EQ(refused(0, 1, std::nan("")), "parameter `x`: `step` must be a finite number, not nan");
  EXPECT_EQ(refused(0, 1e17, 1), "parameter `x`: `step` is too small to tell such large levels apart");
  EXPECT_EQ(refused(0, 1e-3, 1e-300), "parameter `x`: `step` is too small to tell such large levels apart");
}

TEST(IntegersTest, are_exact_in_all_64_bits) {
  constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();
  constexpr std::int64_t least = std::numeric_limits<std::int64_t>::min();
  EXPECT_EQ(levels_of(integers("n", 1, 7, 3)), (List{1, 4, 7}));
  EXPECT_EQ(levels_of(integers("n", most - 2, most)), (List{most - 2, most - 1, most}));
  EXPECT_EQ(levels_of(integers("n", 3, 1)), (List{3, 2, 1}));
  EXPECT_EQ(levels_of(integers("n", 5, -5, -5)), (List{5, 0, -5}));
  EXPECT_EQ(levels_of(integers("n", 4, 4)), (List{4}));
  EXPECT_EQ(levels_of(integers("n", least, most, most)), (List{least, -1, most - 1}));
  EXPECT_EQ(levels_of(integers("n", most, least, least)), (List{most, -1}));
  EXPECT_EQ(integers("n", 1, 7, 3).definition(), "integers(1, 7, step = 3)");
  EXPECT_EQ(integers("n", 1, 7).type_of_values(), ValueType::integer);
  EXPECT_EQ(integers("n", 1, 7).type(ValueType::number).level(0), Value(1.0));
  EXPECT_THROW(integers("n", most - 2, most).type(ValueType::number), SpecError);
  EXPECT_THROW(integers("n", 1, 7).type(ValueType::boolean), SpecError);
}

TEST(IntegersTest, say_what_is_wrong) {
  const auto message = [](std::int64_t from, std::int64_t to, std::int64_t step) {
    return error_of<SpecError>([&] { integers("n", from, to, step); });
  };
  EXPECT_EQ(message(1, 2, 0), "parameter `n`: `step` must not be 0");
  EXPECT_EQ(message(1, 2, -1), "parameter `n`: `step` must be above 0, not -1: `from` is 1 and `to` is 2");
  EXPECT_EQ(message(2, 1, 1), "parameter `n`: `step` must be negative, not 1: `from` is 2 and `to` is 1");
  EXPECT_EQ(message(std::numeric_limits<std::int64_t>::min(), 0, 1),
            "parameter `n`: `step` is too small: there are more than 2^62 levels");
}

}  // namespace
}  // namespace windrow
