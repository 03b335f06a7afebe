#pragma once

#include <string>

#include "json.hpp"
#include "windrow/parallel/index_set.hpp"
#include "windrow/study/study.hpp"

namespace windrow::app {

/// What a design is composed of, a line a part; empty if it is one block.
std::string describe_parts(const Design& design);
Json parts_json(const Design& design);

/// Writes index and parameters of these points; "-" is standard output. Memory does not grow with them.
void write_points(const Design& design, const IndexSet& points, const std::string& target);

/// Draws these points, of many an even choice, as a scatter matrix.
/// @return what is not drawn, and why; empty if all is
std::string draw_points(const Study& study, const IndexSet& points, const std::string& target);

}  // namespace windrow::app
