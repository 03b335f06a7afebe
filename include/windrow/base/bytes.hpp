#pragma once

#include <cstddef>
#include <vector>

namespace [[gnu::visibility("default")]] windrow {

using Bytes = std::vector<std::byte>;

}  // namespace windrow
