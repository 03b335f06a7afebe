#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "windrow/design/parameter.hpp"
#include "windrow/store/store.hpp"

namespace windrow::detail {

/// The levels of a parameter by its definition, as Parameter::definition() writes it: of a range, a list or a bundle.
/// None for all else.
std::optional<Parameter> parameter_with_levels(const std::string& name, const std::string& definition);

/// A column of parameters that is an axis of a grid, or a field of a bundle that is one.
struct GridAxis {
  std::size_t column;               ///< among StudyIdentity::parameters
  std::optional<Parameter> levels;  ///< none: it is derived, a value for each point
  std::size_t dimension = 0;        ///< along which its levels are
};

/// What a full grid consists of.
struct GridAxes {
  std::vector<std::uint64_t> lengths;     ///< of each dimension, the slowest first
  std::vector<std::size_t> of_dimension;  ///< the column of each
  std::vector<GridAxis> columns;          ///< one for each column of parameters
};

/// The axes of a study whose points are one full grid. If they are not (another method, a filter, parameters that vary
/// together, several blocks, replicates), or the store does not say so, there are none, and `why_not` tells.
std::optional<GridAxes> grid_axes(const StudyIdentity& study, std::string& why_not);

}  // namespace windrow::detail
