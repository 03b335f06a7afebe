#include <algorithm>
#include <string>

#include "design/equal_rows.hpp"
#include "design/kernel.hpp"
#include "design/table_cells.hpp"
#include "windrow/base/hash.hpp"

namespace windrow::detail {
namespace {

void append_value(std::string& bytes, const Value& value) {
  bytes += static_cast<char>(value.variant().index());
  bytes += value.written();
  bytes += '\0';
}

bool is_same(const Value& a, const Value& b) {
  return a == b && a.written() == b.written();
}

}  // namespace

bool are_same_values(const std::vector<Value>& a, const std::vector<Value>& b) {
  return std::ranges::equal(a, b, is_same);
}

Hash128 hash_of_values(const std::vector<Value>& values) {
  std::string bytes;
  for (const Value& value : values) append_value(bytes, value);
  return hash128(bytes);
}

namespace {

bool are_same_rows(const std::vector<Parameter>& parameters, std::uint64_t a, std::uint64_t b) {
  return std::ranges::all_of(parameters, [&](const Parameter& p) { return is_same(p.level(a), p.level(b)); });
}

Hash128 hash_of_row(const std::vector<Parameter>& parameters, std::uint64_t row, std::string& bytes) {
  bytes.clear();
  for (const Parameter& parameter : parameters) append_value(bytes, parameter.level(row));
  return hash128(bytes);
}

/// Levels of a range differ, unless it has no length.
bool may_repeat(const Parameter& parameter) {
  return parameter.is_listed() || (parameter.level_count() > 1 && is_same(parameter.level(0), parameter.level(1)));
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

EqualFactor equal_levels(const std::vector<Parameter>& together) {
  EqualFactor factor{together.front().level_count(), {}};
  if (!std::ranges::all_of(together, may_repeat)) return factor;
  return equal_factor(factor.count, equal_rows(together, factor.count));
}

EqualFactor equal_factor(std::uint64_t count, const std::vector<EqualPoint>& equal) {
  EqualFactor factor{count, {}};
  if (equal.empty()) return factor;
  factor.first.resize(count);
  for (std::uint64_t i = 0; i < count; ++i) factor.first[i] = i;
  for (const EqualPoint& one : equal) factor.first[one.index] = one.first;
  return factor;
}

std::vector<EqualPoint> equal_combinations(const std::vector<Parameter>& parameters, std::uint64_t /*size*/) {
  std::vector<EqualFactor> factors;
  for (const Parameter& parameter : parameters) factors.push_back(equal_levels({parameter}));
  return equal_products(factors);
}

std::vector<EqualPoint> equal_products(const std::vector<EqualFactor>& factors) {
  std::vector<EqualPoint> equal;
  if (std::ranges::all_of(factors, [](const EqualFactor& factor) { return factor.first.empty(); })) return equal;
  std::uint64_t size = 1;
  for (const EqualFactor& factor : factors) size *= factor.count;
  for (std::uint64_t index = 0; index < size; ++index) {
    std::uint64_t first = 0, rest = index, weight = 1;
    for (std::size_t i = factors.size(); i-- > 0;) {
      const EqualFactor& factor = factors[i];
      const std::uint64_t level = rest % factor.count;
      first += weight * (factor.first.empty() ? level : factor.first[level]);
      rest /= factor.count;
      weight *= factor.count;
    }
    if (first != index) equal.push_back({first, index});
  }
  std::ranges::sort(equal);
  return equal;
}

}  // namespace windrow::detail
