#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "windrow/store/store.hpp"

namespace [[gnu::visibility("default")]] windrow {

/// How long the points that are left may take, if they take as long as those that are finished.
struct RemainingTime {
  double seconds = 0.0;
  double seconds_per_point = 0.0;  ///< mean of the finished ones, failed ones included
  std::uint64_t finished = 0;
  std::uint64_t left = 0;
  double at_a_time = 1.0;  ///< points: the workers of the last run, or what it managed where points hold several slots

  /// "Estimate for the 20 points left: 2m30s, 4 at a time, by the mean of 80 points (30s)"
  std::string describe() const;
};

/// @param left  points that are still to be evaluated
/// @return nothing where nothing is known: nothing is left, no point is finished, or the last run did not say how many
///         workers it had
std::optional<RemainingTime> estimate_remaining(const StoreReader& store, std::uint64_t left);

}  // namespace windrow
