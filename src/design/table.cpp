#include "design/interface/table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <optional>
#include <system_error>

#include "design/column_values.hpp"
#include "design/kernel.hpp"
#include "windrow/base/csv.hpp"
#include "windrow/base/hash.hpp"
#include "windrow/base/text.hpp"
#include "windrow/error.hpp"

namespace windrow {
namespace {

/// A column as it stands in the file.
struct CellColumn {
  std::string name;
  std::vector<detail::Cell> cells;
};

struct Cells {
  std::vector<CellColumn> columns;
  std::vector<std::size_t> lines;  ///< on which the rows begin
};

std::string trimmed(const std::string& text) {
  const std::size_t begin = text.find_first_not_of(" \t");
  return begin == std::string::npos ? "" : text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

std::vector<CellColumn> read_header(csv::Reader& reader, const std::string& path) {
  std::vector<std::string> fields;
  if (!reader.next(fields)) throw SpecError(path + ": the file is empty; its first line must name the columns");
  std::vector<CellColumn> columns;
  for (const std::string& field : fields) {
    const std::string name = trimmed(field);
    const bool doubled =
        std::any_of(columns.begin(), columns.end(), [&](const CellColumn& column) { return column.name == name; });
    if (doubled) throw SpecError(fmt::format("{}:{}: two columns are named `{}`", path, reader.line(), name));
    try {
      values(name, {0});
    } catch (const SpecError& error) {
      throw SpecError(fmt::format("{}:{}: column {}: {}", path, reader.line(), columns.size() + 1, error.what()));
    }
    columns.push_back({name, {}});
  }
  return columns;
}

Cells read_cells(std::istream& in, const std::string& path) {
  csv::Reader reader(in, path);
  std::vector<CellColumn> columns = read_header(reader, path);
  std::vector<std::size_t> lines;
  std::vector<std::string> fields;
  while (reader.next(fields)) {
    if (fields.size() != columns.size()) {
      throw SpecError(fmt::format("{}:{}: the row has {} field{}, but the header names {} column{}", path,
                                  reader.line(), fields.size(), fields.size() == 1 ? "" : "s", columns.size(),
                                  columns.size() == 1 ? "" : "s"));
    }
    for (std::size_t i = 0; i < fields.size(); ++i) {
      columns[i].cells.push_back({std::move(fields[i]), reader.was_quoted(i)});
    }
    lines.push_back(reader.line());
  }
  if (columns.front().cells.empty()) throw SpecError(path + ": there is no row below the header");
  return {std::move(columns), std::move(lines)};
}

std::vector<Value> typed(const CellColumn& column, const std::vector<std::size_t>& lines, std::optional<ValueType> type,
                         const std::string& path) {
  try {
    return detail::column_values(column.cells, type);
  } catch (const detail::BadCell& error) {
    throw SpecError(fmt::format("{}:{}: column `{}` {}", path, lines[error.row()], column.name, error.what()));
  }
}

std::optional<ValueType> type_of(const std::string& column, const std::vector<Parameter>& annotations) {
  for (const Parameter& annotation : annotations) {
    if (annotation.name() == column) return annotation.type();
  }
  return {};
}

void annotate(std::vector<Parameter>& parameters, const std::vector<Parameter>& annotations, const std::string& path) {
  for (const Parameter& annotation : annotations) {
    const auto column = std::find_if(parameters.begin(), parameters.end(),
                                     [&](const Parameter& parameter) { return parameter.name() == annotation.name(); });
    if (column == parameters.end()) {
      std::vector<std::string> names;
      for (const Parameter& parameter : parameters) names.push_back(parameter.name());
      throw SpecError(path + ": there is no column `" + annotation.name() + "`" +
                      text::suggestion(annotation.name(), names));
    }
    column->unit(annotation.unit()).description(annotation.description());
    if (annotation.type()) column->type(*annotation.type());
    if (annotation.format() != nullptr) column->format(annotation.format()->text());
  }
}

class Table : public Design::Kernel {
 public:
  explicit Table(std::uint64_t rows) : Kernel("table", rows) {}

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
};

}  // namespace

Design table(const std::string& path, const std::vector<Parameter>& annotations, std::uint64_t seed) {
  std::ifstream in(path, std::ios::binary);
  if (!in) throw SpecError("cannot open `" + path + "`: " + std::generic_category().message(errno));
  return detail::table(in, path, annotations, seed);
}

Design detail::table(std::istream& in, const std::string& path, const std::vector<Parameter>& annotations,
                     std::uint64_t seed) {
  std::vector<Parameter> parameters;
  Cells cells = read_cells(in, path);
  for (CellColumn& column : cells.columns) {
    const auto type = type_of(column.name, annotations);
    parameters.push_back(values(column.name, typed(column, cells.lines, type, path)));
    column.cells = {};
  }
  annotate(parameters, annotations, path);
  const std::uint64_t rows = parameters.front().level_count();
  return {std::move(parameters), seed, std::make_shared<Table>(rows)};
}

}  // namespace windrow
