#pragma once

#include <string>
#include <utility>
#include <vector>

#include "windrow/command/command.hpp"

namespace windrow::detail {

/// Canonical text of where an output comes from and how it is read. What could be said of old reads as it did then.
std::string definition_of(const OutputSpec& output);

/// All that says how what a program left is read and judged, as (name, canonical text): outputs and checks. Checks that
/// are not given are not mentioned.
std::vector<std::pair<std::string, std::string>> definition_of_reading(const CommandSpec& spec);

}  // namespace windrow::detail
