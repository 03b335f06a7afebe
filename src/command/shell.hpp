#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "render.hpp"

namespace windrow::detail {

/// The text for `sh -c`, with every value as one word, or part of one, so that none becomes shell code.
/// @param names  that the pieces are of, for messages
/// @throws SpecError if a value stands where it may be read twice (backquotes, a here-document, inside ${ }, after eval
/// or >&, ...)
std::string shell_text(const std::vector<Piece>& pieces, const std::vector<std::string>& names);

/// Refuses a variable of the environment that shells read as code or an expression, with a value that may be one.
/// @param pieces  of its text
/// @throws SpecError
void check_environment(const std::string& variable, const std::vector<Piece>& pieces,
                       const std::vector<std::string>& names);

}  // namespace windrow::detail
