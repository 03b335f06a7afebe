#include "windrow/arrays/npy.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cctype>
#include <cstring>
#include <fstream>
#include <optional>
#include <string_view>

#include "windrow/base/text.hpp"
#include "windrow/error.hpp"

namespace windrow::npy {
namespace {

static_assert(std::endian::native == std::endian::little, "arrays are written as they lie in memory");

constexpr std::uint64_t kPart = 1U << 20U;  // bytes read at once
constexpr std::string_view kMagic = "\x93NUMPY";
constexpr std::size_t kAlignment = 64;  // of the data
constexpr std::uint32_t kLongestHeader = 1U << 20U;
constexpr std::size_t kMostDimensions = 64;  // of NumPy

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
    if (shape.size() == kMostDimensions) return std::nullopt;
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

/// What NumPy's name of a type says: "<f8" is {'<', 'f', 8}.
struct Type {
  char order = '|';  ///< '<', '>', or '|' and '=': does not matter, or as this machine's
  char kind = 'V';
  std::uint64_t size = 0;  ///< bytes of an element; 0: not fixed, or not known
};

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

using Convert = void (*)(const std::byte* from, double* to, std::size_t count, bool swap);

template <typename T>
void convert(const std::byte* from, double* to, std::size_t count, bool swap) {
  for (std::size_t i = 0; i < count; ++i, from += sizeof(T)) {
    std::array<std::byte, sizeof(T)> bytes;
    std::memcpy(bytes.data(), from, sizeof(T));
    if (swap) std::reverse(bytes.begin(), bytes.end());
    to[i] = static_cast<double>(std::bit_cast<T>(bytes));
  }
}

void copy_doubles(const std::byte* from, double* to, std::size_t count, bool swap) {
  swap ? convert<double>(from, to, count, true) : static_cast<void>(std::memcpy(to, from, count * sizeof(double)));
}

/// Null for what is no real number.
Convert converter(const Type& type) {
  const auto is = [&type](char kind, std::uint64_t size) { return type.kind == kind && type.size == size; };
  if (is('f', 8)) return copy_doubles;
  if (is('f', 4)) return convert<float>;
  if (is('i', 8)) return convert<std::int64_t>;
  if (is('i', 4)) return convert<std::int32_t>;
  if (is('i', 2)) return convert<std::int16_t>;
  if (is('i', 1)) return convert<std::int8_t>;
  if (is('u', 8)) return convert<std::uint64_t>;
  if (is('u', 4)) return convert<std::uint32_t>;
  if (is('u', 2)) return convert<std::uint16_t>;
  if (is('u', 1) || is('b', 1)) return convert<std::uint8_t>;
  return nullptr;
}

/// From the first index running fastest to the last one.
std::vector<double> row_major(const std::vector<double>& values, const std::vector<std::uint64_t>& shape) {
  std::vector<double> result(values.size());
  std::vector<std::uint64_t> strides(shape.size());
  std::uint64_t stride = 1;
  for (std::size_t d = 0; d < shape.size(); ++d) {
    strides[d] = stride;
    stride *= shape[d];
  }
  std::vector<std::uint64_t> at(shape.size(), 0);
  std::uint64_t from = 0;
  for (double& value : result) {
    value = values[from];
    for (std::size_t d = shape.size(); d-- > 0;) {
      from += strides[d];
      if (++at[d] < shape[d]) break;
      from -= strides[d] * shape[d];
      at[d] = 0;
    }
  }
  return result;
}

}  // namespace

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

Array read(const std::filesystem::path& file, const std::function<void(std::span<const std::byte>)>& on_bytes) {
  const Header header = read_header(file);
  const Type type = parse_type(header.type);
  const Convert convert_part = converter(type);
  if (convert_part == nullptr) {
    throw SpecError(
        fmt::format("{}: holds elements of the type {}, which are no real numbers", file.string(), header.type));
  }
  std::ifstream in(file, std::ios::binary);
  std::vector<std::byte> part(static_cast<std::size_t>(std::max(header.data_at, kPart)));
  const auto take = [&](std::uint64_t size) {
    in.read(reinterpret_cast<char*>(part.data()), static_cast<std::streamsize>(size));
    if (!in) throw SpecError(fmt::format("{}: cannot be read to its end", file.string()));
    if (on_bytes) on_bytes(std::span(part).first(static_cast<std::size_t>(size)));
  };
  take(header.data_at);
  Array array;
  array.shape = header.shape;
  array.values.resize(static_cast<std::size_t>((header.size - header.data_at) / type.size));
  const std::uint64_t most = kPart / type.size;
  for (std::uint64_t done = 0; done < array.values.size();) {
    const std::uint64_t count = std::min<std::uint64_t>(most, array.values.size() - done);
    take(count * type.size);
    convert_part(part.data(), array.values.data() + done, static_cast<std::size_t>(count), type.order == '>');
    done += count;
  }
  if (header.column_major && header.shape.size() > 1) array.values = row_major(array.values, header.shape);
  return array;
}

}  // namespace windrow::npy
