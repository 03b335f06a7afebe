#pragma once

#include <filesystem>
#include <functional>
#include <variant>

#include "windrow/design/design.hpp"

namespace [[gnu::visibility("default")]] windrow {

/// Costs that are learned from the points that have finished, in earlier runs of the store and in this one: how the
/// time depends on the parameters.
struct LearnedCosts {};

/// Where Schedule::longest_first takes the costs of points from:
/// - a function: any number that grows with the time of a point; NaN: nobody knows, so first. Called at the root alone;
/// - the store of an earlier run of the same design, for its times. A point without one counts as the mean;
/// - or else they are learned.
using Costs = std::variant<LearnedCosts, std::function<double(const Point&)>, std::filesystem::path>;

}  // namespace windrow
