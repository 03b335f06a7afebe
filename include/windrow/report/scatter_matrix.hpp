#pragma once

#include <iosfwd>
#include <string>
#include <vector>

namespace [[gnu::visibility("default")]] windrow {

/// A variable of a scatter matrix.
struct ScatterColumn {
  std::string name;
  std::string unit;                     ///< may be empty
  std::vector<double> numbers;          ///< of each point; of texts the position among `categories`
  std::vector<std::string> categories;  ///< empty: numbers
  bool logarithmic = false;             ///< all numbers are above 0, and the axis is logarithmic
};

/// Draws every variable against every other, with histograms on the diagonal, as an SVG file (plain SVG 1.1, without
/// scripts, fonts or anything from elsewhere). What is no finite number is not drawn.
/// @param title    stands above it
/// @param note     stands below it: what is not drawn, and why
/// @param columns  with as many numbers each; of none, the title and the note are all
void write_scatter_matrix(std::ostream& out, const std::string& title, const std::string& note,
                          const std::vector<ScatterColumn>& columns);

}  // namespace windrow
