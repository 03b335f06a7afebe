#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "windrow/design/parameter.hpp"
#include "windrow/design/value.hpp"

namespace windrow::detail {

/// Whether it is a whole number that is another one as a double, with which expressions compute.
inline bool loses_digits(const Value& value) {
  constexpr std::int64_t most = std::int64_t{1} << 53;
  const auto* whole = std::get_if<std::int64_t>(&value.variant());
  return whole != nullptr && (*whole > most || *whole < -most);
}

/// What an expression, or a name in it, stands for; `any`: for a number or a text, as it comes.
enum class ExpressionKind { number, truth, text, any };

/// A name that an expression may use. It may have dots: `material.E`.
struct ExpressionName {
  std::string name;
  ExpressionKind kind = ExpressionKind::any;
};

/// The kind of values of a type; `any` for none.
ExpressionKind expression_kind(std::optional<ValueType> type);
/// What an expression of all parameters may use, in their order.
std::vector<ExpressionName> expression_names(const std::vector<Parameter>& parameters);

/// An expression of named numbers, truth values and texts, evaluated by muParser: arithmetic with `^` for powers,
/// comparisons, `!`, `&&`, `||`, `a ? b : c`, pi, and the functions of C's <math.h> beside min, max, sum, avg, sign,
/// round, ... Texts, in 'single' or "double" quotes, compare with == and != only. Numbers are doubles; functions that
/// round are computed in extended precision and rounded once, so that they give the same on all processors.
/// Several threads may ask. No evaluation allocates, but for a text as the result.
class Expression {
 public:
  using Values = std::span<const Value* const>;

  /// @param key    what stands before messages, "`ranks`"; empty: nothing
  /// @param names  what it may use
  /// @param what   what such a name is: "parameter"
  /// @throws SpecError for an expression that cannot be read, and a name in it that is none of these
  Expression(std::string text, const std::string& key, const std::vector<ExpressionName>& names,
             const std::string& what);
  ~Expression();
  Expression(Expression&&) noexcept;
  Expression& operator=(Expression&&) noexcept;

  const std::string& text() const;
  /// Of its result. With a name of any kind in it: what it is unless that is a text.
  ExpressionKind kind() const;
  /// Positions, among the names, of those that it uses; each once.
  const std::vector<std::size_t>& used() const;
  /// Whether the name at this place of used() stands where a number must: a text there counts as NaN.
  bool is_number(std::size_t place) const;

  /// @param values  of those that it uses, in their order
  Value value(Values values) const;
  /// NaN where it has none. @pre kind() is not text
  double number(Values values) const;
  /// Whether it is neither 0 nor NaN. @pre kind() is not text
  bool holds(Values values) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace windrow::detail
