#pragma once

#include <concepts>
#include <cstdint>
#include <iosfwd>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>

#include "windrow/arrays/array.hpp"

namespace [[gnu::visibility("default")]] windrow {

namespace detail {

/// Integers proper: not truth values and not characters, which would silently turn into codes.
template <typename T>
concept IntegerNumber =
    std::integral<T> && !std::same_as<T, bool> && !std::same_as<T, char> && !std::same_as<T, wchar_t> &&
    !std::same_as<T, char8_t> && !std::same_as<T, char16_t> && !std::same_as<T, char32_t>;

/// @throws SpecError that names the number
[[noreturn]] void integer_too_large(std::uint64_t value);

template <IntegerNumber T>
std::int64_t to_int64(T value) {
  if (!std::in_range<std::int64_t>(value)) integer_too_large(static_cast<std::uint64_t>(value));
  return static_cast<std::int64_t>(value);
}

}  // namespace detail

/// What a parameter or an output can hold: a number, an integer, a truth value or a text; an output also an array,
/// which copies of the value share.
class Value {
 public:
  using Variant = std::variant<double, std::int64_t, bool, std::string, std::shared_ptr<const Array>>;

  Value() : value_(0.0) {}
  template <std::floating_point T>
  Value(T value) : value_(static_cast<double>(value)) {}
  /// @throws SpecError for an unsigned integer beyond the largest signed 64-bit one
  template <detail::IntegerNumber T>
  Value(T value) : value_(detail::to_int64(value)) {}
  /// Exactly bool: a pointer is not a truth value.
  template <std::same_as<bool> T>
  Value(T value) : value_(value) {}
  Value(std::string value) : value_(std::move(value)) {}
  Value(std::string_view value) : value_(std::string(value)) {}
  Value(const char* value) : value_(std::string(value)) {}
  Value(Array value) : value_(std::make_shared<const Array>(std::move(value))) {}

  bool is_number() const { return value_.index() <= 1; }
  bool is_text() const { return value_.index() == 3; }
  bool is_array() const { return value_.index() == 4; }

  /// @throws SpecError if the value is a text or an array (a truth value reads as 0 or 1)
  double number() const;
  operator double() const { return number(); }
  /// Never: a text to which a Value is assigned would take the number for the code of a letter.
  template <std::same_as<char> T>
  operator T() const {
    static_assert(!std::same_as<T, char>, "a Value is not a character: use text() or render()");
    return T();
  }
  /// @throws SpecError if the value is not an integer (a number without fraction is one)
  std::int64_t integer() const;
  /// @throws SpecError if the value is not a truth value
  bool boolean() const;
  /// @throws SpecError if the value is not a text
  const std::string& text() const;
  /// @throws SpecError if the value is not an array
  const Array& array() const;

  /// As text that reads back exactly: "0.1", "3", "true", "steel". A number that is no integer has a point or an
  /// exponent ("1.0", "100000.0", "1e+16"), so that no language takes it for one. Of an array its size alone: "array of
  /// 2 x 3".
  std::string render() const;
  /// By what a point is known in stores, and a loop by its folder: as render(), but 1.0 is "1" and 100000.0 "1e+05",
  /// so that 2 and 2.0 are the same and that what was stored before is recognised.
  std::string identity_text() const;
  /// As it goes into programs: as it was spelled, else render().
  std::string written() const { return spelling_ ? *spelling_ : render(); }
  /// Goes into programs as `text`, which was read as this value (a cell "1.10"). The value stays what it is: whoever
  /// compares, stores or hashes it does not see the spelling.
  Value& spelled(std::string_view text);

  const Variant& variant() const { return value_; }

  /// Bitwise for numbers, so that 0.0 differs from -0.0; every NaN equals every other; kinds are told apart.
  friend bool operator==(const Value& a, const Value& b);

  /// Against a plain number: by its numeric value, whatever the kind; a text or an array equals none.
  template <typename T>
  requires std::is_arithmetic_v<T>
  friend bool operator==(const Value& a, T b) {
    if constexpr (detail::IntegerNumber<T>) {
      if (const auto* whole = std::get_if<std::int64_t>(&a.value_)) return std::cmp_equal(*whole, b);
    }
    return !a.is_text() && !a.is_array() && a.number() == static_cast<double>(b);
  }

  /// Writes render(), whatever the spelling.
  friend std::ostream& operator<<(std::ostream& out, const Value& value);

 private:
  Variant value_;
  std::shared_ptr<const std::string> spelling_;  // null: render()
};

/// Reads `text` as the narrowest of: integer, number, "true" / "false", text. A whole number that would lose digits is
/// a text.
Value parse_value(std::string_view text);

/// The number that all of `text` spells, without the loss of a digit of a whole number: a double; an integer where a
/// double would round it ("9007199254740993"). None for what is no number, and for a whole number that neither holds
/// ("18446744073709551615"; text::is_rounded_whole tells).
std::optional<Value> parse_number(std::string_view text);

/// What a parameter, a column or an output may be said to be.
enum class ValueType { number, integer, boolean, string };
/// "number", "integer", "boolean", "string"
std::string_view name_of(ValueType type);
/// @throws SpecError for another name, with the nearest valid one
ValueType value_type(std::string_view name);

/// `text` as a value of the type, written as values of this type are ("2" of type number as "2.0", "True" of type
/// boolean as "true"); blanks around all but strings do not count.
/// @throws SpecError if it is none, or a whole number that would lose digits
Value parse_as(std::string_view text, ValueType type);
/// The same of a value: 2 as a number is 2.0, 2.0 as an integer 2, a text what it spells; as a string it is what is
/// written(). @throws SpecError
Value convert(const Value& value, ValueType type);

}  // namespace windrow
