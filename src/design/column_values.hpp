#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "design/table_rows.hpp"
#include "windrow/design/value.hpp"

namespace windrow::detail {

/// What the cells of a column are taken for.
struct ColumnForm {
  std::size_t place = 0;  ///< in a row
  ValueType type = ValueType::string;
  /// Whether the type was said: then values are written as those of this type are. Else numbers stay spelled as they
  /// are (`1.10`, `63E3`).
  bool is_typed = false;
  bool has_decimal_commas = false;
};

/// Keeps what a text is made of that does not stand in a table as it is.
struct TextRoom {
  std::string cell, text;
};

/// @pre the cell fits the form @throws SpecError if it does not, and the type was said
Value value_of(const Cell& cell, const ColumnForm& form, TextRoom& room);

/// Of its value, Value::written() and identity_text(), without making the value where that can be.
std::string_view written_text_of(const Cell& cell, const ColumnForm& form, TextRoom& room);
std::string_view identity_text_of(const Cell& cell, const ColumnForm& form, TextRoom& room);

}  // namespace windrow::detail
