#include "windrow/arrays/array.hpp"

#include <fmt/format.h>

#include <cstring>

#include "windrow/error.hpp"

namespace windrow {

Array::Array(std::vector<double> numbers, std::vector<std::uint64_t> dimensions)
    : values(std::move(numbers)), shape(std::move(dimensions)) {
  std::uint64_t count = 1;
  bool fits = true;
  for (const std::uint64_t length : shape) fits = !__builtin_mul_overflow(count, length, &count) && fits;
  if (fits && count == values.size()) return;
  throw SpecError(fmt::format("an array of the shape {} cannot hold {} numbers", render_shape(shape), values.size()));
}

bool operator==(const Array& a, const Array& b) {
  return a.shape == b.shape && a.values.size() == b.values.size() &&
         (a.values.empty() || std::memcmp(a.values.data(), b.values.data(), a.values.size() * sizeof(double)) == 0);
}

std::string render_shape(std::span<const std::uint64_t> shape) {
  std::string text;
  for (const std::uint64_t length : shape) text += (text.empty() ? "" : " x ") + std::to_string(length);
  return text.empty() ? "1" : text;
}

}  // namespace windrow
