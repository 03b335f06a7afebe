#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "windrow/design/value.hpp"
#include "windrow/error.hpp"

namespace windrow::detail {

/// A cell that does not fit the other values of its column, or its type.
class BadCell : public SpecError {
 public:
  BadCell(std::uint64_t row, const std::string& message) : SpecError(message), row_(row) {}
  std::uint64_t row() const { return row_; }  ///< from 0

 private:
  std::uint64_t row_;
};

/// Numbers that stay texts, or are not written as programs write them.
enum class Taken { as_it_looks, text_for_quotes, text_for_zeros, text_for_digits, decimal_commas };

/// What the cells of a column have in common; they are shown to it one by one.
class CellsLook {
 public:
  /// @param row  from 0
  void add(std::string_view text, bool quoted, std::uint64_t row);

  /// Whether all cells are empty.
  bool is_empty() const { return !any_text_; }
  /// Whether a cell that is not empty is no number.
  bool has_others() const { return !numbers_; }
  bool is_of_numbers_alone() const { return numbers_ && !first_empty_; }

  /// Why the values of a column that looks like numbers are texts, if no type is given.
  Taken why_texts() const;
  /// What the values are, if no type is given: integers if every cell is one, else numbers, else truth values (`true`,
  /// `false`), else texts. All are texts if one of them is quoted or begins with a zero as a code does (`0012`), or is
  /// a whole number that would lose digits.
  /// @throws BadCell for an empty cell among numbers or truth values
  ValueType type() const;

 private:
  void add_number(std::string_view text);

  // Of the cells that are not empty: whether all are ...
  bool numbers_ = true, integers_ = true, truths_ = true;
  bool any_text_ = false, any_quoted_ = false, any_zeros_ = false, any_rounded_ = false;
  std::optional<std::uint64_t> first_empty_;
};

/// A column of a table, cell by cell: what its values are, and what else is asked of it.
class ColumnLook {
 public:
  /// @param may_have_commas  whether numbers may have decimal commas, since these separate nothing
  explicit ColumnLook(bool may_have_commas) : may_have_commas_(may_have_commas) {}

  /// Every row once, in order.
  void add(std::string_view text, bool quoted);

  const CellsLook& as_written() const { return cells_; }
  /// Whether the cells are 0, 1, 2, ... or 1, 2, 3, ...
  bool numbers_rows() const { return counts_from_0_ || counts_from_1_; }
  /// With points in the place of decimal commas; null unless some cells have these, and all others are numbers, too.
  /// @throws BadCell if some have points already
  const CellsLook* with_points() const;

 private:
  void add_comma(std::string_view text, bool quoted);

  struct Example {
    std::uint64_t row;
    std::string text;
  };
  CellsLook cells_;
  std::uint64_t rows_ = 0;
  bool may_have_commas_;
  bool counts_from_0_ = true, counts_from_1_ = true;
  std::optional<CellsLook> pointed_;  // since the first decimal comma
  std::optional<Example> point_, comma_;
};

/// "1,5" or "-2,5e-3" with a point; none for other texts.
std::optional<std::string> with_point(std::string_view cell);

std::string_view without_blanks(std::string_view text);

/// A number in plain digits, few enough that a double holds them all: "12", "-0.5", "007".
enum class PlainNumber { none, whole, fraction };
PlainNumber plain_number(std::string_view text);

/// A sentence about columns that were taken so: "texts, since ..."; empty for as_it_looks.
/// @param column  one of them
std::string said_of(Taken taken, const std::string& column);

}  // namespace windrow::detail
