#include "design/column_look.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "windrow/base/text.hpp"

namespace windrow::detail {
namespace {

bool is_decimal_digit(char c) {
  return c >= '0' && c <= '9';
}

bool begins_with_zero(const Cell& cell) {
  std::string_view text = cell.text;
  if (text.starts_with('-') || text.starts_with('+')) text.remove_prefix(1);
  return text.size() >= 2 && text[0] == '0' && is_decimal_digit(text[1]);
}

/// "1,5" or "-2,5e-3" with a point; none for other texts.
std::optional<std::string> with_point(const std::string& cell) {
  const std::size_t comma = cell.find(',');
  if (comma == std::string::npos || comma + 1 == cell.size() || !is_decimal_digit(cell[comma + 1])) return {};
  if (cell.find_first_not_of("+-0123456789eE,") != std::string::npos) return {};
  std::string number = cell;
  number[comma] = '.';
  return text::parse_double(number) ? std::optional(number) : std::nullopt;
}

bool look_like_numbers(const std::vector<Cell>& cells) {
  const auto is_number = [](const Cell& cell) {
    return cell.text.empty() || text::parse_double(cell.text).has_value();
  };
  return std::ranges::all_of(cells, is_number) &&
         std::ranges::any_of(cells, [](const Cell& cell) { return !cell.text.empty(); });
}

}  // namespace

Taken why_texts(const std::vector<Cell>& cells) {
  if (!look_like_numbers(cells)) return Taken::as_it_looks;
  const auto any = [&](const auto& is_so) { return std::ranges::any_of(cells, is_so); };
  if (any([](const Cell& cell) { return cell.quoted && !cell.text.empty(); })) return Taken::text_for_quotes;
  if (any(begins_with_zero)) return Taken::text_for_zeros;
  const auto is_integer = [](const Cell& cell) { return cell.text.empty() || text::parse_integer(cell.text); };
  const auto loses_digits = [](const Cell& cell) { return text::is_rounded_whole(cell.text); };
  return !std::ranges::all_of(cells, is_integer) && any(loses_digits) ? Taken::text_for_digits : Taken::as_it_looks;
}

std::optional<std::vector<Cell>> with_points(const std::vector<Cell>& cells) {
  std::vector<Cell> result;
  std::optional<std::size_t> point, comma;
  for (std::size_t row = 0; row < cells.size(); ++row) {
    const Cell& cell = cells[row];
    auto number = cell.quoted ? std::nullopt : with_point(cell.text);
    if (!number && !cell.text.empty() && !text::parse_double(cell.text)) return {};
    if (number && !comma) comma = row;
    if (!number && !point && cell.text.find('.') != std::string::npos) point = row;
    result.push_back({number ? *number : cell.text, cell.quoted});
  }
  if (!comma) return {};
  if (!point) return result;
  const auto [earlier, later] = std::minmax(*point, *comma);
  throw BadCell(later, fmt::format("has `{}` and `{}`, a decimal point and a decimal comma: write one of them, or say "
                                   "type = \"string\" to take both as they are",
                                   cells[earlier].text, cells[later].text));
}

std::string said_of(Taken taken, const std::string& column) {
  switch (taken) {
    case Taken::text_for_quotes:
      return fmt::format("texts, as cells are in quotes; [parameters.{}] type = \"number\" makes numbers of them",
                         column);
    case Taken::text_for_zeros:
      return fmt::format("texts, as numbers have leading zeros; [parameters.{}] type = \"number\" drops these", column);
    case Taken::text_for_digits:
      return "texts, as whole numbers would lose digits otherwise";
    case Taken::decimal_commas:
      return fmt::format("numbers with decimal commas; [parameters.{}] type = \"string\" keeps them as texts", column);
    case Taken::as_it_looks:
      break;
  }
  return "";
}

}  // namespace windrow::detail
