#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>

namespace windrow::detail {

/// `text` as valid UTF-8 in which every control character but a line break, and every stray byte, is seen: "\x1b".
std::string made_visible(std::string_view text);

/// The last lines of a file (at most `lines`, and 2000 bytes), made visible, each indented by two blanks and after a
/// line break; empty if the file is empty or cannot be read.
std::string last_lines(const std::filesystem::path& file, std::size_t lines);

/// In double quotes, with escapes, on one line: no two texts look the same.
std::string in_quotes(std::string_view text);

}  // namespace windrow::detail
