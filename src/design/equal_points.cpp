#include <algorithm>
#include <string>

#include "design/equal_rows.hpp"
#include "design/kernel.hpp"
#include "design/table_cells.hpp"
#include "windrow/base/hash.hpp"

namespace windrow::detail {
namespace {

bool is_same(const Value& a, const Value& b) {
  return a == b && a.written() == b.written();
}

bool are_same_rows(const std::vector<Parameter>& parameters, std::uint64_t a, std::uint64_t b) {
  return std::ranges::all_of(parameters, [&](const Parameter& p) { return is_same(p.level(a), p.level(b)); });
}

Hash128 hash_of_row(const std::vector<Parameter>& parameters, std::uint64_t row, std::string& bytes) {
  bytes.clear();
  for (const Parameter& parameter : parameters) {
    const Value value = parameter.level(row);
    bytes += static_cast<char>(value.variant().index());
    bytes += value.written();
    bytes += '\0';
  }
  return hash128(bytes);
}

/// For each level the first that is the same; empty if none is there twice.
std::vector<std::uint64_t> first_levels(const Parameter& parameter) {
  const std::uint64_t count = parameter.level_count();
  // Levels of a range differ, unless it has no length.
  const bool may_repeat = parameter.is_listed() || (count > 1 && is_same(parameter.level(0), parameter.level(1)));
  if (!may_repeat) return {};
  std::vector<std::uint64_t> first(count);
  for (std::uint64_t level = 0; level < count; ++level) first[level] = level;
  const std::vector<EqualPoint> equal = equal_rows({parameter}, count);
  for (const EqualPoint& level : equal) first[level.index] = level.first;
  return equal.empty() ? std::vector<std::uint64_t>() : first;
}

/// Of columns of one table, and that table; null if they are not.
const TableCells* table_of(const std::vector<Parameter>& parameters, std::vector<std::size_t>& columns) {
  const TableCells* table = nullptr;
  for (const Parameter& parameter : parameters) {
    const auto* column = std::get_if<TableColumn>(&parameter.source());
    if (column == nullptr || (table != nullptr && table != column->cells.get())) return nullptr;
    table = column->cells.get();
    columns.push_back(column->column);
  }
  return table;
}

}  // namespace

std::vector<EqualPoint> equal_rows(const std::vector<Parameter>& parameters, std::uint64_t rows) {
  std::vector<std::size_t> columns;
  if (const TableCells* table = table_of(parameters, columns)) return table->equal_rows(columns);
  const auto make_hash = [&parameters] {
    return
        [&parameters, bytes = std::string()](std::uint64_t row) mutable { return hash_of_row(parameters, row, bytes); };
  };
  return equal_among(rows, make_hash,
                     [&](std::uint64_t a, std::uint64_t b) { return are_same_rows(parameters, a, b); });
}

std::vector<EqualPoint> equal_combinations(const std::vector<Parameter>& parameters, std::uint64_t size) {
  std::vector<std::vector<std::uint64_t>> first_of;
  for (const Parameter& parameter : parameters) first_of.push_back(first_levels(parameter));
  std::vector<EqualPoint> equal;
  if (std::ranges::all_of(first_of, &std::vector<std::uint64_t>::empty)) return equal;
  for (std::uint64_t index = 0; index < size; ++index) {
    std::uint64_t first = 0, rest = index, weight = 1;
    for (std::size_t i = parameters.size(); i-- > 0;) {
      const std::uint64_t count = parameters[i].level_count();
      const std::uint64_t level = rest % count;
      first += weight * (first_of[i].empty() ? level : first_of[i][level]);
      rest /= count;
      weight *= count;
    }
    if (first != index) equal.push_back({first, index});
  }
  std::ranges::sort(equal);
  return equal;
}

}  // namespace windrow::detail
