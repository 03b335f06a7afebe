#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "windrow/design/design.hpp"

namespace [[gnu::visibility("default")]] windrow {

/// How a table is read where it does not follow from the file itself.
struct TableOptions {
  /// Between columns: ',', ';', '\t', any other character, or ' ' for any run of blanks and tabs. None: what the header
  /// and the first rows agree on.
  std::optional<char> separator{};
  /// Begins a line that is no row; '\0': all lines are rows.
  char comment = '#';
  /// The columns that are parameters, by their header; empty: all.
  std::vector<std::string> columns{};
  /// Parameters whose column has another header, as ("k", "flow rate (m3/s)"). What the header has in brackets at its
  /// end is the parameter's unit.
  std::vector<std::pair<std::string, std::string>> names{};
  /// Columns that are no parameters, by their header: whatever they hold, it changes no point.
  std::vector<std::string> ignore{};
  /// Columns that are no parameters if the table is one that windrow has exported: outputs of the present study.
  std::vector<std::string> outputs{};
};

/// The rows of a text file, a column a parameter, named by the header.
///
/// The file may be UTF-8, UTF-16 (with its mark) or Latin-1 (Windows-1252); lines may end as on any system. Cells may
/// be in quotes; blanks around them do not count. Comments, rows without any cell, and columns at the right without any
/// are left out; so are an unnamed first column that numbers the rows (pandas, R), and in what windrow has exported the
/// columns `index` and `status`. A header that is a comment (numpy.savetxt) counts if the first row has numbers only.
///
/// All values of a column are of one kind: integers if every cell is one, else numbers, else truth values (`true`,
/// `false`), else texts. A column with a cell in quotes or with a leading zero (0012), or with a whole number that
/// would lose digits, is of texts, unless its annotation has a type. Numbers keep their spelling where they go into
/// programs. Where columns are not separated by commas, a column may have decimal commas. What was taken so, and might
/// have been meant otherwise, is in Design::notes().
/// @param annotations  units, descriptions and types by name: each must be a column; their sources are ignored
/// @throws SpecError naming file and line, for what cannot be read, a ragged row, a doubled or invalid column name, an
///         empty cell among numbers or truth values, a file without rows, and for what might mean two things
Design table(const std::string& path, const TableOptions& options, const std::vector<Parameter>& annotations = {},
             std::uint64_t seed = 0);

}  // namespace windrow
