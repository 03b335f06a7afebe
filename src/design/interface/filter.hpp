#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "windrow/design/design.hpp"

namespace windrow::detail {

/// What looking at all candidates of a filter has found: other ranks can be told instead of looking themselves.
struct FilterFound {
  std::uint64_t candidates = 0;  ///< that were looked at; the last one is admitted, if the design draws on
  std::uint64_t admitted = 0;
  std::vector<std::uint64_t> before;      ///< of each block, how many are admitted before it
  std::vector<std::uint64_t> exclusions;  ///< by each condition

  template <typename Archive>
  void serialize(Archive& archive, unsigned) {
    archive& candidates& admitted& before& exclusions;
  }
};

/// As filtered(). @throws as it does, but for what is found
FilterFound look_at_candidates(const Design& design, const std::vector<std::string>& conditions,
                               std::optional<std::uint64_t> most_candidates);
/// @param found  of the same design and conditions
Design filtered(const Design& design, const std::vector<std::string>& conditions, FilterFound found);

}  // namespace windrow::detail
