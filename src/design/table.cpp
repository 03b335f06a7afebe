#include "windrow/design/table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <mutex>
#include <optional>
#include <set>

#include "design/column_look.hpp"
#include "design/interface/table.hpp"
#include "design/kernel.hpp"
#include "design/table_cells.hpp"
#include "design/table_rows.hpp"
#include "design/table_text.hpp"
#include "windrow/base/csv.hpp"
#include "windrow/base/text.hpp"
#include "windrow/error.hpp"

namespace windrow {
namespace {

using detail::Cell;
using detail::ColumnForm;
using detail::ColumnLook;
using detail::TableCells;

/// A column of a table as it stands in the file.
struct FileColumn {
  std::string header;
  std::size_t place;
  ColumnLook look;
  std::uint64_t not_ok = 0;  ///< of a column `status`: cells that are not `ok`
  std::string name{};        ///< of the parameter
  std::string unit{};
};

/// A line that is a comment, but might be a row whose first cell begins so.
struct DoubtfulComment {
  std::size_t line;
  std::string cell;
};

/// What a table consists of.
struct FileTable {
  explicit FileTable(std::string_view text) : rows(text) {}

  std::vector<FileColumn> columns;
  detail::RowPlaces rows;
  std::size_t header_line = 0;
  std::uint64_t comments = 0, empty_rows = 0;  ///< below the header
  std::optional<DoubtfulComment> doubtful;     ///< the first
  bool begins_with_numbers = false;            ///< whether the first column has numbers alone
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

/// Goes through a table once.
class TableReader {
 public:
  TableReader(std::string_view text, const std::string& path, csv::Dialect dialect)
      : path_(path), dialect_(dialect), scanner_(text, path_, dialect), table_(text) {}

  FileTable read() {
    std::vector<Cell> cells;
    read_header(cells);
    while (scanner_.next(cells)) {
      if (scanner_.is_comment()) {
        add_comment(cells[0].raw);
      } else {
        add_row(cells);
      }
    }
    table_.begins_with_numbers = table_.columns.front().look.as_written().is_of_numbers_alone();
    return std::move(table_);
  }

 private:
  /// The fields of a comment, less its mark.
  std::vector<std::string> fields_of(std::string_view comment) const {
    csv::Dialect dialect = dialect_;
    dialect.comment = '\0';
    detail::RowScanner scanner(comment.substr(comment.find(dialect_.comment) + 1), path_, dialect);
    std::vector<Cell> cells;
    std::vector<std::string> fields;
    try {
      scanner.next(cells);
      for (const Cell& cell : cells) fields.emplace_back(cell.text(room_));
    } catch (const SpecError&) {
      fields.clear();  // quotes mean nothing in a comment
    }
    return fields;
  }

  void read_header(std::vector<Cell>& cells) {
    std::string_view comment;
    std::size_t comment_line = 0;
    bool found = false;
    while ((found = scanner_.next(cells)) && scanner_.is_comment()) {
      comment = cells[0].raw;
      comment_line = scanner_.line();
    }
    if (!found) throw SpecError(path_ + ": the file is empty; its first line must name the columns");
    const bool all_numbers = std::ranges::all_of(
        cells, [this](const Cell& cell) { return text::parse_double(cell.text(room_)).has_value(); });
    std::vector<std::string> names;
    if (all_numbers && !comment.empty()) names = fields_of(comment);
    const bool named_by_comment = all_numbers && names.size() == cells.size();
    if (all_numbers && !named_by_comment) {
      scanner_.fail("the first line must name the columns, but it holds numbers alone");
    }
    table_.header_line = named_by_comment ? comment_line : scanner_.line();
    if (!named_by_comment) {
      names.clear();
      for (const Cell& cell : cells) names.emplace_back(cell.text(room_));
    }
    for (const std::string& name : names) add_column(name);
    if (named_by_comment) add_row(cells);
  }

  void add_column(const std::string& name) {
    constexpr std::size_t kLongestName = 10'000;
    const std::size_t place = table_.columns.size();
    if (name.size() > kLongestName) {
      throw SpecError(
          fmt::format("{}:{}: the name of column {} has {} bytes; is this the header, and the separator "
                      "right?",
                      path_, table_.header_line, place + 1, name.size()));
    }
    table_.columns.push_back({trimmed(name), place, ColumnLook(dialect_.separator != ',')});
  }

  void add_row(std::vector<Cell>& cells) {
    std::vector<FileColumn>& columns = table_.columns;
    while (cells.size() > columns.size() && cells.back().raw.empty()) cells.pop_back();
    const auto is_nothing = [](const Cell& cell) { return cell.raw.empty() && !cell.quoted; };
    if (columns.size() > 1 && std::ranges::all_of(cells, is_nothing)) {  // what spreadsheets leave behind
      ++table_.empty_rows;
      return;
    }
    if (cells.size() != columns.size()) {
      scanner_.fail(fmt::format("the row has {}, but the header names {}", counted_fields(cells.size(), "field"),
                                counted_fields(columns.size(), "column")));
    }
    for (std::size_t i = 0; i < cells.size(); ++i) {
      const std::string_view text = cells[i].text(room_);
      columns[i].look.add(text, cells[i].quoted);
      if (text != "ok") ++columns[i].not_ok;
    }
    table_.rows.add(scanner_.begin());
  }

  void add_comment(std::string_view line) {
    ++table_.comments;
    const std::size_t behind = line.find(dialect_.comment) + 1;
    const bool is_word =
        behind < line.size() && line[behind] != ' ' && line[behind] != '\t' && line[behind] != dialect_.comment;
    if (!is_word || table_.doubtful) return;
    std::vector<std::string> fields = fields_of(line);
    if (fields.size() == table_.columns.size()) table_.doubtful = {scanner_.line(), std::move(fields[0])};
  }

  const std::string& path_;
  csv::Dialect dialect_;
  detail::RowScanner scanner_;
  FileTable table_;
  mutable std::string room_;
};

/// @param dialect  that the rows are to be read in afterwards
FileTable read_table(std::string_view text, const std::string& path, csv::Dialect& dialect) {
  FileTable table = TableReader(text, path, dialect).read();
  if (table.rows.size() == 0 && table.doubtful) {  // then these lines are the rows
    dialect.comment = '\0';
    return TableReader(text, path, dialect).read();
  }
  if (table.rows.size() == 0) throw SpecError(path + ": there is no row below the header");
  return table;
}

/// A row of numbers that has been put out of use is one thing, a colour `#ff0000` among others another.
void refuse_doubtful_comments(const FileTable& table, const std::string& path, char comment) {
  if (!table.doubtful || table.begins_with_numbers) return;
  const DoubtfulComment& first = *table.doubtful;
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
  ColumnChoice(FileTable& table, const TableOptions& options, const std::string& path, std::vector<std::string>& notes)
      : table_(table), options_(options), path_(path), notes_(notes) {}

  void apply() {
    for (FileColumn& column : table_.columns) column.name = column.header;
    drop_unnamed();
    name_columns();
    ignore_columns();
    if (!options_.columns.empty()) {
      for (const std::string& header : options_.columns) require(header, "columns");
      drop([&](const FileColumn& column) { return !names(column) && !lists(options_.columns, column.header); });
    }
    drop_what_windrow_adds();
    if (table_.columns.empty()) throw SpecError(path_ + ": no column is left to be a parameter");
    check_names();
  }

 private:
  static bool lists(const std::vector<std::string>& headers, const std::string& header) {
    return std::ranges::find(headers, header) != headers.end();
  }
  bool names(const FileColumn& column) const {
    return std::ranges::find(options_.names, column.header, &std::pair<std::string, std::string>::second) !=
           options_.names.end();
  }
  template <typename Which>
  void drop(const Which& which) {
    std::erase_if(table_.columns, which);
  }

  FileColumn& require(const std::string& header, const char* option) {
    const auto found = std::ranges::find(table_.columns, trimmed(header), &FileColumn::header);
    if (found != table_.columns.end()) return *found;
    std::vector<std::string> headers;
    for (const FileColumn& column : table_.columns) headers.push_back(column.header);
    throw detail::BadTableOption(option, fmt::format("{}:{}: there is no column `{}`{}", path_, table_.header_line,
                                                     header, text::suggestion(header, headers)));
  }

  /// Columns at the right without any cell, and a first one that numbers the rows.
  void drop_unnamed() {
    std::vector<FileColumn>& columns = table_.columns;
    const auto is_empty = [](const FileColumn& column) {
      return column.header.empty() && column.look.as_written().is_empty();
    };
    while (columns.size() > 1 && is_empty(columns.back())) columns.pop_back();
    if (columns.size() < 2 || !columns.front().header.empty() || !columns.front().look.numbers_rows()) return;
    notes_.push_back(path_ + ": the first column, without a name, numbers the rows and is no parameter");
    columns.erase(columns.begin());
  }

  void name_columns() {
    std::set<const FileColumn*> named;
    for (const auto& [name, header] : options_.names) {
      FileColumn& column = require(header, "columns");
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
    drop([&](const FileColumn& column) {
      return std::ranges::any_of(options_.ignore, [&](const std::string& h) { return trimmed(h) == column.header; });
    });
  }

  void drop_what_windrow_adds() {
    const auto has = [&](const char* header) {
      return std::ranges::any_of(table_.columns, [&](const FileColumn& c) { return c.name == header && !names(c); });
    };
    if (!has("index") || !has("status")) return;
    const auto status = std::ranges::find(table_.columns, "status", &FileColumn::header);
    const std::uint64_t failed = status->not_ok;
    std::string left_out;
    drop([&](const FileColumn& column) {
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
      const FileColumn& column = table_.columns[i];
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

  std::string advice(const FileColumn& column) const {
    if (names(column) || column.header.empty()) return "";
    const std::string header = in_toml(column.header);
    return fmt::format("; to name it: columns = {{ {} = {} }}; to leave it out: ignore = [{}]",
                       possible_name(column.header), header, header);
  }

  FileTable& table_;
  const TableOptions& options_;
  const std::string& path_;
  std::vector<std::string>& notes_;
};

const Parameter* annotation_of(const std::string& name, const std::vector<Parameter>& annotations) {
  const auto found = std::ranges::find_if(annotations, [&](const Parameter& a) { return a.name() == name; });
  return found == annotations.end() ? nullptr : &*found;
}

void require_columns_of(const std::vector<Parameter>& annotations, const FileTable& table, const std::string& path) {
  std::vector<std::string> names;
  for (const FileColumn& column : table.columns) names.push_back(column.name);
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

/// @param type  that was said, if any
/// @throws BadCell
ColumnForm form_of(const FileColumn& column, std::optional<ValueType> type, detail::Taken& taken) {
  ColumnForm form{column.place, type.value_or(ValueType::string), type.has_value(), false};
  const detail::CellsLook* pointed = type == ValueType::string ? nullptr : column.look.with_points();
  const detail::CellsLook& look = pointed != nullptr ? *pointed : column.look.as_written();
  form.has_decimal_commas = pointed != nullptr;
  taken = pointed != nullptr ? detail::Taken::decimal_commas : type ? detail::Taken::as_it_looks : look.why_texts();
  if (!type) form.type = look.type();
  return form;
}

/// Of each column whose type was said what is wrong with the first cell that does not fit.
std::vector<std::optional<detail::BadCell>> misfits(const TableCells& cells) {
  std::vector<std::optional<detail::BadCell>> misfits(cells.columns());
  std::vector<std::size_t> typed;
  for (std::size_t i = 0; i < cells.columns(); ++i) {
    if (cells.form(i).is_typed && cells.form(i).type != ValueType::string) typed.push_back(i);
  }
  if (typed.empty()) return misfits;
  detail::TextRoom room;
  cells.for_each_row([&](std::uint64_t row, const std::vector<Cell>& row_cells) {
    for (const std::size_t i : typed) {
      if (misfits[i]) continue;
      try {
        value_of(row_cells[cells.form(i).place], cells.form(i), room);
      } catch (const SpecError& error) {
        misfits[i].emplace(row, error.what());
      }
    }
  });
  return misfits;
}

/// The parameters of the columns that are left, and what their cells are.
class TableParameters {
 public:
  TableParameters(const FileTable& table, const std::vector<Parameter>& annotations, const std::string& path)
      : table_(table), annotations_(annotations), path_(path) {}

  /// What the columns' cells are, and in `notes` what may have been meant otherwise.
  std::vector<ColumnForm> forms(std::vector<std::string>& notes) {
    std::map<detail::Taken, std::vector<std::string>> taken;
    std::vector<ColumnForm> forms;
    for (const FileColumn& column : table_.columns) {
      const Parameter* annotation = annotation_of(column.name, annotations_);
      detail::Taken how{};
      try {
        forms.push_back(form_of(column, annotation != nullptr ? annotation->type() : std::nullopt, how));
        bad_.emplace_back();
      } catch (const detail::BadCell& bad) {
        forms.push_back({column.place});
        bad_.emplace_back(bad);
      }
      taken[how].push_back(column.name);
    }
    note_taken(taken, path_, notes);
    return forms;
  }

  /// @param cells  of these forms
  std::vector<Parameter> parameters(const std::shared_ptr<const TableCells>& cells) {
    const auto misfit = misfits(*cells);
    std::vector<Parameter> parameters;
    for (std::size_t i = 0; i < table_.columns.size(); ++i) {
      const FileColumn& column = table_.columns[i];
      for (const std::optional<detail::BadCell>& bad : {bad_[i], misfit[i]}) {
        if (!bad) continue;
        throw SpecError(
            fmt::format("{}:{}: column `{}` {}", path_, cells->line_of(bad->row()), column.name, bad->what()));
      }
      parameters.emplace_back(column.name, TableColumn{cells, i}).unit(column.unit);
      const Parameter* annotation = annotation_of(column.name, annotations_);
      if (annotation != nullptr) annotate(parameters.back(), *annotation);
    }
    return parameters;
  }

 private:
  const FileTable& table_;
  const std::vector<Parameter>& annotations_;
  const std::string& path_;
  std::vector<std::optional<detail::BadCell>> bad_;
};

void note_left_out(const FileTable& table, const std::string& path, std::vector<std::string>& notes) {
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
  Table(std::shared_ptr<const TableCells> cells, std::vector<std::string> notes)
      : Kernel("table", cells->rows()), cells_(std::move(cells)), notes_(std::move(notes)) {}

  std::vector<Value> values(const std::vector<Parameter>& /*parameters*/, std::uint64_t /*seed*/,
                            std::uint64_t index) const override {
    return cells_->values(index);
  }

  /// A hash of the values: as telling as the values, and not as long as the file.
  std::string definition(const Parameter& parameter) const override {
    // All at once, since a row holds all: one by one would take as many times as long as there are columns.
    std::call_once(hashed_, [this] { definitions_ = cells_->definitions(); });
    return definitions_.at(std::get<TableColumn>(parameter.source()).column);
  }

  std::vector<EqualPoint> equal_points(const std::vector<Parameter>& parameters) const override {
    return detail::equal_rows(parameters, size);
  }

  std::vector<std::string> notes() const override { return notes_; }

 private:
  std::shared_ptr<const TableCells> cells_;
  std::vector<std::string> notes_;
  mutable std::once_flag hashed_;
  mutable std::vector<std::string> definitions_;
};

}  // namespace

Design table(const std::string& path, const std::vector<Parameter>& annotations, std::uint64_t seed) {
  return table(path, TableOptions(), annotations, seed);
}

Design table(const std::string& path, const TableOptions& options, const std::vector<Parameter>& annotations,
             std::uint64_t seed) {
  return detail::table(detail::read_table_text(path), path, options, annotations, seed);
}

Design detail::table(const TableText& text, const std::string& path, const TableOptions& options,
                     const std::vector<Parameter>& annotations, std::uint64_t seed) {
  std::vector<std::string> notes = text.notes;
  const char separator = options.separator ? *options.separator
                         : text.separator  ? *text.separator
                                           : guess_separator(text.text, path, options.comment);
  csv::Dialect dialect{separator, true, options.comment};
  FileTable file = read_table(text.text, path, dialect);
  refuse_doubtful_comments(file, path, options.comment);
  ColumnChoice(file, options, path, notes).apply();
  require_columns_of(annotations, file, path);
  TableParameters making(file, annotations, path);
  std::vector<ColumnForm> forms = making.forms(notes);
  const auto cells = std::make_shared<const TableCells>(text, path, dialect, std::move(file.rows), std::move(forms));
  std::vector<Parameter> parameters = making.parameters(cells);
  note_left_out(file, path, notes);
  return {std::move(parameters), seed, std::make_shared<Table>(cells, std::move(notes))};
}

}  // namespace windrow
