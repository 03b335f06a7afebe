#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "windrow/design/value.hpp"
#include "windrow/error.hpp"

namespace windrow::detail {

/// A cell of a table as it stands in the file.
struct Cell {
  std::string text;
  bool quoted = false;
};

/// A cell that does not fit the other values of its column, or its type.
class BadCell : public SpecError {
 public:
  BadCell(std::size_t row, const std::string& message) : SpecError(message), row_(row) {}
  std::size_t row() const { return row_; }  ///< from 0

 private:
  std::size_t row_;
};

/// The cells of a column as values of one kind. Without a type: integers if every cell is one, else numbers, else truth
/// values (`true`, `false`), else texts. All are texts if one of them is quoted or begins with a zero as a code does
/// (`0012`), or is a whole number that would lose digits. Numbers stay spelled as they are (`1.10`, `63E3`); with a
/// type they are written as values of this type are.
/// @throws BadCell for an empty cell among numbers or truth values, and one that is not of the type
std::vector<Value> column_values(const std::vector<Cell>& cells, std::optional<ValueType> type);

}  // namespace windrow::detail
