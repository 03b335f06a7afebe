#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace [[gnu::visibility("default")]] windrow {

/// A vector or field: an output that is more than one number.
struct Array {
  std::vector<double> values;        ///< row-major: the last index runs fastest
  std::vector<std::uint64_t> shape;  ///< one number for each dimension; none for a single number

  Array() : shape{0} {}
  /// Of one dimension.
  explicit Array(std::vector<double> numbers) : values(std::move(numbers)), shape{values.size()} {}
  /// @throws SpecError if `dimensions` do not multiply to as many as there are numbers
  Array(std::vector<double> numbers, std::vector<std::uint64_t> dimensions);

  /// The same shape, and the same numbers bit for bit.
  friend bool operator==(const Array& a, const Array& b);
};

/// "1000 x 1000"; "1" for a single number
std::string render_shape(std::span<const std::uint64_t> shape);

}  // namespace windrow
