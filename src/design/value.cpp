#include "windrow/design/value.hpp"

#include <bit>
#include <cmath>
#include <ostream>

#include "windrow/base/text.hpp"
#include "windrow/error.hpp"

namespace windrow {
namespace {

[[noreturn]] void wrong_kind(const Value& value, const char* wanted) {
  const bool text = value.is_text();
  throw SpecError((text ? "the text `" : "the value `") + value.render() + "` is not " + wanted);
}

}  // namespace

void detail::integer_too_large(std::uint64_t value) {
  throw SpecError("the integer " + std::to_string(value) + " is too large; the largest is 9223372036854775807");
}

double Value::number() const {
  if (const auto* number = std::get_if<double>(&value_)) return *number;
  if (const auto* whole = std::get_if<std::int64_t>(&value_)) return static_cast<double>(*whole);
  if (const auto* truth = std::get_if<bool>(&value_)) return *truth ? 1.0 : 0.0;
  wrong_kind(*this, "a number");
}

std::int64_t Value::integer() const {
  if (const auto* whole = std::get_if<std::int64_t>(&value_)) return *whole;
  const auto* number = std::get_if<double>(&value_);
  // 2^63 is a double, the largest std::int64_t is not.
  const bool fits = number != nullptr && *number >= -0x1p63 && *number < 0x1p63 && std::trunc(*number) == *number;
  if (!fits) wrong_kind(*this, "an integer");
  return static_cast<std::int64_t>(*number);
}

bool Value::boolean() const {
  if (const auto* truth = std::get_if<bool>(&value_)) return *truth;
  wrong_kind(*this, "true or false");
}

const std::string& Value::text() const {
  if (const auto* text = std::get_if<std::string>(&value_)) return *text;
  wrong_kind(*this, "a text");
}

const Array& Value::array() const {
  if (const auto* array = std::get_if<std::shared_ptr<const Array>>(&value_)) return **array;
  wrong_kind(*this, "an array");
}

std::string Value::render() const {
  if (const auto* number = std::get_if<double>(&value_)) return text::render(*number);
  if (const auto* whole = std::get_if<std::int64_t>(&value_)) return std::to_string(*whole);
  if (const auto* truth = std::get_if<bool>(&value_)) return *truth ? "true" : "false";
  if (is_array()) return "array of " + render_shape(array().shape);
  return std::get<std::string>(value_);
}

bool operator==(const Value& a, const Value& b) {
  const auto* x = std::get_if<double>(&a.value_);
  const auto* y = std::get_if<double>(&b.value_);
  if (x != nullptr && y != nullptr) {
    if (std::isnan(*x) || std::isnan(*y)) return std::isnan(*x) && std::isnan(*y);
    return std::bit_cast<std::uint64_t>(*x) == std::bit_cast<std::uint64_t>(*y);
  }
  if (a.is_array() && b.is_array()) return a.array() == b.array();
  return a.value_ == b.value_;
}

std::ostream& operator<<(std::ostream& out, const Value& value) {
  return out << value.render();
}

Value parse_value(std::string_view text) {
  if (const auto whole = text::parse_integer(text)) return *whole;
  if (const auto number = text::parse_double(text)) return *number;
  if (text == "true") return true;
  if (text == "false") return false;
  return text;
}

}  // namespace windrow
