// Tables of points, and CSV: what is written is read back, cell by cell and value by value.
// Input: a line with two characters, the separator and the comment (`?`: not said), then the file.
#include <optional>
#include <sstream>

#include "fuzz.hpp"
#include "windrow/base/csv.hpp"
#include "windrow/design/table.hpp"
#include "windrow/error.hpp"

namespace {

using namespace windrow;
using namespace windrow::fuzz;

constexpr std::uint64_t kMostPoints = 200;

TableOptions options_of(std::string_view line) {
  TableOptions options;
  const auto is_said = [&](std::size_t i) { return line.size() > i && line[i] != '?'; };
  if (is_said(0)) options.separator = line[0];
  if (is_said(1)) options.comment = line[1];
  return options;
}

void check_csv(const std::string& text, csv::Dialect dialect) {
  std::istringstream in(text);
  csv::Reader reader(in, "file", dialect);
  std::vector<std::string> fields;
  std::vector<std::vector<std::string>> records;
  std::ostringstream out;
  while (reader.next(fields)) {
    if (reader.is_comment()) continue;
    records.push_back(fields);
    csv::write_record(out, fields);
  }
  std::istringstream written(out.str());
  csv::Reader again(written, "written");
  for (const auto& record : records) {
    require(again.next(fields) && fields == record, "a record that was written is read back");
  }
  require(!again.next(fields), "as many records are read as were written");
}

/// A type of all values, as text::parse_as() reads them.
std::optional<ValueType> type_of(const Parameter& parameter) {
  return parameter.type_of_values();
}

bool has_blank_cells_alone(const Point& point) {
  const auto is_blank = [](const Value& value) {
    return value.written().find_first_not_of(" \t") == std::string::npos;
  };
  return std::all_of(point.values().begin(), point.values().end(), is_blank);
}

void check_design(const Design& design, const Folder& folder) {
  std::ostringstream out;
  std::vector<std::string> names;
  std::vector<Parameter> annotations;
  for (const Parameter& parameter : design.parameters()) {
    names.push_back(parameter.name());
    const auto type = type_of(parameter);
    if (!type) throw Finding("the values of a table's column have no type");
    annotations.push_back(Parameter(parameter.name(), Levels{{Value(0)}}).type(*type));
  }
  csv::write_record(out, names);
  const std::uint64_t size = std::min(design.size(), kMostPoints);
  for (std::uint64_t i = 0; i < size; ++i) {
    const Point point = design.point(i);
    if (has_blank_cells_alone(point)) return;  // no row
    std::vector<std::string> cells;
    for (const Value& value : point.values()) {
      require_reads_back(value);
      cells.push_back(value.written());
    }
    csv::write_record(out, cells);
  }
  TableOptions options;
  options.separator = ',';
  options.comment = '\0';
  const Design back = table(folder.write("back.csv", out.str()).string(), options, annotations);
  require(back.size() == size, "a table that was written has as many rows");
  for (std::uint64_t i = 0; i < size; ++i) {
    require(back.point(i).values() == design.point(i).values(), "a row that was written is read back");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Folder folder;
  Input input(data, size);
  const TableOptions options = options_of(input.line());
  const std::string text(input.rest());
  try {
    check_csv(text, {});
  } catch (const SpecError&) {
  }
  try {
    check_csv(text, {options.separator.value_or(','), true, options.comment});
  } catch (const SpecError&) {
  }
  std::optional<Design> design;
  try {
    design = table(folder.write("points.csv", text).string(), options);
  } catch (const SpecError&) {
    return 0;
  }
  design->definition();
  design->equal_points();
  design->notes();
  try {
    check_design(*design, folder);
  } catch (const SpecError& error) {
    throw Finding(std::string("a table that was written is no table: ") + error.what());
  }
  return 0;
}
