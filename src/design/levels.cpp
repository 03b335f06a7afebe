#include "design/interface/levels.hpp"

#include <set>
#include <string>
#include <string_view>

#include "design/table_cells.hpp"

namespace windrow::detail {

std::vector<Value> different_levels(const Parameter& parameter, std::size_t most) {
  const auto* column = std::get_if<TableColumn>(&parameter.source());
  if (column != nullptr) return column->cells->different(column->column, most);
  std::vector<Value> values;
  std::set<std::string> seen;
  const std::uint64_t levels = parameter.has_levels() ? parameter.level_count() : 0;
  for (std::uint64_t i = 0; i < levels && values.size() < most; ++i) {
    Value value = parameter.level(i);
    if (seen.insert(value.identity_text()).second) values.push_back(std::move(value));
  }
  return values;
}

bool may_contain(const Parameter& parameter, char character) {
  const auto type = parameter.type_of_values();
  const auto* column = std::get_if<TableColumn>(&parameter.source());
  if (type == ValueType::number || type == ValueType::integer) {
    return std::string_view("+-.0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ").find(character) !=
           std::string_view::npos;
  }
  return column == nullptr || column->cells->text_contains(character);
}

}  // namespace windrow::detail
