#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "render.hpp"

namespace windrow::detail {

/// The text for `sh -c`, with every value quoted for the place where it stands, so that none becomes shell code.
/// @param names  that the pieces are of, for messages
/// @throws SpecError if a value stands where no quoting is sure (backquotes, a here-document, inside ${ }, after eval,
/// ...)
std::string shell_text(const std::vector<Piece>& pieces, const std::vector<std::string>& names);

}  // namespace windrow::detail
