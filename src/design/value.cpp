#include "windrow/design/value.hpp"

#include <algorithm>
#include <array>
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
  if (const auto* number = std::get_if<double>(&value_)) return text::render_real(*number);
  if (const auto* whole = std::get_if<std::int64_t>(&value_)) return std::to_string(*whole);
  if (const auto* truth = std::get_if<bool>(&value_)) return *truth ? "true" : "false";
  if (is_array()) return "array of " + render_shape(array().shape);
  return std::get<std::string>(value_);
}

std::string Value::identity_text() const {
  const auto* number = std::get_if<double>(&value_);
  return number != nullptr ? text::render(*number) : render();
}

Value& Value::spelled(std::string_view text) {
  spelling_ = text == render() ? nullptr : std::make_shared<const std::string>(text);
  return *this;
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
  if (const auto number = parse_number(text)) return *number;
  if (text == "true") return true;
  if (text == "false") return false;
  return text;
}

std::optional<Value> parse_number(std::string_view text) {
  if (!text::is_rounded_whole(text)) {
    const auto number = text::parse_double(text);
    return number ? std::optional<Value>(*number) : std::nullopt;
  }
  const auto whole = text::parse_integer(text);
  return whole ? std::optional<Value>(*whole) : std::nullopt;
}

namespace {

const std::array<std::string, 4> kTypeNames = {"number", "integer", "boolean", "string"};

[[noreturn]] void not_of(std::string_view text, ValueType type, std::string_view why = "") {
  throw SpecError("`" + std::string(text) + "` is not of the type " + std::string(name_of(type)) + std::string(why));
}

Value integer_of(std::string_view text) {
  if (const auto whole = text::parse_integer(text)) return *whole;
  const auto number = text::parse_double(text);
  if (!number || std::trunc(*number) != *number) not_of(text, ValueType::integer);
  if (text::is_rounded_whole(text) || !(std::abs(*number) < 0x1p63)) {
    not_of(text, ValueType::integer, ": integers have 64 bits, with a sign; a string keeps all digits");
  }
  return static_cast<std::int64_t>(*number);
}

Value number_of(std::string_view text) {
  const auto number = text::parse_double(text);
  if (!number) not_of(text, ValueType::number);
  if (text::is_rounded_whole(text)) {
    not_of(text, ValueType::number, ": it would lose digits; as an integer or a string it keeps them");
  }
  return *number;
}

}  // namespace

std::string_view name_of(ValueType type) {
  return kTypeNames[static_cast<std::size_t>(type)];
}

ValueType value_type(std::string_view name) {
  const auto found = std::find(kTypeNames.begin(), kTypeNames.end(), name);
  if (found != kTypeNames.end()) return static_cast<ValueType>(found - kTypeNames.begin());
  throw SpecError("unknown type `" + std::string(name) + "`" + text::suggestion(name, kTypeNames));
}

Value parse_as(std::string_view text, ValueType type) {
  if (type == ValueType::string) return text;
  if (type == ValueType::integer) return integer_of(text);
  if (type == ValueType::number) return number_of(text);
  const auto truth = text::parse_boolean(text);
  if (!truth) not_of(text, type, " (true or false)");
  return *truth;
}

Value convert(const Value& value, ValueType type) {
  if (value.is_array()) throw SpecError("an array is not of the type " + std::string(name_of(type)));
  const bool is_truth = std::holds_alternative<bool>(value.variant());
  if (is_truth && type == ValueType::boolean) return value.boolean();
  if (is_truth && type != ValueType::string) not_of(value.render(), type);
  return parse_as(value.written(), type);
}

}  // namespace windrow
