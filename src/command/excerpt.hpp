#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace windrow::detail {

/// `text` as valid UTF-8 in which every control character but a line break, and every stray byte, is seen: "\x1b".
std::string made_visible(std::string_view text);

/// The last lines of a file (at most `lines`, and 2000 bytes), made visible, each indented by two blanks and after a
/// line break; empty if the file is empty or cannot be read.
std::string last_lines(const std::filesystem::path& file, std::size_t lines);

/// A message and what the program said last: on a line of its own below excerpts, and not once more if the message ends
/// with the same lines of stdout.
std::string with_last_words(const std::string& message, const std::filesystem::path& directory);

/// What a program that failed said last, in its directory, made visible: the last lines of stderr ("stderr ends:", each
/// on a line of its own, indented by two blanks), or of stdout if there is nothing; before them, if it is not among
/// them, the line that tells why ("stderr tells:"), found in the first and the last 64 KiB.
std::string last_words(const std::filesystem::path& directory);

/// In double quotes, with escapes, on one line: no two texts look the same.
std::string in_quotes(std::string_view text);
/// Several such texts: ["a", "b"]
std::string in_list(const std::vector<std::string>& texts);

}  // namespace windrow::detail
