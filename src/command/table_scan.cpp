#include "table_scan.hpp"

#include <fmt/format.h>

#include "bad_output.hpp"
#include "windrow/base/text.hpp"
#include "windrow/error.hpp"

namespace windrow::detail {

TableScan::TableScan(const TableSource& source, bool numbers)
    : table_({source.column}, numbers), column_(source.column), row_(source.row), wanted_(source.table) {}

bool TableScan::take(std::string_view line) {
  TextTable::Line kind{};
  try {
    kind = table_.take(line);
  } catch (const SpecError& error) {
    problem_ = error.what();
    return false;
  }
  if (kind == TextTable::Line::other) return true;
  if (kind == TextTable::Line::first_row) {
    if (wanted_ && tables_ == *wanted_) return false;
    ++tables_;
    rows_ = 0;
    cell_.reset();
  }
  if (!wanted_ || tables_ == *wanted_) {
    if (!row_ || rows_ == *row_) cell_ = table_.cells().front();
    ++rows_;
  }
  return true;
}

const std::string& TableScan::cell(const std::string& file) const {
  if (!problem_.empty()) throw BadOutput(fmt::format("in {}, {}", file, problem_));
  if (cell_) return *cell_;
  if (tables_ == 0) throw MissingOutput(fmt::format("in {}, {}", file, table_.why_none()));
  if (wanted_ && tables_ < *wanted_) {
    throw MissingOutput(
        fmt::format("{} has {} with `{}`, not {}", file, text::counted(tables_, "table"), column_, *wanted_));
  }
  throw MissingOutput(
      fmt::format("there is no row {} in the table of `{}` in {}: it has {}", *row_, column_, file, rows_));
}

}  // namespace windrow::detail
