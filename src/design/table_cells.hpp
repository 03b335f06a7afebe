#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "design/column_values.hpp"
#include "design/interface/table.hpp"
#include "design/table_rows.hpp"
#include "windrow/base/csv.hpp"
#include "windrow/design/design.hpp"

namespace windrow::detail {

/// The parameters' columns of a table: its text, where rows begin in it, and what cells are taken for. Values are made
/// when they are asked for. Time for a value: that of going through at most kBetweenMarks cells.
class TableCells {
 public:
  TableCells(TableText text, std::string path, csv::Dialect dialect, RowPlaces rows, std::vector<ColumnForm> forms);

  std::uint64_t rows() const { return rows_.size(); }
  std::size_t columns() const { return forms_.size(); }
  const ColumnForm& form(std::size_t column) const { return forms_[column]; }
  std::size_t line_of(std::uint64_t row) const { return line_at(text_.text, rows_[row]); }

  Value value(std::uint64_t row, std::size_t column) const;
  std::vector<Value> values(std::uint64_t row) const;

  /// As different_levels().
  std::vector<Value> different(std::size_t column, std::size_t most) const;
  /// Whether the character is anywhere in the file.
  bool text_contains(char character) const { return text_.text.find(character) != std::string_view::npos; }

  /// Of every column a text that two have only if they have the same values in the same order.
  std::vector<std::string> definitions() const;
  /// As Design::equal_points(), as far as these columns go.
  std::vector<EqualPoint> equal_rows(const std::vector<std::size_t>& columns) const;

  /// Calls `see(row, cells)` for every row, with all its cells.
  template <typename See>
  void for_each_row(const See& see) const {
    std::vector<Cell> cells;
    for (std::uint64_t row = 0; row < rows(); ++row) {
      read(row, cells);
      see(row, cells);
    }
  }

 private:
  static constexpr std::size_t kBetweenMarks = 64;

  void mark_cells();
  void read(std::uint64_t row, std::vector<Cell>& cells) const;
  void read_to(std::uint64_t row, std::size_t column, std::vector<Cell>& cells) const;
  void append_identities(std::uint64_t first, std::uint64_t end, std::vector<std::string>& columns) const;
  void append_written(std::uint64_t row, const std::vector<std::size_t>& columns, std::vector<Cell>& cells,
                      TextRoom& room, std::string& bytes) const;

  TableText text_;
  std::string path_;
  csv::Dialect dialect_;
  RowPlaces rows_;
  std::vector<ColumnForm> forms_;
  std::size_t marks_of_row_ = 0;
  mutable std::mutex guard_;                                                             // of what follows
  mutable std::map<std::pair<std::size_t, std::size_t>, std::vector<Value>> different_;  // by column and `most`
  mutable std::map<std::vector<std::size_t>, std::vector<EqualPoint>> equal_;            // by columns
  std::vector<std::uint32_t> marks_;  // where in their row every 64th cell begins, from the second of these
};

}  // namespace windrow::detail
