#include "design/interface/table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <optional>
#include <system_error>

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
  std::vector<std::string> cells;
  std::size_t first_empty_line = 0;  ///< 0: no cell is empty
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
    columns.push_back({name, {}, 0});
  }
  return columns;
}

std::vector<CellColumn> read_columns(std::istream& in, const std::string& path) {
  csv::Reader reader(in, path);
  std::vector<CellColumn> columns = read_header(reader, path);
  std::vector<std::string> fields;
  while (reader.next(fields)) {
    if (fields.size() != columns.size()) {
      throw SpecError(fmt::format("{}:{}: the row has {} field{}, but the header names {} column{}", path,
                                  reader.line(), fields.size(), fields.size() == 1 ? "" : "s", columns.size(),
                                  columns.size() == 1 ? "" : "s"));
    }
    for (std::size_t i = 0; i < fields.size(); ++i) {
      if (fields[i].empty() && columns[i].first_empty_line == 0) columns[i].first_empty_line = reader.line();
      columns[i].cells.push_back(std::move(fields[i]));
    }
  }
  if (columns.front().cells.empty()) throw SpecError(path + ": there is no row below the header");
  return columns;
}

/// Every cell as `parse` reads it, or none if one cell (an empty one aside) is something else.
template <typename Parse>
std::optional<std::vector<Value>> read_all(const std::vector<std::string>& cells, const Parse& parse) {
  std::vector<Value> values;
  values.reserve(cells.size());
  for (const std::string& cell : cells) {
    if (cell.empty()) continue;
    const auto value = parse(cell);
    if (!value) return {};
    values.emplace_back(*value);
  }
  if (values.empty()) return {};
  return values;
}

std::optional<bool> parse_truth(const std::string& cell) {
  if (cell == "true") return true;
  if (cell == "false") return false;
  return {};
}

/// One kind for all of the column: integers, else numbers, else truth values, else texts.
std::vector<Value> typed(const CellColumn& column, const std::string& path) {
  auto values = read_all(column.cells, text::parse_integer);
  if (!values) values = read_all(column.cells, text::parse_double);
  if (!values) values = read_all(column.cells, parse_truth);
  if (!values) return {column.cells.begin(), column.cells.end()};
  if (column.first_empty_line != 0) {
    const std::string_view others = values->front().is_number() ? "numbers (nan is one)" : "true or false";
    throw SpecError(fmt::format("{}:{}: column `{}` is empty here; its other values are {}", path,
                                column.first_empty_line, column.name, others));
  }
  return std::move(*values);
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
      const std::string text = value.render();
      // Kind and length keep 1 | "1" | true and ("ab", "c") | ("a", "bc") apart.
      hash.add(fmt::format("{}:{}:", value.variant().index(), text.size()));
      hash.add(text);
    }
    return fmt::format("column({} rows, xxh3 {})", size, hash.value().text());
  }

  std::vector<EqualPoint> equal_points(const std::vector<Parameter>& parameters) const override {
    return detail::equal_rows(parameters, size);
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
  for (CellColumn& column : read_columns(in, path)) {
    parameters.push_back(values(column.name, typed(column, path)));
    column.cells = {};
  }
  annotate(parameters, annotations, path);
  const std::uint64_t rows = parameters.front().level_count();
  return {std::move(parameters), seed, std::make_shared<Table>(rows)};
}

}  // namespace windrow
