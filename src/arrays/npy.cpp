#include "windrow/arrays/npy.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <fstream>
#include <string_view>

#include "arrays/npy_header.hpp"
#include "windrow/base/text.hpp"
#include "windrow/error.hpp"

namespace windrow::npy {
namespace {

static_assert(std::endian::native == std::endian::little, "arrays are written as they lie in memory");

constexpr std::uint64_t kPart = 1U << 20U;  // bytes read at once

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

Array read_text(const std::filesystem::path& file) {
  std::error_code error;
  std::ifstream in(file, std::ios::binary);
  if (!in || !std::filesystem::is_regular_file(file, error)) {
    throw SpecError(fmt::format("{}: {}", file.string(),
                                std::filesystem::exists(file, error) ? "cannot be read" : "there is no such file"));
  }
  constexpr std::string_view separators = " \t\r,;\f\v";
  Array array;
  std::uint64_t rows = 0;
  std::uint64_t columns = 0;
  std::string line;
  for (std::uint64_t number = 1; std::getline(in, line); ++number) {
    std::string_view rest = std::string_view(line).substr(0, line.find('#'));
    const std::size_t before = array.values.size();
    for (std::size_t at = 0; (at = rest.find_first_not_of(separators)) != std::string_view::npos;) {
      rest.remove_prefix(at);
      const std::string_view word = rest.substr(0, rest.find_first_of(separators));
      const auto value = text::parse_double(word);
      if (!value) throw SpecError(fmt::format("{}:{}: `{}` is no number", file.string(), number, word.substr(0, 50)));
      array.values.push_back(*value);
      rest.remove_prefix(word.size());
    }
    const std::uint64_t here = array.values.size() - before;
    if (here == 0) continue;
    if (rows++ == 0) columns = here;
    if (here == columns) continue;
    throw SpecError(
        fmt::format("{}:{}: this row has {} numbers, those before it {}", file.string(), number, here, columns));
  }
  array.shape = rows > 1 && columns > 1 ? std::vector{rows, columns} : std::vector<std::uint64_t>{array.values.size()};
  return array;
}

}  // namespace windrow::npy
