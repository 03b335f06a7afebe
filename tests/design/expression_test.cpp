#include "design/interface/expression.hpp"

#include <gmock/gmock.h>

#include <cmath>
#include <thread>

#include "error_of.hpp"

namespace windrow::detail {
namespace {

using test::error_of;
using testing::ElementsAre;
using testing::HasSubstr;

const std::vector<ExpressionName> names = {{"a", ExpressionKind::number},          {"b", ExpressionKind::number},
                                           {"on", ExpressionKind::truth},          {"model", ExpressionKind::text},
                                           {"other", ExpressionKind::text},        {"mixed", ExpressionKind::any},
                                           {"material.E", ExpressionKind::number}, {"material", ExpressionKind::text}};
const std::vector<Value> here = {3, 0.5, true, "sst", "sst", "auto", 210e9, "steel"};

Value value_of(const std::string& text, const std::vector<Value>& all = here) {
  const Expression expression(text, "", names, "parameter");
  std::vector<const Value*> used;
  for (const std::size_t name : expression.used()) used.push_back(&all[name]);
  return expression.value(used);
}

double number_of(const std::string& text) {
  return value_of(text).number();
}

std::string complaint(const std::string& text) {
  return error_of<SpecError>([&] { value_of(text); });
}

TEST(ExpressionTest, calculates_as_c_does) {
  EXPECT_EQ(value_of("2 * a + b"), Value(6.5));
  EXPECT_EQ(number_of("a - 1 - 1"), 1.0);
  EXPECT_EQ(number_of("12 / a / 2"), 2.0);
  EXPECT_EQ(number_of("-2^2"), -4.0) << "as on paper";
  EXPECT_EQ(number_of("2^3^2"), 512.0);
  EXPECT_EQ(number_of("2^-1"), 0.5);
  EXPECT_EQ(number_of("- -a"), 3.0);
  EXPECT_EQ(number_of("a > 2 ? 10 : 20"), 10.0);
  EXPECT_EQ(number_of("a < 2 ? 10 : a < 4 ? 20 : 30"), 20.0);
  EXPECT_EQ(number_of(".5e1 + 1E-1 + 0x10"), 21.1);
  EXPECT_EQ(number_of("material.E / 1e9"), 210.0);
  EXPECT_EQ(number_of("0.1 + 0.2"), 0.1 + 0.2);
  EXPECT_EQ(number_of("0.1 * a + 0.2 * a"), 0.1 * 3 + 0.2 * 3) << "in the order in which it is written";
  EXPECT_TRUE(std::isnan(number_of("sqrt(-a)")));
  EXPECT_EQ(number_of("1 / 0"), INFINITY);
}

TEST(ExpressionTest, knows_truth) {
  EXPECT_EQ(value_of("a == 3"), Value(true));
  EXPECT_EQ(value_of("a != 3 || b <= 0.5 && on"), Value(true));
  EXPECT_EQ(value_of("(a != 3 || b <= 0.5) && !on"), Value(false));
  EXPECT_EQ(value_of("!(a < 3)"), Value(true));
  EXPECT_EQ(value_of("on == true"), Value(true));
  EXPECT_EQ(value_of("on ? false : true"), Value(false));
  EXPECT_EQ(value_of("on"), Value(true));
  EXPECT_EQ(value_of("a > 1 && a < 3"), Value(false));
}

TEST(ExpressionTest, compares_texts) {
  EXPECT_EQ(value_of("model == 'sst'"), Value(true));
  EXPECT_EQ(value_of("model == \"k-epsilon\""), Value(false));
  EXPECT_EQ(value_of("'sst' != model"), Value(false));
  EXPECT_EQ(value_of("model == other"), Value(true));
  EXPECT_EQ(value_of("model == material"), Value(false));
  EXPECT_EQ(value_of("material == other || other == model"), Value(true));
  EXPECT_EQ(value_of("model == 'sst' ? 2 * a : a"), Value(6.0));
  EXPECT_EQ(value_of("a > 2 ? 'large' : material"), Value("large"));
  EXPECT_EQ(value_of("a < 2 ? 'large' : material"), Value("steel"));
  EXPECT_EQ(value_of("(a > 2 ? 'sst' : '') == model"), Value(true));
  EXPECT_EQ(value_of("mixed == 'auto' ? 1 : mixed"), Value(1.0));
  std::vector<Value> numbers = here;
  numbers[5] = 7;
  EXPECT_EQ(value_of("mixed == 'auto' ? 1 : mixed", numbers), Value(7.0));
}

TEST(ExpressionTest, has_the_functions_of_c) {
  EXPECT_EQ(number_of("min(a, 2, 5) + max(b, 1) + abs(-1)"), 4.0);
  EXPECT_EQ(number_of("round(2.5) + floor(-0.5) + ceil(0.1) + trunc(-1.9) + rint(2.5)"), 5.0);
  EXPECT_EQ(number_of("sum(1, 2, a) + avg(1, 3)"), 8.0);
  EXPECT_EQ(number_of("hypot(3, 4) + fmod(7, 4) + pow(2, 3) + sign(-2)"), 15.0);
  EXPECT_EQ(number_of("sin(pi / 2)"), 1.0);
  EXPECT_DOUBLE_EQ(number_of("exp(1)"), std::exp(1.0));
  EXPECT_DOUBLE_EQ(
      number_of("atan2(1, a) + log(a) + log10(a) + tanh(b) + erf(b) + tgamma(a) + cbrt(a)"),
      std::atan2(1.0, 3.0) + std::log(3.0) + std::log10(3.0) + std::tanh(0.5) + std::erf(0.5) + 2.0 + std::cbrt(3.0));
}

TEST(ExpressionTest, says_where_it_is_wrong) {
  EXPECT_EQ(complaint("a + * b"), "in \"a + * b\": unexpected * after +");
  EXPECT_EQ(complaint("a b"), "in \"a b\": unexpected b after a");
  EXPECT_EQ(complaint("* b"), "in \"* b\": unexpected * at the beginning");
  EXPECT_EQ(complaint("a +"), "in \"a +\": unexpected end after +");
  EXPECT_EQ(complaint("(a"), "in \"(a\": missing ) after a");
  EXPECT_EQ(complaint("(a 2"), "in \"(a 2\": unexpected 2 after a, where ) is missing");
  EXPECT_EQ(complaint("a)"), "in \"a)\": unexpected ) after a");
  EXPECT_EQ(complaint("a ? 1"), "in \"a ? 1\": missing : after 1");
  EXPECT_EQ(complaint(" "), "an expression is empty");
  EXPECT_EQ(complaint("2a"), "in \"2a\": unexpected a after 2");
  EXPECT_EQ(complaint("1.2.3"), "in \"1.2.3\": unexpected . after 1.2");
  EXPECT_EQ(complaint("a § b"), "in \"a § b\": unexpected §");
  EXPECT_EQ(complaint("'sst"), "in \"'sst\": the quote 'sst has no end");
  EXPECT_EQ(complaint("1e999"), "in \"1e999\": 1e999 is too large a number");
  EXPECT_EQ(complaint("sin(a, b)"), "in \"sin(a, b)\": sin takes one argument, not 2");
  EXPECT_EQ(complaint("min()"), "in \"min()\": min takes at least one argument");
  EXPECT_THAT(complaint("a = 3"), HasSubstr("`==` compares"));
  EXPECT_THAT(complaint("a & b"), HasSubstr("joined by &&"));
  EXPECT_THAT(complaint("a % b"), HasSubstr("fmod(a, b)"));
  EXPECT_THAT(complaint("0 < a < 1"), HasSubstr("unexpected < after a: comparisons are joined by &&"));
  EXPECT_THAT(complaint(std::string(5000, '1')), HasSubstr("more than 4000 characters"));
  EXPECT_THAT(complaint(std::string(3000, '(')), HasSubstr("more than 100 parts in each other"));
  EXPECT_THAT(complaint(std::string(3000, '-')), HasSubstr("more than 100 parts in each other"));
}

TEST(ExpressionTest, says_which_name_is_none) {
  EXPECT_THAT(complaint("a + materal.E"), HasSubstr("`materal.E` in `a + materal.E` is no parameter; did you mean "));
  EXPECT_EQ(complaint("sine(a)"), "`sine` in `sine(a)` is no function; did you mean `sin`?");
  EXPECT_THAT(complaint("a and b"), HasSubstr("unexpected and after a"));
  EXPECT_THAT(complaint("not on"), HasSubstr("`not` is written !"));
}

TEST(ExpressionTest, does_not_calculate_with_texts) {
  EXPECT_THAT(complaint("model + 1"), HasSubstr("`model` in `model + 1` is a text, not a number"));
  EXPECT_THAT(complaint("model < 'z'"), HasSubstr("texts compare with == and != only"));
  EXPECT_EQ(complaint("model == 3"), "in \"model == 3\": model is a text and 3 is none: there is nothing to compare");
  EXPECT_THAT(complaint("a == 'x'"), HasSubstr("'x' is a text and a is none"));
  EXPECT_THAT(complaint("!model"), HasSubstr("is a text"));
  EXPECT_THAT(complaint("on ? 'a' : 1"), HasSubstr("'a' is a text and 1 is none: there is nothing to choose from"));
  EXPECT_THAT(complaint("'a'^2"), HasSubstr("'a' is a text"));
}

TEST(ExpressionTest, long_ones_are_read) {
  std::string text = "a";
  while (text.size() < 3990) text += "+a";
  EXPECT_EQ(number_of(text), 3.0 * 1995 + 3.0);
}

TEST(ExpressionTest, knows_what_it_uses) {
  const Expression expression("a * (model == 'sst') + a", "", names, "parameter");
  EXPECT_THAT(expression.used(), ElementsAre(0, 3));
  EXPECT_TRUE(expression.is_number(0));
  EXPECT_FALSE(expression.is_number(1));
  EXPECT_EQ(expression.kind(), ExpressionKind::number);
  EXPECT_EQ(Expression("a < 1", "", names, "parameter").kind(), ExpressionKind::truth);
}

TEST(ExpressionTest, many_threads_may_ask) {
  const Expression expression("model == 'sst' ? 2 * a : 0", "", names, "parameter");
  std::vector<int> wrong(32);
  std::vector<std::thread> threads;
  for (std::size_t t = 0; t < wrong.size(); ++t) {
    threads.emplace_back([&expression, &wrong, t] {
      const Value model("sst");
      for (int i = 0; i < 2000; ++i) {
        const Value a(static_cast<double>(i) + 1000.0 * static_cast<double>(t));
        const std::vector<const Value*> used = {&model, &a};
        if (expression.number(used) != 2.0 * a.number()) ++wrong[t];
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, std::vector<int>(32));
}

}  // namespace
}  // namespace windrow::detail
