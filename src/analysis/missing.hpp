#pragma once

#include <limits>

namespace windrow::detail {

/// What there is no number for.
inline constexpr double kMissing = std::numeric_limits<double>::quiet_NaN();

}  // namespace windrow::detail
