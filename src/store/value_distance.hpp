#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>
#include <variant>

#include "windrow/design/value.hpp"

namespace windrow::detail {

/// How far two values are from each other: both 0 if they are equal, both infinite if that cannot be said.
struct ValueDistance {
  double absolute = 0.0;
  double relative = 0.0;  ///< to the larger of both
};

inline constexpr ValueDistance kFarApart{std::numeric_limits<double>::infinity(),
                                         std::numeric_limits<double>::infinity()};

inline ValueDistance distance_of_numbers(double x, double y) {
  if (x == y || (std::isnan(x) && std::isnan(y))) return {};
  if (!std::isfinite(x) || !std::isfinite(y)) return kFarApart;
  const double larger = std::max(std::abs(x), std::abs(y));
  const double absolute = std::abs(x - y);
  return {absolute, std::isfinite(absolute) ? absolute / larger : std::abs(x / larger - y / larger)};
}

/// Of both kinds of numbers.
inline std::optional<std::int64_t> whole_number(const Value& value) {
  if (const auto* whole = std::get_if<std::int64_t>(&value.variant())) return *whole;
  const double number = value.number();
  const bool fits = number >= -0x1p63 && number < 0x1p63 && std::trunc(number) == number;
  return fits ? std::optional(static_cast<std::int64_t>(number)) : std::nullopt;
}

/// Numbers by their value, whatever their kind; NaN equals NaN.
inline ValueDistance distance_of(const Value& a, const Value& b) {
  if (!a.is_number() || !b.is_number()) return a == b ? ValueDistance{} : kFarApart;
  const auto i = whole_number(a), j = whole_number(b);
  if (!i || !j || *i == *j) return distance_of_numbers(a.number(), b.number());
  // Large integers that are the same as doubles still differ.
  const double absolute =
      static_cast<double>(*i > *j ? static_cast<std::uint64_t>(*i) - static_cast<std::uint64_t>(*j)
                                  : static_cast<std::uint64_t>(*j) - static_cast<std::uint64_t>(*i));
  return {absolute, absolute / std::max(std::abs(a.number()), std::abs(b.number()))};
}

}  // namespace windrow::detail
