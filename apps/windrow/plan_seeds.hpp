#pragma once

#include <string>
#include <vector>

#include "windrow/command/command.hpp"
#include "windrow/design/design.hpp"

namespace windrow::app {

/// What there is to say of the seeds that programs get: one that is the same for points that nothing else tells apart,
/// and points that have one of 31 bits in common (of designs with up to 2 million points).
std::vector<std::string> notes_on_seeds(const Command& command, const Design& design);

}  // namespace windrow::app
