#include "windrow/process/shared_array.hpp"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <limits>

#include "windrow/error.hpp"

namespace windrow::detail {
namespace {

constexpr std::size_t kMostDimensions = 8;
constexpr std::uint64_t kMagic = 0x796172726177;  // "warray"

struct Header {
  std::uint64_t magic = kMagic;
  std::uint64_t element_size = 0;
  std::uint64_t dimensions = 0;
  std::uint64_t shape[kMostDimensions] = {};
};
static_assert(sizeof(Header) <= kArrayHeader);

template <typename Numbers>
std::string in_brackets(const Numbers& numbers) {
  std::string text = "(";
  for (const std::size_t number : numbers) {
    text += (text.size() > 1 ? ", " : "") + std::to_string(static_cast<std::make_signed_t<std::size_t>>(number));
  }
  return text + ")";
}

// @throws SpecError if there cannot be as much memory
std::size_t bytes_of(std::size_t element_size, const Shape& shape) {
  if (shape.empty() || shape.size() > kMostDimensions) {
    throw SpecError("a shared array has 1 to 8 dimensions, not " + std::to_string(shape.size()));
  }
  constexpr std::size_t most = std::numeric_limits<std::ptrdiff_t>::max() - kArrayHeader;
  std::size_t bytes = element_size;
  for (const std::size_t length : shape) {
    if (length != 0 && bytes > most / length) {
      throw SpecError("a shared array of shape " + in_brackets(shape) + " is larger than any memory");
    }
    bytes *= length;
  }
  return kArrayHeader + bytes;
}

}  // namespace

ArrayStorage make_array(std::optional<std::string_view> name, std::size_t element_size, Shape shape) {
  const std::size_t bytes = bytes_of(element_size, shape);
  const auto prepare = [&](void* memory) {
    Header header;
    header.element_size = element_size;
    header.dimensions = shape.size();
    std::copy(shape.begin(), shape.end(), header.shape);
    std::memcpy(memory, &header, sizeof header);
  };
  SharedMemory memory = name ? SharedMemory::create(*name, bytes, prepare) : SharedMemory(bytes);
  return {std::move(memory), std::move(shape)};
}

ArrayStorage open_array(const std::string& full_name, std::size_t element_size) {
  ArrayStorage array{SharedMemory::open(full_name), {}};
  Header header{.magic = 0};
  if (array.memory.size() >= kArrayHeader) std::memcpy(&header, array.memory.data(), sizeof header);
  if (header.magic != kMagic || header.dimensions > kMostDimensions) {
    throw SpecError("the shared memory " + full_name + " does not hold an array");
  }
  if (header.element_size != element_size) {
    throw SpecError("the shared array " + full_name + " has elements of " + std::to_string(header.element_size) +
                    " bytes, not of " + std::to_string(element_size));
  }
  array.shape.assign(header.shape, header.shape + header.dimensions);
  if (bytes_of(element_size, array.shape) > array.memory.size()) {
    throw SpecError("the shared array " + full_name + " is smaller than its shape says");
  }
  return array;
}

std::size_t checked_offset(const Shape& shape, std::span<const std::size_t> indices) {
  bool inside = indices.size() == shape.size();
  std::size_t offset = 0;
  for (std::size_t i = 0; inside && i < shape.size(); ++i) {
    inside = indices[i] < shape[i];
    offset = offset * shape[i] + indices[i];
  }
  if (!inside) throw SpecError("no element " + in_brackets(indices) + " in an array of shape " + in_brackets(shape));
  return offset;
}

}  // namespace windrow::detail
