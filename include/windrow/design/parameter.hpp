#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "windrow/design/format.hpp"
#include "windrow/design/value.hpp"

namespace [[gnu::visibility("default")]] windrow {

/// Levels in equal steps, in order. A single one is `from`. `from` may be above `to`.
struct Linear {
  double from, to;
  std::uint64_t points;
};
/// Levels in equal ratios, in order. Both ends have one sign and are not zero.
struct Geometric {
  double from, to;
  std::uint64_t points;
};
/// from + to - geometric, in reverse: steps get finer towards `to`.
struct ReversedGeometric {
  double from, to;
  std::uint64_t points;
};
/// Listed levels.
struct Levels {
  std::vector<Value> values;
};
namespace detail {
class TableCells;
}
/// Levels that stand in a table's column: Parameter::level() makes a value of a cell when it is asked for.
struct TableColumn {
  std::shared_ptr<const detail::TableCells> cells;
  std::size_t column;
};
/// Drawn between low and high: needs a sampled design.
struct Uniform {
  double low, high;
};
/// Drawn around a mean, with a standard deviation: needs a sampled design.
struct Normal {
  double mean, sd;
};

/// One factor of a design: a name, where its values come from, and what they mean.
class Parameter {
 public:
  using Source = std::variant<Linear, Geometric, ReversedGeometric, Levels, Uniform, Normal, TableColumn>;

  /// @throws SpecError if the name is not an identifier ([A-Za-z_][A-Za-z0-9_]*) or is reserved (`index`, `status`,
  ///         `seed`), or if the source is impossible (0 points, geometric through zero, sd < 0, not finite, ...)
  Parameter(std::string name, Source source);

  Parameter& unit(std::string text);
  Parameter& description(std::string text);

  /// All values are of this type from now on: listed ones are converted, computed levels become integers, or numbers
  /// with a point. @throws SpecError for a value that is not of the type, for texts and truth values of a range, and
  /// for integers that are drawn
  Parameter& type(ValueType type);
  /// How its values are written where they go into programs: "%08.3f". @throws SpecError as Format does, and for a
  /// listed value that it does not fit
  Parameter& format(std::string_view conversion);
  /// Writes the levels of a range without a point ("100000"), if all of them are whole: for ranges whose ends are
  /// written as integers. The levels stay numbers.
  /// @throws SpecError for whole numbers beyond 2^53 between the ends, which no number tells apart
  Parameter& whole_numbers();

  const std::string& name() const { return name_; }
  const std::string& unit() const { return unit_; }
  const std::string& description() const { return description_; }
  const Source& source() const { return source_; }
  /// None if it was not said.
  std::optional<ValueType> type() const { return type_; }
  /// Null if it was not said.
  const Format* format() const { return format_.get(); }
  /// A value of it as it goes into programs: by its format, else as it is written(). @throws Rejected as Format::write
  std::string write(const Value& value) const { return format_ ? format_->write(value) : value.written(); }
  /// "linear", "geometric", "reversed_geometric", "values", "uniform" or "normal"
  std::string_view kind() const;

  /// Whether the values are drawn (uniform, normal) rather than listed.
  bool is_random() const;
  /// Whether they are listed one by one, in a list or in a table's column.
  bool is_listed() const;
  /// The type of all values: as it was said, or what a list or a table's column has; none if it has several.
  std::optional<ValueType> type_of_values() const;
  /// Number of levels of a fixed kind. @throws SpecError for a random kind
  std::uint64_t level_count() const;
  /// Level i of a fixed kind. End points are exact, the others are rounded once from extended precision.
  /// @throws SpecError for a random kind, or if i >= level_count()
  Value level(std::uint64_t i) const;
  /// The value at quantile u in (0, 1): inverse of the distribution; a list gives level floor(u * count).
  /// @throws SpecError for linear and geometric kinds, which cannot be sampled, or if u is not in (0, 1)
  Value quantile(double u) const;
  /// Canonical text of the source, equal only if the values are: "geometric(100, 10000, 25)",
  /// "values(1, 2.0, "steel", true)". Unit and description are no part of it.
  std::string definition() const;

 private:
  std::string name_;
  std::string unit_;
  std::string description_;
  Source source_;
  std::optional<ValueType> type_;
  std::shared_ptr<const Format> format_;
  bool writes_whole_ = false;
};

Parameter linear(std::string name, double from, double to, std::uint64_t points);
/// With ends that are integers: whole_numbers().
template <detail::IntegerNumber From, detail::IntegerNumber To>
Parameter linear(std::string name, From from, To to, std::uint64_t points) {
  return linear(std::move(name), static_cast<double>(from), static_cast<double>(to), points).whole_numbers();
}
Parameter geometric(std::string name, double from, double to, std::uint64_t points);
template <detail::IntegerNumber From, detail::IntegerNumber To>
Parameter geometric(std::string name, From from, To to, std::uint64_t points) {
  return geometric(std::move(name), static_cast<double>(from), static_cast<double>(to), points).whole_numbers();
}
Parameter reversed_geometric(std::string name, double from, double to, std::uint64_t points);
Parameter values(std::string name, std::vector<Value> levels);
Parameter uniform(std::string name, double low, double high);
Parameter normal(std::string name, double mean, double sd);

}  // namespace windrow
