#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "netcdf_file.hpp"

namespace windrow::detail {

/// Points in the order of their positions (the last dimension fastest) in parts that are regions of an array over
/// `lengths`: each is, from some dimension on, all of it.
class Regions {
 public:
  /// @param most  points of a part, at least 1
  Regions(std::vector<std::uint64_t> lengths, std::uint64_t most);

  /// What all parts are, but those at an end.
  const std::vector<std::size_t>& shape() const { return shape_; }

  /// The part that begins at a position, and how many points it has.
  struct Part {
    std::uint64_t first = 0, size = 0;
    Region region;
  };
  Part part_from(std::uint64_t first) const;
  /// Of one point.
  Region point(std::uint64_t position) const;

 private:
  std::vector<std::uint64_t> lengths_;
  std::size_t cut_ = 0;      ///< the dimension of which a part has some rows
  std::uint64_t inner_ = 1;  ///< points of a row
  std::vector<std::size_t> shape_;
};

}  // namespace windrow::detail
