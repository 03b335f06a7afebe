#pragma once

#include <optional>
#include <string>
#include <vector>

namespace windrow::detail {

/// The bytes of a text file as UTF-8 with lines that end in "\n" or "\r\n". Adds to `notes` what was converted.
/// @throws SpecError that names `path`, for what is neither UTF-8, UTF-16 nor Latin-1
std::string as_utf8(std::string bytes, const std::string& path, std::vector<std::string>& notes);

/// What a first line "sep=;" says, as spreadsheets write it; the line is emptied.
std::optional<char> separator_line(std::string& text);

/// What separates the columns of a table, by its header and its first rows.
/// @param comment  begins lines that are none; '\0': no line
/// @throws SpecError that names `path`, if two characters would do
char guess_separator(const std::string& text, const std::string& path, char comment);

/// Whether it may name a parameter, by its letters.
bool is_identifier(const std::string& name);

}  // namespace windrow::detail
