#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "windrow/timing/record.hpp"

namespace windrow::detail::timing {

/// What one record says in one row.
struct Cell {
  std::chrono::nanoseconds time{0};
  std::uint64_t count = 0;
  std::chrono::nanoseconds min{0};
  std::chrono::nanoseconds max{0};
};

/// A row of a table of timing records, and those below it.
struct Row {
  enum class Kind : std::uint8_t { level, stamp, group, rest, unassigned };
  Kind kind;
  std::string name;
  std::vector<std::optional<Cell>> cells;  ///< by record; groups and what is unassigned have none
  std::vector<Row> rows = {};

  bool has_cells() const { return kind != Kind::group && kind != Kind::unassigned; }
};

/// The rows of all records, matched by their place in the tree. In each level stamps come first, in the order of the
/// first record that has them, then the rest, then what is unassigned.
Row rows_of(std::span<const TimingRecord> records, std::string_view name);

std::string_view name_of(Row::Kind kind);

/// A row on the way down: the names from the root, and the cells that shares are taken of.
struct Visit {
  const Row& row;
  const Row* above;  ///< the nearest row above that has cells; null at the root
  const std::vector<std::string_view>& path;
};
void visit_rows(const Row& root, const std::function<void(const Visit&)>& visit);

/// A name on one line of a terminal.
std::string printable(std::string_view name);

/// The row's name, indented by its depth; levels end in ":".
std::string label_of(const Visit& visit);

/// "main/solve/newton": slashes, backslashes, tabs and line ends in names are escaped.
std::string path_text(std::span<const std::string_view> path);

/// Seconds with nine decimals.
std::string seconds_text(double nanoseconds);

}  // namespace windrow::detail::timing
