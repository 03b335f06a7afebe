#pragma once

#include <string>
#include <string_view>

namespace windrow::detail::timing {

/// Appends a JSON string. What is not UTF-8 becomes U+FFFD, so that the text is JSON whatever the names are.
void append_json(std::string& out, std::string_view text);

/// Appends a JSON number; NaN and infinities, which JSON has not, become strings.
void append_json(std::string& out, double number);

/// The length of the UTF-8 character at text[at]; 0 if there is none.
std::size_t utf8_length(std::string_view text, std::size_t at);

}  // namespace windrow::detail::timing
