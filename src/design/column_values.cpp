#include "design/column_values.hpp"

#include <algorithm>

#include "windrow/base/text.hpp"

namespace windrow::detail {
namespace {

std::string_view without_blanks(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(" \t");
  return begin == std::string_view::npos ? "" : text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

/// "0012", "-007", "00.5"; not "0", "0.5", "0e1".
bool is_code(std::string_view text) {
  text = without_blanks(text);
  if (text.starts_with('-') || text.starts_with('+')) text.remove_prefix(1);
  return text.size() > 1 && text[0] == '0' && text[1] >= '0' && text[1] <= '9';
}

bool is_text(const Cell& cell) {
  return (cell.quoted && !cell.text.empty()) || is_code(cell.text);
}

std::optional<Value> as_integer(std::string_view text) {
  const auto whole = text::parse_integer(text);
  return whole ? std::optional(Value(*whole).spelled(text)) : std::nullopt;
}

std::optional<Value> as_number(std::string_view text) {
  const auto number = text::parse_double(text);
  if (!number || text::is_rounded_whole(text)) return {};
  return Value(*number).spelled(text);
}

std::optional<Value> as_truth(std::string_view text) {
  if (text == "true") return Value(true);
  if (text == "false") return Value(false);
  return {};
}

/// Every cell as `parse` reads it, or none if one cell (an empty one aside) is something else.
template <typename Parse>
std::optional<std::vector<Value>> read_all(const std::vector<Cell>& cells, const Parse& parse) {
  std::vector<Value> values;
  values.reserve(cells.size());
  for (const Cell& cell : cells) {
    if (cell.text.empty()) continue;
    const auto value = parse(without_blanks(cell.text));
    if (!value) return {};
    values.push_back(*value);
  }
  if (values.empty()) return {};
  return values;
}

void check_none_empty(const std::vector<Cell>& cells, std::string_view others) {
  const auto empty = std::find_if(cells.begin(), cells.end(), [](const Cell& cell) { return cell.text.empty(); });
  if (empty == cells.end()) return;
  throw BadCell(static_cast<std::size_t>(empty - cells.begin()),
                "is empty here; its other values are " + std::string(others));
}

std::vector<Value> texts(const std::vector<Cell>& cells) {
  std::vector<Value> values;
  values.reserve(cells.size());
  for (const Cell& cell : cells) values.emplace_back(cell.text);
  return values;
}

std::vector<Value> of_type(const std::vector<Cell>& cells, ValueType type) {
  std::vector<Value> values;
  values.reserve(cells.size());
  for (const Cell& cell : cells) {
    try {
      if (cell.text.empty()) throw SpecError("is empty here; it is of the type " + std::string(name_of(type)));
      values.push_back(parse_as(cell.text, type));
    } catch (const SpecError& error) {
      throw BadCell(values.size(),
                    (cell.text.empty() ? "" : "holds a cell that does not fit: ") + std::string(error.what()));
    }
  }
  return values;
}

}  // namespace

std::vector<Value> column_values(const std::vector<Cell>& cells, std::optional<ValueType> type) {
  if (type == ValueType::string || (!type && std::any_of(cells.begin(), cells.end(), is_text))) return texts(cells);
  if (type) return of_type(cells, *type);
  auto values = read_all(cells, as_integer);
  if (!values) values = read_all(cells, as_number);
  if (!values) values = read_all(cells, as_truth);
  if (!values) return texts(cells);
  check_none_empty(cells, values->front().is_number() ? "numbers (nan is one)" : "true or false");
  return std::move(*values);
}

}  // namespace windrow::detail
