#pragma once

#include <cstdint>
#include <istream>
#include <string>
#include <vector>

#include "windrow/design/design.hpp"

namespace windrow::detail {

/// A table (windrow/design/design.hpp) of the text that `in` gives; messages name it `path`.
Design table(std::istream& in, const std::string& path, const std::vector<Parameter>& annotations, std::uint64_t seed);

}  // namespace windrow::detail
