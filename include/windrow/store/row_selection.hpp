#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "windrow/store/nested.hpp"

/// Rows of results that a condition chooses, with some of their columns, in an order of their own.
namespace [[gnu::visibility("default")]] windrow {

struct RowSelection {
  /// Names, in the order in which the columns are given. None: all, as export_csv() has them.
  std::vector<std::string> columns = {};
  /// An expression of any columns, as in derived(): `drag > 2 && status == 'ok'`. A row with a missing value that the
  /// expression uses is left out, whatever it says. Empty: all rows.
  std::string where = {};
  /// The name of a column, after `-` for the largest first. Numbers are less than texts; what is missing comes last.
  /// Equal values stay in the order of export_csv(). Empty: all are.
  std::string sort = {};

  bool is_all() const { return columns.empty() && where.empty() && sort.empty(); }
};

enum class ColumnRole { loop, index, parameter, output, status };
/// "loop", "index", "parameter", "output", "status"
const char* name_of(ColumnRole role);

struct SelectedColumn {
  ColumnRole role;
  std::size_t place;  ///< among those of its role
  Column column;
};

/// A value of a row.
struct SelectedCell {
  const Value* value;  ///< null: the row's store has no such column
  bool is_missing;     ///< there is no value: also NaN, and an output of a failed point
};

/// A row. Valid while it is visited.
struct SelectedRow {
  const NestedRow& row;
  const std::vector<SelectedCell>& cells;  ///< by SelectedRows::columns()
};

/// The rows that are selected of one store, or of several that are read as one table.
class SelectedRows {
 public:
  /// @param results  must stay where it is
  /// @throws SpecError for a name that is no column, or stands twice; an expression that cannot be read, is a text or
  ///         uses an array; and an array to sort by
  SelectedRows(const NestedReader& results, const RowSelection& selection);
  ~SelectedRows();
  SelectedRows(SelectedRows&&) noexcept;
  SelectedRows& operator=(SelectedRows&&) noexcept;

  const std::vector<SelectedColumn>& columns() const;

  /// Makes a text of each row, in any order, and hands over the texts in the order of the selection until `take`
  /// returns false, at most `most` of them. Memory does not grow with their number: to sort them, SQLite keeps the
  /// texts in a temporary file.
  /// @return of how many rows the selection is
  /// @throws StoreError as NestedReader::for_each(), and if there is no room for the temporary file
  std::uint64_t for_each_text(const std::function<std::string(const SelectedRow&)>& make,
                              const std::function<bool(std::string_view)>& take,
                              std::uint64_t most = std::numeric_limits<std::uint64_t>::max()) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace windrow
