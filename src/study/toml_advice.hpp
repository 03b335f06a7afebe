#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace windrow::detail {

/// What to do about a text that is no TOML, where that can be told: "; the `[` in line 2 is not closed". Empty if not.
/// @param line         where the parser gave up, from 1
/// @param description  what it says
std::string toml_advice(std::string_view source, std::size_t line, std::string_view description);

/// Behind the text in quotes, or the comment, that begins at `at`; behind that line, if it does not end there.
std::size_t end_of_text(std::string_view source, std::size_t at);

}  // namespace windrow::detail
