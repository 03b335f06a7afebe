#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "windrow/command/command.hpp"
#include "windrow/design/design.hpp"

namespace windrow::app {

/// Parameters that change nothing of what runs: mostly a tag that was forgotten.
struct UnusedParameters {
  std::vector<std::string> names;
  /// How many points differ in what runs; none if that is not known: there are very many points, or the command sees
  /// the index of a point.
  std::optional<std::uint64_t> computations;
  std::uint64_t points = 0;

  /// "parameter `x` is not used by the command: 9 points are 3 different computations"; empty if all are used.
  std::string describe() const;
};

/// How many points are looked at to count computations: a second or two at most, or nothing that is felt.
inline constexpr std::uint64_t kMostPointsOfPlan = std::uint64_t{1} << 20U;
inline constexpr std::uint64_t kMostPointsBeforeRun = 200;

/// @param most_points  of a larger design the computations are not counted
UnusedParameters unused_parameters(const Design& design, const Command& command, std::uint64_t most_points);

}  // namespace windrow::app
