#include "windrow/design/value.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <sstream>
#include <vector>

#include "windrow/error.hpp"

namespace windrow {
namespace {

template <typename T>
bool holds(const Value& value) {
  return std::holds_alternative<T>(value.variant());
}

TEST(ValueTest, takes_its_kind_from_what_it_is_made_of) {
  const std::vector<Value> integers = {
      3, 3U, 3L, 3UL, 3LL, 3ULL, std::size_t{3}, std::int8_t{3}, std::uint8_t{3}, short{3}, '\1' + 2};
  for (const Value& value : integers) {
    EXPECT_TRUE(holds<std::int64_t>(value));
    EXPECT_EQ(value.integer(), 3);
  }
  const std::vector<Value> numbers = {0.5, 0.5F, 0.5L};
  for (const Value& value : numbers) {
    EXPECT_TRUE(holds<double>(value));
    EXPECT_EQ(value.number(), 0.5);
  }
  const std::vector<Value> texts = {"steel", std::string("steel"), std::string_view("steel")};
  for (const Value& value : texts) EXPECT_EQ(value.text(), "steel");
  EXPECT_TRUE(holds<bool>(Value(true)));
  EXPECT_TRUE(holds<double>(Value()));
}

TEST(ValueTest, is_not_made_of_pointers_or_characters) {
  EXPECT_FALSE((std::is_convertible_v<int*, Value>));
  EXPECT_FALSE((std::is_convertible_v<char, Value>));
  EXPECT_FALSE((std::is_convertible_v<wchar_t, Value>));
  EXPECT_TRUE((std::is_convertible_v<const char*, Value>));
}

TEST(ValueTest, refuses_an_integer_that_does_not_fit) {
  EXPECT_EQ(Value(std::uint64_t{9223372036854775807U}).integer(), std::numeric_limits<std::int64_t>::max());
  EXPECT_THROW(Value(std::uint64_t{9223372036854775808U}), SpecError);
}

TEST(ValueTest, converts_to_double_where_one_is_wanted) {
  const Value three = 3;
  const Value half = 0.5;
  const double x = three;
  EXPECT_EQ(x, 3.0);
  EXPECT_EQ(std::sqrt(Value(9)), 3.0);
  EXPECT_EQ(three * half + 1, 2.5);
  EXPECT_EQ(-half, -0.5);
  EXPECT_TRUE(half < three && three > 2);
  EXPECT_EQ(Value(true) + 1, 2.0);
  double sum = 1.0;
  sum += three;
  EXPECT_EQ(sum, 4.0);
}

TEST(ValueTest, compares_with_plain_numbers_by_size) {
  EXPECT_TRUE(Value(3) == 3.0 && 3 == Value(3.0) && Value(3) == 3U);
  EXPECT_TRUE(Value(3) != 4 && Value("3") != 3);
  EXPECT_TRUE(Value(true) == true && Value(true) != false);
  EXPECT_TRUE(Value("steel") == "steel" && Value("steel") != "wood");
  EXPECT_FALSE(Value(9007199254740993) == 9007199254740992);
  EXPECT_FALSE(Value(-1) == std::numeric_limits<std::uint64_t>::max());
}

TEST(ValueTest, equals_bitwise_and_by_kind) {
  const double nan = std::nan("");
  EXPECT_EQ(Value(nan), Value(nan));
  EXPECT_EQ(Value(nan), Value(-nan));
  EXPECT_NE(Value(nan), Value(0.0));
  EXPECT_NE(Value(0.0), Value(-0.0));
  EXPECT_NE(Value(3), Value(3.0));
  EXPECT_NE(Value(1), Value(true));
  EXPECT_NE(Value("3"), Value(3));
  EXPECT_EQ(Value("a"), Value("a"));
  EXPECT_NE(Value(0.1), Value(std::nextafter(0.1, 1.0)));
}

TEST(ValueTest, says_when_it_is_of_another_kind) {
  EXPECT_THROW(Value("steel").number(), SpecError);
  EXPECT_THROW(Value(0.5).integer(), SpecError);
  EXPECT_THROW(Value(true).integer(), SpecError);
  EXPECT_THROW(Value(std::nan("")).integer(), SpecError);
  EXPECT_THROW(Value(0x1p63).integer(), SpecError);
  EXPECT_THROW(Value(1).boolean(), SpecError);
  EXPECT_THROW(Value(1).text(), SpecError);
  EXPECT_EQ(Value(-0x1p63).integer(), std::numeric_limits<std::int64_t>::min());
  EXPECT_EQ(Value(4.0).integer(), 4);
  EXPECT_EQ(Value(true).number(), 1.0);
  try {
    Value("steel").number();
  } catch (const SpecError& error) {
    EXPECT_STREQ(error.what(), "the text `steel` is not a number");
  }
}

TEST(ValueTest, renders_so_that_it_reads_back) {
  EXPECT_EQ(Value(3).render(), "3");
  EXPECT_EQ(Value(0.1).render(), "0.1");
  EXPECT_EQ(Value(1e-9).render(), "1e-09");
  EXPECT_EQ(Value(true).render(), "true");
  EXPECT_EQ(Value(false).render(), "false");
  EXPECT_EQ(Value("a b").render(), "a b");
  std::ostringstream out;
  out << Value("steel") << ' ' << Value(2) << ' ' << Value(0.5);
  EXPECT_EQ(out.str(), "steel 2 0.5");
}

TEST(ParseValueTest, takes_the_narrowest_kind) {
  EXPECT_EQ(parse_value("3"), Value(3));
  EXPECT_EQ(parse_value("-3"), Value(-3));
  EXPECT_EQ(parse_value("3.0"), Value(3.0));
  EXPECT_EQ(parse_value("1e3"), Value(1000.0));
  EXPECT_EQ(parse_value("nan"), Value(std::nan("")));
  EXPECT_EQ(parse_value("9223372036854775808"), Value(0x1p63));
  EXPECT_EQ(parse_value("true"), Value(true));
  EXPECT_EQ(parse_value("false"), Value(false));
  EXPECT_EQ(parse_value("True"), Value("True"));
  EXPECT_EQ(parse_value(""), Value(""));
  EXPECT_EQ(parse_value("3 mm"), Value("3 mm"));
}

TEST(ValueTest, a_number_is_read_without_the_loss_of_a_digit_of_a_whole_one) {
  const auto is_double = [](std::string_view text, double number) {
    const auto value = parse_number(text);
    return value && holds<double>(*value) && *value == Value(number);
  };
  const auto is_integer = [](std::string_view text, std::int64_t whole) {
    const auto value = parse_number(text);
    return value && holds<std::int64_t>(*value) && value->integer() == whole;
  };
  EXPECT_TRUE(is_double("3", 3.0));
  EXPECT_TRUE(is_double("-1.5e3", -1500.0));
  EXPECT_TRUE(is_double("9007199254740992", 0x1p53));
  EXPECT_TRUE(is_integer("9007199254740993", 9007199254740993));
  EXPECT_TRUE(is_integer(" -9007199254740993 ", -9007199254740993));
  EXPECT_TRUE(is_double("9007199254740994", 0x1p53 + 2));
  EXPECT_TRUE(is_integer("9223372036854775807", std::numeric_limits<std::int64_t>::max()));
  EXPECT_TRUE(is_double("18446744073709551616", 0x1p64));  // exact
  EXPECT_TRUE(is_double("18446744073709552000", 0x1p64));  // as JavaScript writes it: its shortest digits
  EXPECT_TRUE(is_double("1e23", 1e23));
  EXPECT_TRUE(is_double("100000000000000000000000", 1e23));
  for (const char* text : {"18446744073709551615", "9007199254740993.0", "123456789012345678901234567890", "abc", ""}) {
    EXPECT_FALSE(parse_number(text)) << text;
  }
  EXPECT_EQ(parse_value("18446744073709551615"), Value("18446744073709551615"));
}

TEST(ValueTest, is_read_as_the_type_that_it_is_said_to_be) {
  EXPECT_EQ(parse_as("0012", ValueType::string), Value("0012"));
  EXPECT_EQ(parse_as("0012", ValueType::integer), Value(12));
  EXPECT_EQ(parse_as("2", ValueType::number), Value(2.0));
  EXPECT_EQ(parse_as("1e3", ValueType::integer), Value(1000));
  EXPECT_EQ(parse_as("9223372036854775807", ValueType::integer), Value(std::int64_t{9223372036854775807}));
  for (const char* text : {"True", "TRUE", "true", " 1 ", ".TRUE."}) {
    EXPECT_EQ(parse_as(text, ValueType::boolean), Value(true)) << text;
  }
  EXPECT_THROW(parse_as("maybe", ValueType::boolean), SpecError);
  EXPECT_THROW(parse_as("1.5", ValueType::integer), SpecError);
  EXPECT_THROW(parse_as("", ValueType::number), SpecError);
  EXPECT_THROW(parse_as("18446744073709551615", ValueType::integer), SpecError);
  EXPECT_THROW(parse_as("9007199254740993", ValueType::number), SpecError);
  EXPECT_EQ(convert(Value(2), ValueType::number), Value(2.0));
  EXPECT_EQ(convert(Value(2.0), ValueType::integer), Value(2));
  EXPECT_EQ(convert(Value(1.5).spelled("1.50"), ValueType::string), Value("1.50"));
  EXPECT_THROW(convert(Value(true), ValueType::number), SpecError);
}

TEST(ValueTest, goes_into_programs_as_it_was_spelled) {
  Value value = 1.1;
  value.spelled("1.10");
  EXPECT_EQ(value.written(), "1.10");
  EXPECT_EQ(value.identity_text(), "1.1");
  EXPECT_EQ(value, Value(1.1));
  const Value copy = value;
  EXPECT_EQ(copy.written(), "1.10");
}

}  // namespace
}  // namespace windrow
