#include "arrays/npy_header.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <array>
#include <cctype>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <optional>
#include <string_view>

#include "windrow/arrays/npy.hpp"
#include "windrow/base/text.hpp"
#include "windrow/error.hpp"

namespace windrow::npy {
namespace {

constexpr std::string_view kMagic = "\x93NUMPY";
constexpr std::size_t kAlignment = 64;  // of the data
constexpr std::uint32_t kLongestHeader = 1U << 20U;

[[noreturn]] void fail(const std::filesystem::path& file, const std::string& why) {
  throw SpecError(fmt::format("{}: {}", file.string(), why));
}

/// The part of the header behind a key, up to `end`: the header is a literal of a Python dictionary.
std::optional<std::string> item(const std::string& header, std::string_view key, char begin, char end) {
  const std::size_t at = header.find(fmt::format("'{}':", key));
  if (at == std::string::npos) return std::nullopt;
  const std::size_t first = header.find_first_not_of(' ', at + key.size() + 3);
  if (first == std::string::npos || header[first] != begin) return std::nullopt;
  const std::size_t last = header.find(end, first + 1);
  if (last == std::string::npos) return std::nullopt;
  return header.substr(first + 1, last - first - 1);
}

std::optional<std::vector<std::uint64_t>> parse_shape(const std::string& text) {
  std::vector<std::uint64_t> shape;
  for (std::string_view rest = text; !rest.empty();) {
    const std::size_t comma = rest.find(',');
    std::string_view part = rest.substr(0, comma);
    rest = comma == std::string_view::npos ? std::string_view() : rest.substr(comma + 1);
    if (const std::size_t last = part.find_last_not_of(' '); last == std::string_view::npos) continue;
    while (part.starts_with(' ')) part.remove_prefix(1);
    const auto length = text::parse_integer(part);
    if (!length || *length < 0) return std::nullopt;
    shape.push_back(static_cast<std::uint64_t>(*length));
  }
  return shape;
}

/// The length of the header's text, and where it begins.
std::uint32_t header_length(std::ifstream& in, const std::filesystem::path& file) {
  std::array<char, 8> begin{};
  in.read(begin.data(), begin.size());
  if (!in || !std::string_view(begin.data(), begin.size()).starts_with(kMagic)) {
    fail(file, "is no array file in the format of NumPy");
  }
  const int version = begin[6];
  if (version < 1 || version > 3) fail(file, fmt::format("is of the unknown version {} of NumPy's format", version));
  std::array<unsigned char, 4> length{};
  in.read(reinterpret_cast<char*>(length.data()), version == 1 ? 2 : 4);
  const std::uint32_t bytes = length[0] | static_cast<std::uint32_t>(length[1]) << 8U |
                              static_cast<std::uint32_t>(length[2]) << 16U |
                              static_cast<std::uint32_t>(length[3]) << 24U;
  if (!in || bytes > kLongestHeader) fail(file, "has a header that makes no sense");
  return bytes;
}

/// Of the whole file, as the header says.
std::uint64_t expected_size(const Header& header, std::uint64_t element, const std::filesystem::path& file) {
  std::uint64_t size = element;
  bool fits = true;
  for (const std::uint64_t length : header.shape) fits = !__builtin_mul_overflow(size, length, &size) && fits;
  if (!fits || __builtin_add_overflow(size, header.data_at, &size)) fail(file, "says that it is impossibly large");
  return size;
}

}  // namespace

Type parse_type(const std::string& name) {
  Type type;
  if (name.size() < 3 || std::string_view("<>|=").find(name[0]) == std::string_view::npos) return type;
  type.order = name[0];
  type.kind = name[1];
  std::uint64_t number = 0;
  std::size_t at = 2;
  for (; at < name.size() && std::isdigit(static_cast<unsigned char>(name[at])) != 0 && number < 1'000'000; ++at) {
    number = 10 * number + static_cast<std::uint64_t>(name[at] - '0');
  }
  const bool time = type.kind == 'M' || type.kind == 'm';  // "<M8[ns]"
  const bool known = std::string_view("biufcSUVMm").find(type.kind) != std::string_view::npos;
  const bool plain = name.find_first_not_of("<>|=biufcSUVMm0123456789[]hDYWsnpa") == std::string::npos;
  if (known && plain && (at == name.size() || time)) type.size = type.kind == 'U' ? 4 * number : number;
  return type;
}

std::string header_of_doubles(std::span<const std::uint64_t> shape) {
  std::string text = fmt::format("{{'descr': '<f8', 'fortran_order': False, 'shape': ({}{}), }}",
                                 fmt::join(shape, ", "), shape.size() == 1 ? "," : "");
  const std::size_t before = kMagic.size() + 4;
  const std::size_t unaligned = (before + text.size() + 1) % kAlignment;
  text.append(unaligned == 0 ? 0 : kAlignment - unaligned, ' ');
  text += '\n';
  std::string header(kMagic);
  header += {'\1', '\0', static_cast<char>(text.size() & 0xFFU), static_cast<char>(text.size() >> 8U)};
  return header + text;
}

Header read_header(const std::filesystem::path& file) {
  std::error_code error;
  if (!std::filesystem::is_regular_file(file, error)) {
    fail(file, std::filesystem::exists(file, error) ? "is no regular file" : "there is no such file");
  }
  std::ifstream in(file, std::ios::binary);
  if (!in) fail(file, "cannot be read");
  std::string text(header_length(in, file), '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (!in) fail(file, "ends within its header");

  Header header;
  header.data_at = static_cast<std::uint64_t>(in.tellg());
  const auto type = item(text, "descr", '\'', '\'');
  const auto order = item(text, "fortran_order", 'T', 'e')   ? std::optional(true)
                     : item(text, "fortran_order", 'F', 'e') ? std::optional(false)
                                                             : std::nullopt;
  const auto shape_text = item(text, "shape", '(', ')');
  const auto shape = shape_text ? parse_shape(*shape_text) : std::nullopt;
  if (!order || !shape) fail(file, "has a header that makes no sense");
  const std::uint64_t element = type ? parse_type(*type).size : 0;
  if (element == 0) fail(file, "holds records or objects: an array of numbers is needed");
  header.type = *type;
  header.column_major = *order;
  header.shape = *shape;
  header.size = expected_size(header, element, file);
  const std::uint64_t size = std::filesystem::file_size(file, error);
  if (error || size != header.size) {
    fail(file, fmt::format("is {} bytes long, where an array of {} of the type {} takes {}", size,
                           render_shape(header.shape), header.type, header.size));
  }
  return header;
}

}  // namespace windrow::npy
