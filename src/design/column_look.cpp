#include "design/column_look.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "windrow/base/text.hpp"

namespace windrow::detail {
namespace {

bool is_decimal_digit(char c) {
  return c >= '0' && c <= '9';
}

/// "0012", "-007", "00.5"; not "0", "0.5", "0e1".
bool is_code(std::string_view text) {
  if (text.starts_with('-') || text.starts_with('+')) text.remove_prefix(1);
  return text.size() > 1 && text[0] == '0' && is_decimal_digit(text[1]);
}

bool is_row_number(std::string_view text, std::uint64_t number) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool whole = error == std::errc() && end == text.data() + text.size();
  return whole && value == number && (text.size() == 1 || text[0] != '0');
}

}  // namespace

std::string_view without_blanks(std::string_view text) {
  const auto is_blank = [](char c) { return c == ' ' || c == '\t'; };
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

PlainNumber plain_number(std::string_view text) {
  constexpr std::size_t kSafe = 15;  // so many digits fit a double whatever they are
  if (text.starts_with('-')) text.remove_prefix(1);
  if (text.empty() || text.size() > kSafe || !is_decimal_digit(text.front())) return PlainNumber::none;
  bool point = false;
  for (const char c : text) {
    if (is_decimal_digit(c)) continue;
    if (c != '.' || point) return PlainNumber::none;
    point = true;
  }
  if (!point) return PlainNumber::whole;
  return text.back() == '.' ? PlainNumber::none : PlainNumber::fraction;
}

void CellsLook::add(std::string_view text, bool quoted, std::uint64_t row) {
  if (text.empty()) {
    if (!first_empty_) first_empty_ = row;
    return;
  }
  any_text_ = true;
  any_quoted_ = any_quoted_ || quoted;
  if (!numbers_ && !truths_) return;  // these are texts
  text = without_blanks(text);
  any_zeros_ = any_zeros_ || is_code(text);
  if (numbers_) add_number(text);
  truths_ = truths_ && (text == "true" || text == "false");
}

void CellsLook::add_number(std::string_view text) {
  const PlainNumber plain = plain_number(text);
  if (plain != PlainNumber::none) {
    integers_ = integers_ && plain == PlainNumber::whole;
    return;
  }
  numbers_ = text::parse_double(text).has_value();
  integers_ = integers_ && numbers_ && text::parse_integer(text).has_value();
  any_rounded_ = any_rounded_ || (numbers_ && text::is_rounded_whole(text));
}

Taken CellsLook::why_texts() const {
  if (!numbers_ || !any_text_) return Taken::as_it_looks;
  if (any_quoted_) return Taken::text_for_quotes;
  if (any_zeros_) return Taken::text_for_zeros;
  return !integers_ && any_rounded_ ? Taken::text_for_digits : Taken::as_it_looks;
}

ValueType CellsLook::type() const {
  if (!any_text_ || any_quoted_ || any_zeros_) return ValueType::string;
  const bool as_numbers = numbers_ && (integers_ || !any_rounded_);
  if (!as_numbers && !truths_) return ValueType::string;
  if (first_empty_) {
    throw BadCell(*first_empty_, fmt::format("is empty here; its other values are {}",
                                             as_numbers ? "numbers (nan is one)" : "true or false"));
  }
  return !as_numbers ? ValueType::boolean : integers_ ? ValueType::integer : ValueType::number;
}

void ColumnLook::add(std::string_view text, bool quoted) {
  if (counts_from_0_) counts_from_0_ = is_row_number(text, rows_);
  if (counts_from_1_) counts_from_1_ = is_row_number(text, rows_ + 1);
  if (may_have_commas_) add_comma(text, quoted);
  cells_.add(text, quoted, rows_);
  may_have_commas_ = may_have_commas_ && (pointed_ ? !pointed_->has_others() : !cells_.has_others());
  ++rows_;
}

/// @pre cells_ has not seen this cell
void ColumnLook::add_comma(std::string_view text, bool quoted) {
  const auto number = quoted ? std::nullopt : with_point(text);
  if (number && !pointed_) {
    pointed_ = cells_;
    comma_ = {rows_, std::string(text)};
  }
  if (!number && !point_ && text.find('.') != std::string_view::npos) point_ = {rows_, std::string(text)};
  if (pointed_) pointed_->add(number ? std::string_view(*number) : text, quoted, rows_);
}

const CellsLook* ColumnLook::with_points() const {
  if (!may_have_commas_ || !pointed_) return nullptr;
  if (!point_) return &*pointed_;
  const auto [earlier, later] =
      std::minmax(*point_, *comma_, [](const Example& a, const Example& b) { return a.row < b.row; });
  throw BadCell(later.row, fmt::format("has `{}` and `{}`, a decimal point and a decimal comma: write one of them, or "
                                       "say type = \"string\" to take both as they are",
                                       earlier.text, later.text));
}

std::optional<std::string> with_point(std::string_view cell) {
  const std::size_t comma = cell.find(',');
  if (comma == std::string_view::npos || comma + 1 == cell.size() || !is_decimal_digit(cell[comma + 1])) return {};
  if (cell.find_first_not_of("+-0123456789eE,") != std::string_view::npos) return {};
  std::string number(cell);
  number[comma] = '.';
  return text::parse_double(number) ? std::optional(number) : std::nullopt;
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
