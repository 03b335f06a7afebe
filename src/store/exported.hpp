#pragma once

#include <string>
#include <vector>

#include "windrow/store/store.hpp"

namespace windrow::detail {

/// What stands in a table for an output of a failed point: NaN for a number, else an empty text.
Value missing_output(const Column& output);

/// An output as it stands in a table: a whole number without a point, as most programs print one.
std::string without_point(const Value& value);

/// Which parameters are ranges whose levels are all whole: they stand in tables without a point, too.
std::vector<bool> whole_ranges(const StudyIdentity& study);

}  // namespace windrow::detail
