#pragma once

#include <algorithm>
#include <cmath>
#include <concepts>
#include <optional>
#include <string>

#include "windrow/design/parameter.hpp"

namespace windrow::detail {

template <typename Kind>
concept OfPoints = std::same_as<Kind, Linear> || std::same_as<Kind, Geometric> || std::same_as<Kind, ReversedGeometric>;

/// Levels that are computed: numbers, which may be whole.
template <typename Kind>
concept Computed = OfPoints<Kind> || std::same_as<Kind, LinearSteps>;

/// Levels that are no list.
template <typename Kind>
concept Range = Computed<Kind> || std::same_as<Kind, Integers>;

std::uint64_t count_of(const OfPoints auto& source) {
  return source.points;
}
std::uint64_t count_of(const LinearSteps& source);
std::uint64_t count_of(const Integers& source);

/// @pre i < count_of(source)
double level_of(const Linear& source, std::uint64_t i);
double level_of(const Geometric& source, std::uint64_t i);
double level_of(const ReversedGeometric& source, std::uint64_t i);
double level_of(const LinearSteps& source, std::uint64_t i);
std::int64_t level_of(const Integers& source, std::uint64_t i);

/// Whether all levels are whole.
bool is_whole(const Linear& source);
bool is_whole(const LinearSteps& source);
bool is_whole(const Geometric& source);
bool is_whole(const ReversedGeometric& source);
constexpr bool is_whole(const Integers&) {
  return true;
}

constexpr double kTellsWhole = 0x1p53;  // beyond, a double has no neighbour that is the next whole number

/// Whether no whole number between the ends is one that a double cannot tell from the next. (Ends may be any whole
/// doubles, they are exact.)
bool tells_whole(const Linear& source);
bool tells_whole(const LinearSteps& source);
bool tells_whole(const Geometric& source);
bool tells_whole(const ReversedGeometric& source);
/// Of integers that are to be numbers, the ends count, too.
bool tells_whole(const Integers& source);

/// "0, 1, 5", what stands in a definition's brackets.
std::string said_of(const Linear& source);
std::string said_of(const LinearSteps& source);
std::string said_of(const Geometric& source);
std::string said_of(const ReversedGeometric& source);
std::string said_of(const Integers& source);

/// The number that the shortest text of a double says, which is what a person has written: 0.1L, not 0.1.
long double as_written(double number);

/// That the last step does not meet the end.
std::optional<std::string> note_on(const LinearSteps& source);
std::optional<std::string> note_on(const Integers& source);

}  // namespace windrow::detail
