#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "windrow/design/value.hpp"

namespace windrow {

/// Fixed levels that are computed, in order.
struct Linear {
  double from, to;
  std::uint64_t points;
};
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
/// Random kinds: need a sampled design.
struct Uniform {
  double low, high;
};
struct Normal {
  double mean, sd;
};

/// One factor of a design: a name, where its values come from, and what they mean.
class Parameter {
 public:
  using Source = std::variant<Linear, Geometric, ReversedGeometric, Levels, Uniform, Normal>;

  /// @throws SpecError if the name is not an identifier ([A-Za-z_][A-Za-z0-9_]*) or is reserved (`index`, `status`),
  ///         or if the source is impossible (0 points, geometric through zero, sd < 0, not finite, ...)
  Parameter(std::string name, Source source);

  Parameter& unit(std::string text);
  Parameter& description(std::string text);

  const std::string& name() const { return name_; }
  const std::string& unit() const { return unit_; }
  const std::string& description() const { return description_; }
  const Source& source() const { return source_; }

  /// Whether the values are drawn (uniform, normal) rather than listed.
  bool is_random() const;
  /// Number of levels of a fixed kind. @throws SpecError for a random kind
  std::uint64_t level_count() const;
  /// Level i of a fixed kind, i < level_count(). End points are exact.
  Value level(std::uint64_t i) const;
  /// The value at quantile u in (0, 1): inverse of the distribution; a list gives level floor(u * count).
  /// @throws SpecError for linear and geometric kinds, which cannot be sampled
  Value quantile(double u) const;
  /// Canonical text of the source, equal exactly if the values are: "geometric(100, 10000, 25)".
  std::string definition() const;

 private:
  std::string name_;
  std::string unit_;
  std::string description_;
  Source source_;
};

Parameter linear(std::string name, double from, double to, std::uint64_t points);
Parameter geometric(std::string name, double from, double to, std::uint64_t points);
Parameter reversed_geometric(std::string name, double from, double to, std::uint64_t points);
Parameter values(std::string name, std::vector<Value> levels);
Parameter uniform(std::string name, double low, double high);
Parameter normal(std::string name, double mean, double sd);

}  // namespace windrow
