#pragma once

#include "windrow/store/store.hpp"

namespace windrow::detail {

/// What stands in a table for an output of a failed point: NaN for a number, else an empty text.
Value missing_output(const Column& output);

}  // namespace windrow::detail
