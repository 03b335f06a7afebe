#pragma once

#include <string>
#include <string_view>

#include "design/interface/table.hpp"

namespace windrow::detail {

/// The bytes of a text file as UTF-8 with lines that end in "\n" or "\r\n"; notes say what was converted.
/// @throws SpecError that names `path`, for what is neither UTF-8, UTF-16 nor Latin-1, or has a null byte
TableText as_text(TextMemory bytes, const std::string& path, const MakeMemory& make);

/// What separates the columns of a table, by its header and its first rows.
/// @param comment  begins lines that are none; '\0': no line
/// @throws SpecError that names `path`, if two characters would do
char guess_separator(std::string_view text, const std::string& path, char comment);

/// Whether it may name a parameter, by its letters.
bool is_identifier(std::string_view name);

}  // namespace windrow::detail
