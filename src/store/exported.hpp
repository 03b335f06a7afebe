#pragma once

#include "windrow/store/store.hpp"

namespace windrow::detail {

/// What stands in a table for an output of a failed point: NaN for a number, else an empty text.
Value missing_output(const Column& output);
/// What stands there for output `i` of a point: the same for one that is optional and missing.
Value exported_output(const Record& record, std::size_t i, const Column& output);

}  // namespace windrow::detail
