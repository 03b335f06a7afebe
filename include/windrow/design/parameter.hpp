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

#include "windrow/design/bundle.hpp"
#include "windrow/design/distribution.hpp"
#include "windrow/design/format.hpp"
#include "windrow/design/value.hpp"

namespace [[gnu::visibility("default")]] windrow {

class Design;
class Parameter;
Design derived(const Design& design, std::vector<Parameter> parameters, const std::vector<std::string>& order);

/// Levels in equal steps, in order. A single one is `from`. `from` may be above `to`.
struct Linear {
  double from, to;
  std::uint64_t points;
};
/// Levels from + i * step, in order, as far as they are not beyond `to`; the last is `to` itself if a step meets it.
/// They are what decimal arithmetic makes of the numbers as they are written: 0.3, not 0.30000000000000004. So neither
/// another `to` nor half the step changes those that are there.
class LinearSteps {
 public:
  /// @param step  negative if `from` is above `to`
  /// @throws SpecError for a step of 0, one that leads away from `to`, one too small to tell levels apart, numbers that
  ///         are not finite, and more than 2^62 levels
  LinearSteps(double from, double to, double step);

  double from() const { return from_; }
  double to() const { return to_; }
  double step() const { return step_; }
  std::uint64_t points() const { return points_; }
  bool meets_end() const { return meets_end_; }
  double level(std::uint64_t i) const;

 private:
  double from_, to_, step_;
  long double written_from_, written_step_;
  std::uint64_t points_ = 1;
  bool meets_end_ = true;
};
/// Whole levels from + i * step, in order, as far as they are not beyond `to`; exact in all 64 bits.
class Integers {
 public:
  /// @param step  negative if `from` is above `to`
  /// @throws SpecError for a step of 0, one that leads away from `to`, and more than 2^62 levels
  Integers(std::int64_t from, std::int64_t to, std::int64_t step);
  /// One by one, up or down.
  Integers(std::int64_t from, std::int64_t to) : Integers(from, to, to < from ? -1 : 1) {}

  std::int64_t from() const { return from_; }
  std::int64_t to() const { return to_; }
  std::int64_t step() const { return step_; }
  std::uint64_t points() const { return points_; }
  bool meets_end() const { return level(points_ - 1) == to_; }
  std::int64_t level(std::uint64_t i) const;

 private:
  std::int64_t from_, to_, step_;
  std::uint64_t points_ = 1;
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
class Parameter;
/// What one parameter is in the parts of an appended() design, where these differ; levels are those of all, part by
/// part.
struct PartsOf {
  std::shared_ptr<const std::vector<Parameter>> parts;
};
/// Computed from other parameters of the design: derived() in windrow/design/derived.hpp.
struct Derived {
  std::string expression;
  /// What a design says of it that it is in.
  std::optional<ValueType> result{};
  std::vector<std::string> uses{};
};
/// One factor of a design: a name, where its values come from, and what they mean.
class Parameter {
 public:
  using Source = std::variant<Linear, LinearSteps, Geometric, ReversedGeometric, Integers, Levels, TableColumn, Choice,
                              Samples, Distribution, Bundle, BundleField, PartsOf, Derived>;

  /// @throws SpecError if the name is not an identifier ([A-Za-z_][A-Za-z0-9_]*; NAME.FIELD of a bundle's field) or is
  ///         reserved (`index`, `status`, `seed`; of a bundle `point` and `study`, too), or if the source is impossible
  ///         (0 points, geometric through zero, not finite, ...)
  Parameter(std::string name, Source source);

  Parameter& unit(std::string text);
  Parameter& description(std::string text);

  /// All values are of this type from now on: listed ones are converted, computed and drawn ones become integers, or
  /// numbers with a point. @throws SpecError for a value that is not of the type, for texts and truth values of a
  /// range, and for integers that are drawn from a distribution of numbers
  Parameter& type(ValueType type);
  /// How its values are written where they go into programs: "%08.3f". @throws SpecError as Format does, and for a
  /// listed value that it does not fit
  Parameter& format(std::string_view conversion);
  /// Where it stays while others vary: for the methods one_at_a_time and star. Of the type of the values, and converted
  /// with them. @throws SpecError for an array, or a text among numbers
  Parameter& nominal(Value value);
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
  /// Null if it was not said.
  const Value* nominal() const { return nominal_ ? &*nominal_ : nullptr; }
  /// A number as a value beside the others of it: an integer if they are, without a point if they are written so.
  /// @throws SpecError for a number that is not whole, if they are integers
  Value value_of(double number) const;
  /// A value of it as it goes into programs: by its format, else as it is written(). @throws Rejected as Format::write
  std::string write(const Value& value) const { return format_ ? format_->write(value) : value.written(); }
  /// @throws Rejected for what a derived value is where its formula has no value of its type: NaN, an infinity, 2.5 as
  ///         an integer
  void check(const Value& value) const;
  /// "linear", "geometric", "reversed_geometric", "integers", "values", "choice", "samples", "bundle", "derived", or a
  /// distribution's
  std::string_view kind() const;

  /// Whether the values are drawn, by a distribution, from a choice or from samples: such a parameter needs a sampled
  /// design.
  bool is_random() const;
  /// Whether they are listed one by one: in a list, a table's column, a choice or samples.
  bool is_listed() const;
  /// Whether the values are computed from those of others.
  bool is_derived() const { return std::holds_alternative<Derived>(source_); }
  /// Whether there are levels: all parameters have some but those of a distribution, and derived ones.
  bool has_levels() const;
  /// The type of all values: as it was said, or what a list or a table's column has; none if it has several.
  std::optional<ValueType> type_of_values() const;
  /// Number of levels; of a choice or samples, of values. @throws SpecError for a distribution
  std::uint64_t level_count() const;
  /// Level i. End points are exact, the others are rounded once from extended precision.
  /// @throws SpecError for a distribution, or if i >= level_count()
  Value level(std::uint64_t i) const;
  /// The value at quantile u in (0, 1): inverse of the distribution; a list gives level floor(u * count).
  /// @throws SpecError for ranges, which cannot be sampled, or if u is not in (0, 1)
  Value quantile(double u) const;
  /// What a user should know of the values, a sentence each: that a step does not meet the end, ...
  std::vector<std::string> notes() const;
  /// Canonical text of the source, equal only if the values are: "geometric(100, 10000, 25)",
  /// "values(1, 2.0, "steel", true)". Unit and description are no part of it.
  std::string definition() const;

 private:
  friend Design derived(const Design& design, std::vector<Parameter> parameters, const std::vector<std::string>& order);

  std::string name_;
  std::string unit_;
  std::string description_;
  Source source_;
  std::optional<ValueType> type_;
  std::shared_ptr<const Format> format_;
  std::optional<Value> nominal_;
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
/// LinearSteps. With numbers that are integers they are written without a point.
Parameter linear_steps(std::string name, double from, double to, double step);
template <detail::IntegerNumber From, detail::IntegerNumber To, detail::IntegerNumber Step>
Parameter linear_steps(std::string name, From from, To to, Step step) {
  return linear_steps(std::move(name), static_cast<double>(from), static_cast<double>(to), static_cast<double>(step))
      .whole_numbers();
}
Parameter integers(std::string name, std::int64_t from, std::int64_t to);
Parameter integers(std::string name, std::int64_t from, std::int64_t to, std::int64_t step);
Parameter values(std::string name, std::vector<Value> levels);
Parameter bundle(std::string name, std::vector<Bundle::Entry> entries);
Parameter uniform(std::string name, double low, double high);
Parameter normal(std::string name, double mean, double sd);
/// By the kinds and terms of a Distribution: `drawn("load", "lognormal", {{"mean", 300}, {"sd", 30}, {"high", 500}})`
Parameter drawn(std::string name, std::string_view kind, std::vector<Term> terms);

}  // namespace windrow
