#pragma once

#include <string>

namespace windrow::detail {

/// That nobody else chooses, on any machine.
std::string random_name();

}  // namespace windrow::detail
