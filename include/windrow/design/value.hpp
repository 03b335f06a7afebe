#pragma once

#include <cstdint>
#include <string>
#include <variant>

namespace windrow {

/// What a parameter or an output can hold: a number, an integer, a truth value or a text.
class Value {
 public:
  using Variant = std::variant<double, std::int64_t, bool, std::string>;

  Value() : value_(0.0) {}
  Value(double value) : value_(value) {}
  Value(std::int64_t value) : value_(value) {}
  Value(int value) : value_(static_cast<std::int64_t>(value)) {}
  Value(bool value) : value_(value) {}
  Value(std::string value) : value_(std::move(value)) {}
  Value(const char* value) : value_(std::string(value)) {}

  bool is_number() const { return value_.index() <= 1; }
  bool is_text() const { return value_.index() == 3; }

  /// @throws SpecError if the value is a text (a truth value reads as 0 or 1)
  double number() const;
  operator double() const { return number(); }
  /// @throws SpecError if the value is not an integer (a number without fraction is one)
  std::int64_t integer() const;
  /// @throws SpecError if the value is not a truth value
  bool boolean() const;
  /// @throws SpecError if the value is not a text
  const std::string& text() const;

  /// As text that reads back exactly: "0.1", "3", "true", "steel".
  std::string render() const;

  const Variant& variant() const { return value_; }
  /// Bitwise for numbers, so that NaN equals itself and 0.0 differs from -0.0; kinds are told apart.
  friend bool operator==(const Value& a, const Value& b);

 private:
  Variant value_;
};

/// Reads `text` as the narrowest of: integer, number, "true" / "false", text.
Value parse_value(std::string_view text);

}  // namespace windrow
