#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "windrow/arrays/array.hpp"

/// Arrays as files in the format of NumPy (.npy), which Python, Julia, MATLAB, R and others read.
/// Source: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
namespace [[gnu::visibility("default")]] windrow {
namespace npy {

/// What a file says before its data.
struct Header {
  std::string type;           ///< as NumPy writes it: "<f8" is a little-endian double
  bool column_major = false;  ///< the first index runs fastest
  std::vector<std::uint64_t> shape;
  std::uint64_t data_at = 0;  ///< where the data begin, in bytes
  std::uint64_t size = 0;     ///< of the whole file, in bytes
};

/// Header of a file that holds doubles, row-major.
std::string header_of_doubles(std::span<const std::uint64_t> shape);

/// Reads the header and checks that the file is as long as it says.
/// @throws SpecError that names the file, if it is not there, no such file, too short or too long, or of a type without
///         a fixed size (Python objects, records)
Header read_header(const std::filesystem::path& file);

/// Reads the numbers as doubles; any real type is converted (half precision excepted), truth values are 0 and 1.
/// @param on_bytes  told all bytes of the file in their order; may be empty
/// @throws SpecError as read_header(), or if the file holds no real numbers
Array read(const std::filesystem::path& file, const std::function<void(std::span<const std::byte>)>& on_bytes = {});

/// What of a text is an array.
struct TextForm {
  std::uint64_t skip = 0;  ///< lines at its beginning that are passed over
  /// Positions of columns, from 0, or names of columns below a header; none: all.
  std::variant<std::monostate, std::vector<std::uint64_t>, std::vector<std::string>> columns{};
  /// Of several tables with columns of these names: the one of this number, from 1; none: the last.
  std::optional<std::uint64_t> table{};
};

/// Numbers in a text, separated by blanks, commas or semicolons, a line for each row; what follows `#` is a comment.
/// Numbers are spelled as text::parse_number() knows them. With names of columns, the rows of a table below a header
/// line, which may be a comment; there may be other text around it.
/// @return one dimension if there is one row or one column, else two
/// @throws SpecError that names file and line, for what is no number, rows of different lengths, columns or a table
/// that
///         are not there
Array read_text(const std::filesystem::path& file, const TextForm& form = {});

}  // namespace npy
}  // namespace windrow
