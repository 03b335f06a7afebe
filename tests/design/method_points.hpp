#pragma once

#include <vector>

#include "windrow/design/methods.hpp"

namespace windrow::test {

using Row = std::vector<double>;

/// The values of a point, as numbers.
inline Row row_of(const Design& design, std::uint64_t index) {
  Row row;
  for (const Value& value : design.point(index).values()) row.push_back(value.number());
  return row;
}

inline std::vector<Row> rows_of(const Design& design, std::uint64_t begin = 0, std::uint64_t end = ~std::uint64_t{0}) {
  std::vector<Row> rows;
  for (std::uint64_t i = begin; i < std::min(end, design.size()); ++i) rows.push_back(row_of(design, i));
  return rows;
}

/// Parameters a, b, c, ... from `low` to `high`.
inline std::vector<Parameter> cube(std::size_t count, double low = 0.0, double high = 1.0) {
  std::vector<Parameter> parameters;
  for (std::size_t i = 0; i < count; ++i) {
    std::string name;
    if (i >= 26) name += static_cast<char>('a' + i / 26 - 1);
    name += static_cast<char>('a' + i % 26);
    parameters.push_back(uniform(name, low, high));
  }
  return parameters;
}

}  // namespace windrow::test
