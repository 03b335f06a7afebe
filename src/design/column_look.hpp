#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "design/column_values.hpp"

namespace windrow::detail {

/// Numbers that stay texts, or are not written as programs write them.
enum class Taken { as_it_looks, text_for_quotes, text_for_zeros, text_for_digits, decimal_commas };

/// Why the values of a column that looks like numbers are texts, if no type is given.
Taken why_texts(const std::vector<Cell>& cells);

/// The cells with points in the place of decimal commas; none unless some have these, and all others are numbers, too.
/// @throws BadCell if some have points already
std::optional<std::vector<Cell>> with_points(const std::vector<Cell>& cells);

/// A sentence about columns that were taken so: "texts, since ..."; empty for as_it_looks.
/// @param column  one of them
std::string said_of(Taken taken, const std::string& column);

}  // namespace windrow::detail
