#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

/// Texts of others - what programs print, cells of tables, names of files - made fit to be shown.
namespace [[gnu::visibility("default")]] windrow {
namespace text {

/// At most `width` columns; what is cut off is marked by "...".
std::string shortened(std::string_view text, std::size_t width);

/// Broken at blanks into lines of at most `width` columns; from the second line on they are indented by `margin`
/// blanks. A word that is longer than a line stands alone and stays whole, so that it can be copied.
std::vector<std::string> wrapped(std::string_view text, std::size_t width, std::size_t margin = 0);

/// The first `lines` lines, and "... (1,234 more lines)"; a text that is at most one line longer stays as it is.
std::string first_lines(std::string_view text, std::size_t lines);

/// Indented by `margin` blanks, every line that is not empty.
std::string indented(std::string_view text, std::size_t margin);

/// Valid UTF-8: each byte that is none is seen as "\xe9". Control characters stay.
std::string as_utf8(std::string_view text);

/// Whether it is printable ASCII throughout: fit for anything.
bool is_plain(std::string_view text);

/// As a cell of a table for programs: valid UTF-8, and of control characters only tabs and line ends are left; the
/// others are seen as "\x1b".
std::string as_cell(std::string_view text);

/// The same JSON with escapes for what JSON allows in a text and a terminal obeys: DEL, C1, directions of writing.
/// @param json  valid UTF-8, with no control characters but line ends
std::string safe_json(std::string json);

/// The columns of a terminal, by its device; `otherwise` if it is none.
std::size_t columns_of(int descriptor, std::size_t otherwise);

}  // namespace text
}  // namespace windrow
