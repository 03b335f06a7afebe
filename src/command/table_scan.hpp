#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "arrays/interface/text_table.hpp"
#include "text_scan.hpp"
#include "windrow/command/command.hpp"

namespace windrow::detail {

/// Finds a cell in a table of a text.
class TableScan : public LineScanner {
 public:
  /// @param numbers  the column has numbers
  TableScan(const TableSource& source, bool numbers);

  /// @param file  what messages call the text
  /// @throws MissingOutput if there is no such column, table or row; BadOutput for a row that cannot be right
  const std::string& cell(const std::string& file) const;
  bool has_table() const { return tables_ > 0 || !problem_.empty(); }

 private:
  bool take(std::string_view line) override;

  TextTable table_;
  std::string column_;
  std::optional<std::uint64_t> row_;
  WhichOne wanted_;
  std::uint64_t tables_ = 0;
  std::uint64_t rows_ = 0;  // of the table that is read
  std::optional<std::string> cell_;
  std::string problem_;
};

}  // namespace windrow::detail
