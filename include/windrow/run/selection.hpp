#pragma once

#include <optional>
#include <string_view>

#include "windrow/parallel/index_set.hpp"

namespace [[gnu::visibility("default")]] windrow {

/// The indices in a text such as "0-4,17"; none if it is no such text.
std::optional<IndexSet> parse_indices(std::string_view text);

}  // namespace windrow
