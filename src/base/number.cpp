#include "windrow/base/number.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <string>
#include <system_error>

#include "windrow/base/text.hpp"

namespace windrow::text {
namespace {

constexpr double kExactIntegers = 0x1p53;  // from here on, a double no longer tells integers apart

bool is_decimal(char c) {
  return c >= '0' && c <= '9';
}

bool is_sign(char c) {
  return c == '+' || c == '-';
}

std::string_view without_blanks(std::string_view text) {
  constexpr std::string_view blanks = " \t\r\n\f\v";
  const std::size_t first = text.find_first_not_of(blanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

std::string_view without_sign(std::string_view text) {
  return !text.empty() && is_sign(text.front()) ? text.substr(1) : text;
}

bool are_digits(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), is_decimal);
}

/// Digits with at most one point among them, or at an end.
bool is_mantissa(std::string_view text) {
  const std::size_t point = text.find('.');
  if (point == std::string_view::npos) return are_digits(text);
  const std::string_view whole = text.substr(0, point);
  const std::string_view fraction = text.substr(point + 1);
  return (!whole.empty() || !fraction.empty()) && (whole.empty() || are_digits(whole)) &&
         (fraction.empty() || are_digits(fraction));
}

/// "nan(ind)", "-nan(0x7)": what C may write of a NaN.
bool is_nan_of_c(std::string_view text) {
  text = without_sign(text);
  if (text.size() < 5 || !text.ends_with(')') || text[3] != '(') return false;
  const auto is_word = [](char c) {
    return is_decimal(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
  };
  const auto same = [](char a, char b) { return (a | 0x20) == b; };
  constexpr std::string_view nan = "nan";
  return std::equal(nan.begin(), nan.end(), text.begin(), [&](char b, char a) { return same(a, b); }) &&
         std::all_of(text.begin() + 4, text.end() - 1, is_word);
}

/// @return none if it is none; 0x1.8p3
std::optional<double> parse_hexadecimal(std::string_view text) {
  const bool negative = text.starts_with('-');
  text = without_sign(text);
  if (!text.starts_with("0x") && !text.starts_with("0X")) return {};
  text.remove_prefix(2);
  if (text.empty() || is_sign(text.front())) return {};
  double value = 0.0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, std::chars_format::hex);
  if (end != text.data() + text.size() || error == std::errc::invalid_argument) return {};
  if (error == std::errc::result_out_of_range) {
    if (text.find("p-") == std::string_view::npos && text.find("P-") == std::string_view::npos) return {};
    value = 0.0;
  }
  if (std::isnan(value) || std::isinf(value)) return {};  // "0xinf"
  return negative ? -value : value;
}

/// The same number as C writes it; empty if it is not one with an exponent of Fortran.
std::string as_in_c(std::string_view text) {
  const std::string_view number = without_sign(text);
  std::size_t mark = number.find_first_of("dDqQ");
  std::string_view exponent;
  if (mark != std::string_view::npos) {
    exponent = number.substr(mark + 1);
    if (!are_digits(without_sign(exponent))) return {};
  } else {
    mark = number.find_first_of("+-");
    if (mark == std::string_view::npos || number.substr(0, mark).find('.') == std::string_view::npos) return {};
    exponent = number.substr(mark);
    if (exponent.size() != 4 || !are_digits(exponent.substr(1))) return {};
  }
  const std::string_view mantissa = number.substr(0, mark);
  if (!is_mantissa(mantissa)) return {};
  return std::string(text.substr(0, text.size() - number.size())).append(mantissa).append("e").append(exponent);
}

}  // namespace

std::optional<double> parse_number(std::string_view text) {
  text = without_blanks(text);
  if (const auto number = parse_double(text)) return number;
  if (text.empty()) return {};
  if (const std::string number = as_in_c(text); !number.empty()) return parse_double(number);
  if (is_nan_of_c(text)) return std::numeric_limits<double>::quiet_NaN();
  return parse_hexadecimal(text);
}

bool is_whole_number(std::string_view text) {
  return are_digits(without_sign(without_blanks(text)));
}

bool loses_digits(std::string_view text) {
  if (!is_whole_number(text)) return false;
  const auto number = parse_double(text);
  if (!number) return true;
  if (std::abs(*number) < kExactIntegers) return false;
  std::string_view digits = without_sign(without_blanks(text));
  digits.remove_prefix(std::min(digits.find_first_not_of('0'), digits.size()));
  return fmt::format("{:.0f}", std::abs(*number)) != digits;
}

std::optional<std::int64_t> parse_whole(std::string_view text) {
  text = without_blanks(text);
  const std::size_t point = text.find('.');
  if (point != std::string_view::npos && text.find_first_not_of('0', point + 1) == std::string_view::npos &&
      is_whole_number(text.substr(0, point))) {
    text = text.substr(0, point);
  }
  if (is_whole_number(text)) return parse_integer(text);
  const auto number = parse_number(text);
  if (!number || !(std::abs(*number) < kExactIntegers) || std::trunc(*number) != *number) return {};
  return static_cast<std::int64_t>(*number);
}

}  // namespace windrow::text
