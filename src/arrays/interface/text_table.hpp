#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace windrow::detail {

/// Finds the tables of a text that have certain columns, as programs print them: a line with the columns' names, which
/// may be a comment, and rows of as many words below it.
///
/// - Words are separated by commas, semicolons or tabs alone (then a name may hold blanks), where header and rows are,
///   else by any of these, blanks and bars. What is "in quotes" is one word.
/// - Comments begin with #, %, ! or //. Those below the header, lines of dashes, blank lines and warnings are passed
///   over. So is one line of units between header and rows; units in brackets beside the names do not count as names.
/// - If rows have one word more than the header, as R writes them, the first is the name of the row.
/// - A table ends at the next header, at any other line that is no row, and with the text. A header that is repeated
///   right below a row ends nothing.
class TextTable {
 public:
  /// What a line is. A header is known as one by the first row below it.
  enum class Line { other, first_row, row };

  /// @param columns  names, at least one
  /// @param numbers  their cells are numbers: what else stands there is no row
  TextTable(std::vector<std::string> columns, bool numbers);

  /// The next line of the text, without its end.
  /// @throws SpecError for a row that cannot be right: one of numbers alone with more or fewer than the header has
  /// names,
  ///                   or one without a number where one should be
  Line take(std::string_view line);
  /// Of the row that was taken last: its cells in these columns. They live as long as the line.
  const std::vector<std::string_view>& cells() const { return cells_; }
  /// Why there is no table, so far: "no line names the column `CL`".
  std::string why_none() const;

 private:
  /// One way to see a header and its rows.
  struct Layout {
    char separator = ' ';  ///< any of them; or one of `,;\t` alone
    std::size_t words = 0;
    std::vector<std::size_t> positions;  ///< of the columns among the words
  };

  bool take_header(std::string_view line, bool is_comment);
  void add_layouts(std::string_view line, char separator, bool is_comment);
  bool find_columns(Layout& layout) const;
  bool take_first_row(std::string_view line);
  bool split_row(std::string_view line);
  Line take_further_row(std::string_view line);
  void drop_header(std::string_view line);
  bool has_numbers(const Layout& layout) const;
  void set_cells();
  void note_columns(std::string_view line);

  std::vector<std::string> columns_;
  bool numbers_;
  std::vector<std::string_view> words_;  // of the present line
  std::vector<std::string_view> cells_;

  std::vector<Layout> layouts_;  // of a header of which no row is known yet; none: there is none
  std::string header_;           // its text
  std::size_t lines_below_ = 0;  // that were no rows

  bool in_table_ = false;
  Layout table_;                     // whose rows are read
  std::vector<Layout> row_layouts_;  // that its rows may have
  std::string table_header_;         // its text
  bool numbers_first_ = false;       // its rows begin with a number
  bool interrupted_ = false;         // there was a blank line or a comment since the last row

  std::string mismatch_;             // of a header below which there is no row
  std::vector<std::string> before_;  // words of the line before, while there is no table
  std::vector<std::string> others_;  // columns of a table without those asked for
  std::size_t noted_ = 0;            // lines that were looked at for it
};

}  // namespace windrow::detail
