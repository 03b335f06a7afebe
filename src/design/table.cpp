#include "windrow/design/table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <map>
#include <optional>
#include <set>
#include <sstream>
#include <system_error>

#include "design/column_look.hpp"
#include "design/interface/table.hpp"
#include "design/kernel.hpp"
#include "design/table_text.hpp"
#include "windrow/base/csv.hpp"
#include "windrow/base/files.hpp"
#include "windrow/base/hash.hpp"
#include "windrow/base/text.hpp"
#include "windrow/error.hpp"

namespace windrow {
namespace {

using detail::Cell;

/// A column of a table as it stands in the file.
struct CellColumn {
  std::string header;
  std::vector<Cell> cells{};
  std::string name{};  ///< of the parameter
  std::string unit{};
};

/// A line that is a comment, but might be a row whose first cell begins so.
struct DoubtfulComment {
  std::size_t line;
  std::string cell;
};

/// A table as it stands in the file.
struct CellTable {
  std::vector<CellColumn> columns;
  std::vector<std::size_t> lines;  ///< of the rows
  std::size_t header_line = 0;
  std::uint64_t comments = 0, empty_rows = 0;  ///< below the header
  std::vector<DoubtfulComment> doubtful;
};

std::string counted_fields(std::size_t count, const char* what) {
  return fmt::format("{} {}{}", count, what, count == 1 ? "" : "s");
}

/// A text as in a study file.
std::string in_toml(const std::string& text) {
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') quoted += '\\';
    quoted += c;
  }
  return quoted + '"';
}

std::string trimmed(const std::string& text) {
  const std::size_t begin = text.find_first_not_of(" \t");
  return begin == std::string::npos ? "" : text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

class CellReader {
 public:
  CellReader(const std::string& text, std::string path, csv::Dialect dialect)
      : in_(text), path_(std::move(path)), dialect_(dialect), reader_(in_, path_, dialect) {}

  CellTable read() {
    std::vector<std::string> fields;
    read_header(fields);
    while (reader_.next(fields)) add_row(fields);
    return std::move(table_);
  }

 private:
  [[noreturn]] void fail(const std::string& message) const {
    throw SpecError(fmt::format("{}:{}: {}", path_, reader_.line(), message));
  }

  /// The fields of a comment, less its mark.
  std::vector<std::string> fields_of(const std::string& comment) const {
    std::istringstream in(comment.substr(comment.find(dialect_.comment) + 1));
    csv::Dialect dialect = dialect_;
    dialect.comment = '\0';
    std::vector<std::string> fields;
    try {
      csv::Reader(in, path_, dialect).next(fields);
    } catch (const SpecError&) {
      fields.clear();  // quotes mean nothing in a comment
    }
    return fields;
  }

  void read_header(std::vector<std::string>& fields) {
    std::vector<std::string> comment;
    std::size_t comment_line = 0;
    bool found = false;
    while ((found = reader_.next(fields)) && reader_.is_comment()) {
      comment = fields_of(fields[0]);
      comment_line = reader_.line();
    }
    if (!found) throw SpecError(path_ + ": the file is empty; its first line must name the columns");
    const bool all_numbers =
        std::ranges::all_of(fields, [](const std::string& field) { return text::parse_double(field).has_value(); });
    const bool named_by_comment = all_numbers && comment.size() == fields.size();
    if (all_numbers && !named_by_comment) fail("the first line must name the columns, but it holds numbers alone");
    table_.header_line = named_by_comment ? comment_line : reader_.line();
    for (const std::string& header : named_by_comment ? comment : fields) {
      table_.columns.push_back({trimmed(header)});
    }
    if (named_by_comment) add_row(fields);
  }

  void add_row(std::vector<std::string>& fields) {
    std::vector<CellColumn>& columns = table_.columns;
    if (reader_.is_comment()) return add_comment(fields[0]);
    while (fields.size() > columns.size() && fields.back().empty()) fields.pop_back();
    bool is_empty = true;
    for (std::size_t i = 0; i < fields.size(); ++i) is_empty = is_empty && fields[i].empty() && !reader_.was_quoted(i);
    if (is_empty && columns.size() > 1) {  // what spreadsheets leave behind
      ++table_.empty_rows;
      return;
    }
    if (fields.size() != columns.size()) {
      fail(fmt::format("the row has {}, but the header names {}", counted_fields(fields.size(), "field"),
                       counted_fields(columns.size(), "column")));
    }
    for (std::size_t i = 0; i < fields.size(); ++i) {
      columns[i].cells.push_back({std::move(fields[i]), reader_.was_quoted(i)});
    }
    table_.lines.push_back(reader_.line());
  }

  void add_comment(const std::string& line) {
    ++table_.comments;
    const std::size_t behind = line.find(dialect_.comment) + 1;
    const bool is_word =
        behind < line.size() && line[behind] != ' ' && line[behind] != '\t' && line[behind] != dialect_.comment;
    if (!is_word) return;
    std::vector<std::string> fields = fields_of(line);
    if (fields.size() == table_.columns.size()) table_.doubtful.push_back({reader_.line(), fields[0]});
  }

  std::istringstream in_;
  std::string path_;
  csv::Dialect dialect_;
  csv::Reader reader_;
  CellTable table_;
};

CellTable read_cells(const std::string& text, const std::string& path, csv::Dialect dialect) {
  CellTable table = CellReader(text, path, dialect).read();
  if (table.lines.empty() && !table.doubtful.empty()) {  // then these lines are the rows
    dialect.comment = '\0';
    return CellReader(text, path, dialect).read();
  }
  if (table.lines.empty()) throw SpecError(path + ": there is no row below the header");
  return table;
}

/// A row of numbers that has been put out of use is one thing, a colour `#ff0000` among others another.
void refuse_doubtful_comments(const CellTable& table, const std::string& path, char comment) {
  if (table.doubtful.empty()) return;
  const auto is_number = [](const Cell& cell) { return text::parse_double(cell.text).has_value(); };
  if (std::ranges::all_of(table.columns.front().cells, is_number)) return;
  const DoubtfulComment& first = table.doubtful.front();
  throw SpecError(
      fmt::format("{0}:{1}: is this a comment, or a row that begins with the cell `{2}{3}`? Put a blank behind the "
                  "`{2}` of a comment, "
                  "or quotes around such cells; or say comment = \"\" if the table has no comments",
                  path, first.line, comment, first.cell));
}

/// "m3/s" of "flow rate (m3/s)" or "flow rate [m3/s]".
std::string unit_of(const std::string& header) {
  for (const char* brackets : {"()", "[]"}) {
    const std::size_t open = header.rfind(brackets[0]);
    if (header.ends_with(brackets[1]) && open != std::string::npos) {
      return trimmed(header.substr(open + 1, header.size() - open - 2));
    }
  }
  return "";
}

/// A name for what cannot be one: "flow_rate" for "flow rate (m3/s)".
std::string possible_name(const std::string& header) {
  const std::size_t bracket = header.find_first_of("([");
  std::string name;
  for (const char c : trimmed(bracket == 0 ? header : header.substr(0, bracket))) {
    const bool usable = detail::is_identifier(name + c);
    if (usable) name += c;
    if (!usable && !name.empty() && name.back() != '_') name += '_';
  }
  while (name.ends_with('_')) name.pop_back();
  return name.empty() ? "x" : name == "index" || name == "status" || name == "seed" ? name + "_" : name;
}

/// Which columns are parameters, and how they are called.
class ColumnChoice {
 public:
  ColumnChoice(CellTable& table, const TableOptions& options, const std::string& path, std::vector<std::string>& notes)
      : table_(table), options_(options), path_(path), notes_(notes) {}

  void apply() {
    for (CellColumn& column : table_.columns) column.name = column.header;
    drop_unnamed();
    name_columns();
    ignore_columns();
    if (!options_.columns.empty()) {
      for (const std::string& header : options_.columns) require(header, "columns");
      drop([&](const CellColumn& column) { return !names(column) && !lists(options_.columns, column.header); });
    }
    drop_what_windrow_adds();
    if (table_.columns.empty()) throw SpecError(path_ + ": no column is left to be a parameter");
    check_names();
  }

 private:
  static bool lists(const std::vector<std::string>& headers, const std::string& header) {
    return std::ranges::find(headers, header) != headers.end();
  }
  bool names(const CellColumn& column) const {
    return std::ranges::find(options_.names, column.header, &std::pair<std::string, std::string>::second) !=
           options_.names.end();
  }
  template <typename Which>
  void drop(const Which& which) {
    std::erase_if(table_.columns, which);
  }

  CellColumn& require(const std::string& header, const char* option) {
    const auto found = std::ranges::find(table_.columns, trimmed(header), &CellColumn::header);
    if (found != table_.columns.end()) return *found;
    std::vector<std::string> headers;
    for (const CellColumn& column : table_.columns) headers.push_back(column.header);
    throw detail::BadTableOption(option, fmt::format("{}:{}: there is no column `{}`{}", path_, table_.header_line,
                                                     header, text::suggestion(header, headers)));
  }

  /// Columns at the right without any cell, and a first one that numbers the rows.
  void drop_unnamed() {
    std::vector<CellColumn>& columns = table_.columns;
    const auto is_empty = [](const CellColumn& column) {
      return column.header.empty() &&
             std::ranges::all_of(column.cells, [](const Cell& cell) { return cell.text.empty(); });
    };
    while (columns.size() > 1 && is_empty(columns.back())) columns.pop_back();
    if (columns.size() < 2 || !columns.front().header.empty() || !numbers_rows(columns.front())) return;
    notes_.push_back(path_ + ": the first column, without a name, numbers the rows and is no parameter");
    columns.erase(columns.begin());
  }

  static bool numbers_rows(const CellColumn& column) {
    const auto counts_from = [&](std::size_t first) {
      for (std::size_t row = 0; row < column.cells.size(); ++row) {
        if (column.cells[row].text != std::to_string(first + row)) return false;
      }
      return true;
    };
    return counts_from(0) || counts_from(1);
  }

  void name_columns() {
    std::set<const CellColumn*> named;
    for (const auto& [name, header] : options_.names) {
      CellColumn& column = require(header, "columns");
      if (!named.insert(&column).second) {
        throw detail::BadTableOption("columns", fmt::format("two parameters are to be the column `{}`", header));
      }
      column.name = name;
      column.unit = unit_of(header);
    }
  }

  void ignore_columns() {
    for (const std::string& header : options_.ignore) {
      if (!names(require(header, "ignore"))) continue;
      throw detail::BadTableOption("ignore",
                                   fmt::format("column `{}` is to be a parameter, and to be ignored", header));
    }
    drop([&](const CellColumn& column) {
      return std::ranges::any_of(options_.ignore, [&](const std::string& h) { return trimmed(h) == column.header; });
    });
  }

  void drop_what_windrow_adds() {
    const auto has = [&](const char* header) {
      return std::ranges::any_of(table_.columns, [&](const CellColumn& c) { return c.name == header && !names(c); });
    };
    if (!has("index") || !has("status")) return;
    const auto status = std::ranges::find(table_.columns, "status", &CellColumn::header);
    const auto failed = std::ranges::count_if(status->cells, [](const Cell& cell) { return cell.text != "ok"; });
    std::string left_out;
    drop([&](const CellColumn& column) {
      const bool added = column.name == "index" || column.name == "status" || lists(options_.outputs, column.name);
      if (added && !names(column)) left_out += (left_out.empty() ? "`" : ", `") + column.header + "`";
      return added && !names(column);
    });
    notes_.push_back(fmt::format("{}: is what windrow exports, so {} are no parameters{}", path_, left_out,
                                 failed == 0 ? "" : fmt::format("; rows of points that failed are in it: {}", failed)));
  }

  void check_names() const {
    std::set<std::string> taken;
    for (std::size_t i = 0; i < table_.columns.size(); ++i) {
      const CellColumn& column = table_.columns[i];
      if (!taken.insert(column.name).second) {
        throw SpecError(fmt::format("{}:{}: two columns are named `{}`", path_, table_.header_line, column.name));
      }
      try {
        values(column.name, {0});
      } catch (const SpecError& error) {
        throw SpecError(
            fmt::format("{}:{}: column {}: {}{}", path_, table_.header_line, i + 1, error.what(), advice(column)));
      }
    }
  }

  std::string advice(const CellColumn& column) const {
    if (names(column) || column.header.empty()) return "";
    const std::string header = in_toml(column.header);
    return fmt::format("; to name it: columns = {{ {} = {} }}; to leave it out: ignore = [{}]",
                       possible_name(column.header), header, header);
  }

  CellTable& table_;
  const TableOptions& options_;
  const std::string& path_;
  std::vector<std::string>& notes_;
};

const Parameter* annotation_of(const std::string& name, const std::vector<Parameter>& annotations) {
  const auto found = std::ranges::find_if(annotations, [&](const Parameter& a) { return a.name() == name; });
  return found == annotations.end() ? nullptr : &*found;
}

void require_columns_of(const std::vector<Parameter>& annotations, const CellTable& table, const std::string& path) {
  std::vector<std::string> names;
  for (const CellColumn& column : table.columns) names.push_back(column.name);
  for (const Parameter& annotation : annotations) {
    if (std::ranges::find(names, annotation.name()) != names.end()) continue;
    throw SpecError(path + ": there is no column `" + annotation.name() + "`" +
                    text::suggestion(annotation.name(), names));
  }
}

void annotate(Parameter& parameter, const Parameter& annotation) {
  if (!annotation.unit().empty()) parameter.unit(annotation.unit());
  parameter.description(annotation.description());
  if (annotation.type()) parameter.type(*annotation.type());
  if (annotation.format() != nullptr) parameter.format(annotation.format()->text());
}

/// One note for all columns that are taken so.
void note_taken(const std::map<detail::Taken, std::vector<std::string>>& taken, const std::string& path,
                std::vector<std::string>& notes) {
  for (const auto& [how, columns] : taken) {
    if (how == detail::Taken::as_it_looks) continue;
    notes.push_back(fmt::format("{}: column{} `{}`: {}", path, columns.size() == 1 ? "" : "s",
                                fmt::join(columns, "`, `"), said_of(how, columns.front())));
  }
}

/// @throws BadCell
std::vector<Value> values_of(const CellColumn& column, std::optional<ValueType> type, bool decimal_commas,
                             detail::Taken& taken) {
  std::optional<std::vector<Cell>> points;
  if (decimal_commas && type != ValueType::string) points = detail::with_points(column.cells);
  const std::vector<Cell>& cells = points ? *points : column.cells;
  taken = points ? detail::Taken::decimal_commas : type ? detail::Taken::as_it_looks : detail::why_texts(cells);
  return detail::column_values(cells, type);
}

std::vector<Parameter> parameters_of(CellTable& table, const std::vector<Parameter>& annotations, bool decimal_commas,
                                     const std::string& path, std::vector<std::string>& notes) {
  std::vector<Parameter> parameters;
  std::map<detail::Taken, std::vector<std::string>> taken;
  for (CellColumn& column : table.columns) {
    const Parameter* annotation = annotation_of(column.name, annotations);
    const auto type = annotation != nullptr ? annotation->type() : std::nullopt;
    try {
      detail::Taken how{};
      parameters.push_back(values(column.name, values_of(column, type, decimal_commas, how)));
      taken[how].push_back(column.name);
    } catch (const detail::BadCell& bad) {
      throw SpecError(fmt::format("{}:{}: column `{}` {}", path, table.lines[bad.row()], column.name, bad.what()));
    }
    parameters.back().unit(column.unit);
    if (annotation != nullptr) annotate(parameters.back(), *annotation);
    column.cells = {};
  }
  note_taken(taken, path, notes);
  return parameters;
}

void note_left_out(const CellTable& table, const std::string& path, std::vector<std::string>& notes) {
  if (table.empty_rows > 0) {
    notes.push_back(fmt::format("{}: {} left out", path,
                                table.empty_rows == 1 ? "a row without any cell is"
                                                      : fmt::format("{} rows without any cell are", table.empty_rows)));
  }
  if (table.comments > 0) {
    notes.push_back(fmt::format("{}: {} below the header {} no row{}", path, text::counted(table.comments, "comment"),
                                table.comments == 1 ? "is" : "are", table.comments == 1 ? "" : "s"));
  }
}

class Table : public Design::Kernel {
 public:
  Table(std::uint64_t rows, std::vector<std::string> notes) : Kernel("table", rows), notes_(std::move(notes)) {}

  /// A hash of the values: as telling as the values, and not as long as the file.
  std::string definition(const Parameter& parameter) const override {
    detail::ContentHash hash;
    for (std::uint64_t row = 0; row < size; ++row) {
      const Value value = parameter.level(row);
      const std::string text = value.identity_text();
      // Kind and length keep 1 | "1" | true and ("ab", "c") | ("a", "bc") apart.
      hash.add(fmt::format("{}:{}:", value.variant().index(), text.size()));
      hash.add(text);
    }
    return fmt::format("column({} rows, xxh3 {})", size, hash.value().text());
  }

  std::vector<EqualPoint> equal_points(const std::vector<Parameter>& parameters) const override {
    return detail::equal_rows(parameters, size);
  }

  std::vector<std::string> notes() const override { return notes_; }

 private:
  std::vector<std::string> notes_;
};

}  // namespace

Design table(const std::string& path, const std::vector<Parameter>& annotations, std::uint64_t seed) {
  return table(path, TableOptions(), annotations, seed);
}

Design table(const std::string& path, const TableOptions& options, const std::vector<Parameter>& annotations,
             std::uint64_t seed) {
  auto bytes = detail::read_file(path);
  if (!bytes) throw SpecError("cannot open `" + path + "`: " + std::generic_category().message(errno));
  return detail::table(std::move(*bytes), path, options, annotations, seed);
}

Design detail::table(std::string bytes, const std::string& path, const TableOptions& options,
                     const std::vector<Parameter>& annotations, std::uint64_t seed) {
  std::vector<std::string> notes;
  std::string text = as_utf8(std::move(bytes), path, notes);
  const auto said = separator_line(text);
  const char separator = options.separator ? *options.separator
                         : said            ? *said
                                           : guess_separator(text, path, options.comment);
  CellTable cells = read_cells(text, path, {separator, true, options.comment});
  refuse_doubtful_comments(cells, path, options.comment);
  ColumnChoice(cells, options, path, notes).apply();
  require_columns_of(annotations, cells, path);
  std::vector<Parameter> parameters = parameters_of(cells, annotations, separator != ',', path, notes);
  note_left_out(cells, path, notes);
  const std::uint64_t rows = parameters.front().level_count();
  return {std::move(parameters), seed, std::make_shared<Table>(rows, std::move(notes))};
}

}  // namespace windrow
