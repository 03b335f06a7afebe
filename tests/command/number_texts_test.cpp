// A hundred thousand random texts of numbers, as C, Fortran and JSON write them, are read as strtod reads them.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <string>

#include "command/output_value.hpp"

namespace windrow::detail {
namespace {

class NumberTexts {
 public:
  double number() {
    double value = 0.0;
    do {
      value = std::bit_cast<double>(random_());
    } while (!std::isfinite(value));
    return value;
  }
  std::size_t below(std::size_t count) { return random_() % count; }

  bool either() { return below(2) == 0; }

  /// As printf writes it.
  std::string in_c() {
    static constexpr const char* conversions = "eEfgGeg";
    const std::string format =
        fmt::format("%{}{}.{}{}", either() ? "+" : "", either() ? "#" : "", below(25), conversions[below(7)]);
    std::string text(400, '\0');
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    text.resize(static_cast<std::size_t>(std::snprintf(text.data(), text.size(), format.c_str(), number())));
#pragma GCC diagnostic pop
    return text.size() < 400 ? text : "0";
  }
  /// Digits as JSON has them, with an exponent or without.
  std::string in_json() {
    const std::string fraction = either() ? fmt::format(".{}", below(1'000'000'000)) : std::string();
    const std::string exponent = either() ? fmt::format("{}{}{}", either() ? "e" : "E",
                                                        either()   ? "-"
                                                        : either() ? "+"
                                                                   : "",
                                                        below(320))
                                          : std::string();
    return fmt::format("{}{}{}{}", either() ? "-" : "", either() ? 0 : 1 + below(1'000'000), fraction, exponent);
  }
  /// With a D for the exponent, perhaps without a digit before or behind the point.
  std::string in_fortran(std::string& as_c) {
    const std::size_t digits = below(1'000'000'000);
    const char* forms[] = {".{}", "{}.", "0.{}"};
    const std::string mantissa = fmt::format(fmt::runtime(forms[below(3)]), digits);
    const std::string exponent = fmt::format("{}{}", either() ? "+" : "-", below(300));
    const std::string sign = either() ? "-" : "";
    as_c = fmt::format("{}{}e{}", sign, mantissa, exponent);
    return fmt::format("{}{}{}{}", sign, mantissa, either() ? "D" : "d", exponent);
  }

 private:
  std::mt19937_64 random_{4711};
};

std::uint64_t bits_of(double number) {
  return std::bit_cast<std::uint64_t>(number);
}

/// @param as_c  the same number as C spells it
void expect_read(const std::string& text, const std::string& as_c) {
  const double wanted = std::strtod(as_c.c_str(), nullptr);
  const auto value = value_of_type(text, "number");
  if (std::isinf(wanted)) return;  // too large for a double
  ASSERT_TRUE(value.has_value()) << text;
  ASSERT_EQ(bits_of(value->number()), bits_of(wanted)) << text;
}

TEST(NumberTextsTest, are_read_as_strtod_reads_them) {
  NumberTexts texts;
  for (int i = 0; i < 34'000; ++i) {
    const std::string c = texts.in_c();
    expect_read(c, c);
    const std::string json = texts.in_json();
    expect_read(json, json);
    std::string as_c;
    const std::string fortran = texts.in_fortran(as_c);
    expect_read(fortran, as_c);
    if (HasFatalFailure()) return;
  }
}

TEST(NumberTextsTest, whole_numbers_keep_every_digit_or_are_refused) {
  std::mt19937_64 random(11);
  for (int i = 0; i < 20'000; ++i) {
    const auto whole = static_cast<std::int64_t>(random());
    const auto value = value_of_type(std::to_string(whole), "integer");
    ASSERT_TRUE(value.has_value());
    ASSERT_EQ(value->integer(), whole);
  }
}

}  // namespace
}  // namespace windrow::detail
