#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "row_hash.hpp"
#include "sqlite.hpp"
#include "sums.hpp"
#include "windrow/store/export.hpp"

namespace windrow::detail {

/// Rows of `results` as lines of CSV, each checked against its checksum. What Record and Value would say of a row is
/// written as SQLite gives it, without one of them: a table of a million rows takes half a second less.
class ResultLines {
 public:
  /// @param identity  must stay where it is
  /// @param whole_ranges  by parameter: its numbers are written without a point
  ResultLines(Connection& connection, const StudyIdentity& identity, const std::vector<bool>& whole_ranges,
              CsvBytes bytes);

  /// Appends the lines of points from `first` on, as many as there are, or a page of them.
  /// @param total  gets what the rows add up to
  /// @return where to go on; nothing after the last
  /// @throws StoreError that names the point, if its row is not as it was written; and if rows are not in their order
  std::optional<std::uint64_t> read_page(std::uint64_t first, std::string& lines, Total& total);

 private:
  enum class Form { real, whole, word, array, untyped };  // real: whole numbers have a point
  struct Written {
    Form form;
    bool boolean;
    const std::string* name;  // of an array
  };

  std::uint64_t read_row(std::string& lines, Total& total);
  void check(std::uint64_t index, Total& total);
  void add_value(std::string& lines, const Written& column, const Statement::Value& value) const;
  void add_output(std::string& lines, const Written& column, const Statement::Value& value, std::uint64_t index) const;
  void add_text(std::string& lines, std::string_view text) const;

  std::filesystem::path file_;
  bool escaped_;
  bool has_sums_;
  std::int64_t salt_ = 0;
  std::size_t parameters_;
  std::vector<Written> written_;          // parameters, then outputs
  std::vector<Statement::Value> values_;  // of a row, as they are selected
  std::size_t page_;
  std::optional<std::uint64_t> last_;  // index that was read
  std::optional<Statement> select_;
  RowHash hash_{0};
};

}  // namespace windrow::detail
