#pragma once

#include <vector>

#include "windrow/store/nested.hpp"

namespace windrow::detail {

/// @throws SpecError if a loop has the name of another column of the table that its sweeps are read as
void require_new_names(const std::vector<LoopValue>& loops, const StudyIdentity& study);

}  // namespace windrow::detail
