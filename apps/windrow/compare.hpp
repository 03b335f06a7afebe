#pragma once

#include "json.hpp"
#include "windrow/store/compare.hpp"

namespace windrow::app {

/// As `windrow help json` describes it.
Json json_of(const Comparison& comparison, const StoreReader& first, const StoreReader& second, double tolerance);

}  // namespace windrow::app
