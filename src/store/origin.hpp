#pragma once

#include <cstdint>
#include <vector>

#include "sqlite.hpp"
#include "windrow/store/store.hpp"

namespace windrow::detail {

/// See StoreReader::origin(). The most similar point is the one with the fewest changes; of several the one whose
/// numbers are relatively nearest, then the first.
PointOrigin origin_of(Connection& connection, const StudyIdentity& present, std::uint64_t index,
                      const PointValues& points);

}  // namespace windrow::detail
