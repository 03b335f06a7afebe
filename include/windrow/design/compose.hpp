#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "windrow/design/design.hpp"

namespace [[gnu::visibility("default")]] windrow {

/// A design that is crossed with others.
struct Block {
  Block(Design points, bool draws_anew = false) : design(std::move(points)), redraw(draws_anew) {}

  Design design;
  /// Of a design that draws: for each point of the blocks before it draws of its own, which follow from their names and
  /// values; else the same for all of them, so that a difference between two of them is no difference of draws.
  bool redraw;
};

/// All combinations of points of several designs, the first design slowest. The parameters are those of all, in this
/// order. A block draws by its own seed and its own index.
/// @param seed  of the whole: what evaluations get, and points have their own seeds from
/// @throws SpecError if there is no block, a parameter is in two of them (it is named), the product is above 2^62, or a
///         block is to redraw that does not draw, or has no block before it
Design crossed(std::vector<Block> blocks, std::uint64_t seed = 0);

/// The points of several designs, one design after the other. Each has the same parameters by name; their order,
/// units, descriptions and formats are those of the first. A part draws by its own seed and from its own index 0.
/// @throws SpecError if there is no part, one has other parameters than the first (they are named), or the sum is above
///         2^62
Design appended(std::vector<Design> parts, std::uint64_t seed = 0);

/// A grid in which the parameters of a group vary together: at the place of its first member in the order of the grid.
/// @param groups  of two names or more
/// @throws SpecError as for a grid, for an unknown name, one in two groups, a group of less than two, and for different
///         numbers of levels in a group (both are named)
Design zipped_grid(std::vector<Parameter> parameters, const std::vector<std::vector<std::string>>& groups,
                   std::uint64_t seed = 0);

}  // namespace windrow
