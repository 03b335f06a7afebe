#include "design/column_values.hpp"

#include <algorithm>
#include <charconv>

#include "design/column_look.hpp"
#include "windrow/base/text.hpp"
#include "windrow/error.hpp"

namespace windrow::detail {
namespace {

/// Whether it says what stands in the text. (There are no blanks around such cells.)
bool stands_as_it_is(const Cell& cell, const ColumnForm& form) {
  return !cell.quoted && !form.has_decimal_commas;
}

/// What the cell says, with a point for a comma.
std::string_view said_by(const Cell& cell, const ColumnForm& form, TextRoom& room) {
  const std::string_view text = cell.text(room.cell);
  if (!form.has_decimal_commas || cell.quoted) return text;
  auto number = with_point(text);
  if (!number) return text;
  room.cell = *std::move(number);
  return room.cell;
}

Value typed_value(std::string_view text, ValueType type) {
  if (text.empty() && type != ValueType::string) {
    throw SpecError("is empty here; it is of the type " + std::string(name_of(type)));
  }
  try {
    return parse_as(text, type);
  } catch (const SpecError& error) {
    throw SpecError("holds a cell that does not fit: " + std::string(error.what()));
  }
}

/// Whether a plain number is written as text::render() writes it: without zeros that say nothing, and not so long that
/// an exponent would be shorter. (No two numbers of 15 digits are one double, so no shorter text can be the same.)
bool is_rendered(std::string_view number, PlainNumber plain) {
  constexpr std::size_t kFewZeros = 3;
  if (number.starts_with('-')) number.remove_prefix(1);
  const std::size_t whole = std::min(number.find('.'), number.size());
  const bool below_one = number[0] == '0';
  if (below_one && whole > 1) return false;
  if (plain == PlainNumber::whole) {
    const std::size_t last = number.find_last_not_of('0');
    return below_one || number.size() - 1 - last <= kFewZeros;
  }
  return number.back() != '0' && !(below_one && number.substr(whole + 1).starts_with("00"));
}

std::string_view rendered(double number, std::string& room) {
  room = text::render(number);
  return room;
}

}  // namespace

Value value_of(const Cell& cell, const ColumnForm& form, TextRoom& room) {
  std::string_view text = said_by(cell, form, room);
  if (form.is_typed) return typed_value(text, form.type);
  if (form.type == ValueType::string) return text;
  text = without_blanks(text);
  if (form.type == ValueType::integer) return Value(text::parse_integer(text).value_or(0)).spelled(text);
  if (form.type == ValueType::number) return Value(text::parse_double(text).value_or(0.0)).spelled(text);
  return Value(text == "true");
}

std::string_view written_text_of(const Cell& cell, const ColumnForm& form, TextRoom& room) {
  if (form.is_typed && form.type != ValueType::string) {
    room.text = value_of(cell, form, room).written();
    return room.text;
  }
  if (stands_as_it_is(cell, form)) return cell.raw;
  const std::string_view text = said_by(cell, form, room);
  return form.type == ValueType::string ? text : without_blanks(text);
}

std::string_view identity_text_of(const Cell& cell, const ColumnForm& form, TextRoom& room) {
  if (form.type == ValueType::string) return stands_as_it_is(cell, form) ? cell.raw : said_by(cell, form, room);
  if (!form.is_typed) {
    const std::string_view text = stands_as_it_is(cell, form) ? cell.raw : without_blanks(said_by(cell, form, room));
    if (form.type == ValueType::boolean) return text;
    const PlainNumber plain = plain_number(text);
    const bool is_whole_zero = form.type == ValueType::integer && text.starts_with("-0");
    if (plain != PlainNumber::none && !is_whole_zero) {
      if (form.type == ValueType::integer && (text.size() == 1 || text[0] != '0')) return text;
      if (form.type == ValueType::number && is_rendered(text, plain)) return text;
    }
    if (form.type == ValueType::number) return rendered(text::parse_double(text).value_or(0.0), room.text);
  }
  room.text = value_of(cell, form, room).identity_text();
  return room.text;
}

}  // namespace windrow::detail
