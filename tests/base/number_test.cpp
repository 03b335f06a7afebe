#include "windrow/base/number.hpp"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <string>

namespace windrow {
namespace {

using text::parse_number;
using text::parse_whole;

std::string printed(const char* format, double value, int digits = 0) {
  char buffer[512];
  return {buffer, static_cast<std::size_t>(std::snprintf(buffer, sizeof buffer, format, digits, value))};
}

/// As strtod() reads what C writes.
void expect_same(const std::string& text, const std::string& in_c) {
  const double wanted = std::strtod(in_c.c_str(), nullptr);
  const auto number = parse_number(text);
  if (std::isinf(wanted) && in_c.find_first_of("iI") == std::string::npos) {
    EXPECT_FALSE(number) << text;  // too large
  } else if (!number) {
    ADD_FAILURE() << "`" << text << "` is no number, but " << wanted;
  } else if (std::isnan(wanted)) {
    EXPECT_TRUE(std::isnan(*number)) << text;
  } else {
    EXPECT_EQ(std::bit_cast<std::uint64_t>(*number), std::bit_cast<std::uint64_t>(wanted)) << text;
  }
}

/// Any bits are a double, so that all magnitudes come, subnormal ones, infinities and NaN too.
class Draws {
 public:
  double any() { return std::bit_cast<double>(generator_()); }
  int below(int end) { return static_cast<int>(generator_() % static_cast<std::uint64_t>(end)); }

 private:
  std::mt19937_64 generator_{20240229};
};

/// "1.25e-114" as Fortran writes it.
std::string in_fortran(std::string text, int form) {
  const std::size_t mark = text.find('e');
  if (mark == std::string::npos) return text;
  const bool three_digits = text.size() - mark == 5;
  if (form == 0 && three_digits && text.find('.') < mark) return text.erase(mark, 1);
  text[mark] = "DdQE"[form];
  if (form == 1 && text[mark + 1] == '+') text.erase(mark + 1, 1);
  return text;
}

TEST(NumberTest, what_c_and_json_write_is_read_as_strtod_does) {
  Draws draws;
  for (int i = 0; i < 60'000; ++i) {
    const double value = draws.any();
    static constexpr const char* formats[] = {"%.*e", "%.*E", "%.*g", "%.*G", "%+.*e", "%.*a", "%.*A", "% .*e"};
    const std::string text = printed(formats[i % 8], value, draws.below(25));
    expect_same(text, text);
  }
  for (int i = 0; i < 20'000; ++i) {
    const std::string text =
        printed("%.*f", std::ldexp(draws.any() > 0 ? 1.5 : -1.1, draws.below(120) - 60), draws.below(30));
    expect_same(text, text);
    const std::size_t zero = text.find("0.");
    if (zero <= 1 && text.size() > zero + 2) expect_same(std::string(text).erase(zero, 1), text);  // ".5", "-.5"
    if (text.find('.') == std::string::npos) expect_same(text + ".", text);
  }
}

TEST(NumberTest, what_fortran_writes_is_the_number_that_the_standard_says) {
  Draws draws;
  for (int i = 0; i < 60'000; ++i) {
    const double value = draws.any();
    if (!std::isfinite(value)) continue;
    const std::string text = printed("%#.*e", value, draws.below(20));
    expect_same(in_fortran(text, i % 4), text);
    expect_same("  " + in_fortran(text, i % 4) + " \r", text);
  }
  for (const char* text : {"NaN", "nan", "Infinity", "+Infinity", "-Infinity", "Inf", "-inf"}) expect_same(text, text);
}

TEST(NumberTest, forms_of_programs_that_are_met) {
  EXPECT_EQ(parse_number("1.0D-03"), 1e-3);
  EXPECT_EQ(parse_number("1.25-114"), 1.25e-114);
  EXPECT_EQ(parse_number("-.125000+101"), -1.25e100);
  EXPECT_EQ(parse_number("1.D0"), 1.0);
  EXPECT_EQ(parse_number(".5"), 0.5);
  EXPECT_EQ(parse_number("5."), 5.0);
  EXPECT_EQ(parse_number("0x1.8p3"), 12.0);
  EXPECT_EQ(parse_number("-0x10"), -16.0);
  EXPECT_TRUE(std::isnan(parse_number("-nan(ind)").value()));
  EXPECT_TRUE(std::signbit(parse_number("-1d-999").value()));
}

TEST(NumberTest, what_is_no_number) {
  for (const char* text : {"",       " ",     "*****",     "1.2.3", "1,5",   "10-200", "2024-01-05", "1.5-2", "1.5-1e3",
                           "1.0D",   "1.0D+", "D3",        ".D3",   "1d2d3", "1e2d3",  "0x",         "0x1g",  "nan(",
                           "nan()x", "1 2",   "1.25-1145", "--1",   "+-1",   "1e400",  "1.0D+400",   "inf1",  "0xinf",
                           "1_000",  "12abc", ".",         "+",     "e5",    "nan nan"}) {
    EXPECT_FALSE(parse_number(text)) << text;
  }
}

TEST(NumberTest, whole_numbers_keep_every_digit_or_are_none) {
  EXPECT_EQ(parse_whole("9007199254740993"), std::int64_t{9007199254740993});
  EXPECT_EQ(parse_whole("+9223372036854775807"), std::int64_t{9223372036854775807});
  EXPECT_EQ(parse_whole("9007199254740993.000"), std::int64_t{9007199254740993});
  EXPECT_EQ(parse_whole("5."), 5);
  EXPECT_EQ(parse_whole("-5.0D+03"), -5000);
  EXPECT_EQ(parse_whole(" 1e3\r"), 1000);
  for (const char* text : {"9223372036854775808", "1e16", "1.5", "nan", "inf", "", "0.9007199254740993e16"}) {
    EXPECT_FALSE(parse_whole(text)) << text;
  }
  EXPECT_TRUE(text::loses_digits("9007199254740993"));
  EXPECT_TRUE(text::loses_digits("18446744073709551615"));
  EXPECT_FALSE(text::loses_digits("-0018446744073709551616"));
  EXPECT_FALSE(text::loses_digits("9007199254740992"));
  EXPECT_FALSE(text::loses_digits("9007199254740993.0"));
  EXPECT_FALSE(text::loses_digits("12a"));
}

}  // namespace
}  // namespace windrow
