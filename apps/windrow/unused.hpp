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

UnusedParameters unused_parameters(const Design& design, const Command& command);

}  // namespace windrow::app
