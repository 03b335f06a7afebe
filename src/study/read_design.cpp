#include <fmt/core.h>

#include <utility>

#include "design/interface/table.hpp"
#include "study/study_parts.hpp"

namespace windrow::detail {

namespace {

std::uint64_t required_count(const TomlTable& table, std::string_view key) {
  table.required(key);
  return static_cast<std::uint64_t>(*table.integer(key, 1));
}

/// @param values  reads them; none if a table's file has them
Parameter read_parameter(const TomlTable& parameters, const std::string& name, const ValuesReader* values) {
  const TomlTable& table = *parameters.table(name);
  table.allow_only({"values", "value", "type", "format", "unit", "description"});
  if (values == nullptr && table.has("values")) {
    table.fail("values",
               table.name_of("values") +
                   " is given by the file of method `table`: only `type`, `format`, `unit` and `description` apply");
  }
  const auto type = read_type(table);
  const ReadValues source = values == nullptr ? ReadValues{Levels{{Value(0)}}} : values->read(table, type);
  Parameter parameter = parameters.locate(name, [&] { return Parameter(name, source.source); });
  if (source.has_whole_ends) table.locate("values", [&] { parameter.whole_numbers(); });
  if (type) table.locate("type", [&] { parameter.type(*type); });
  if (const auto format = table.text("format")) table.locate("format", [&] { parameter.format(*format); });
  parameter.unit(table.text("unit").value_or("")).description(table.text("description").value_or(""));
  return parameter;
}

std::vector<Parameter> read_parameters(const TomlTable& root, const ValuesReader* values) {
  const TomlTable* table = root.table("parameters");
  if (values != nullptr && (!table || table->members().empty())) {
    root.fail("parameters", "no parameters: a study needs at least one table [parameters.NAME]");
  }
  std::vector<Parameter> parameters;
  if (!table) return parameters;
  for (const auto& member : table->members()) {
    if (!is_derived(*table, member.key)) parameters.push_back(read_parameter(*table, member.key, values));
  }
  return parameters;
}

/// A key that one kind of method needs and that has no meaning for the others.
void check_belongs(const TomlTable& design, std::string_view key, bool needed, const std::string& method,
                   std::string_view owners) {
  if (needed && !design.has(key)) {
    design.fail(key, fmt::format("missing {}: method `{}` needs it", design.name_of(key), method));
  }
  if (!needed && design.has(key)) {
    design.fail(
        key, fmt::format("{} has no meaning for method `{}`: it belongs to {}", design.name_of(key), method, owners));
  }
}

/// A table and its annotations. If they do not fit, tries them one by one to name the line of the one that is wrong.
Design read_table(const TomlTable& root, const std::string& path, const std::vector<Parameter>& annotations,
                  std::uint64_t seed, StudyTables& known) {
  const TableOptions options = read_table_options(root);
  const TomlTable& design = *root.table("design");
  const TableText text = design.locate("file", [&] { return known.text(path); });
  const auto read = [&](const std::vector<Parameter>& some) { return table(text, path, options, some, seed); };
  try {
    return read(annotations);
  } catch (const BadTableOption& error) {
    design.fail(error.option(), error.what());
  } catch (const SpecError&) {
    design.locate("file", [&] { return read({}); });
    for (const Parameter& annotation : annotations) {
      root.table("parameters")->locate(annotation.name(), [&] { return read({annotation}); });
    }
    return design.locate("file", [&] { return read(annotations); });
  }
}

}  // namespace

namespace {

Design read_points(const TomlTable& root, const std::filesystem::path& folder, std::uint64_t seed, StudyTables& known) {
  std::string method = "grid";
  const TomlTable* design = root.table("design");
  if (design) {
    design->allow_only({"method", "points", "file", "separator", "comment", "columns", "ignore", "replicates", "where",
                        "where_candidates", "correlation"});
    method = design->choice("method", {"grid", "zip", "latin_hypercube", "monte_carlo", "table"}).value_or(method);
    check_belongs(*design, "points", method == "latin_hypercube" || method == "monte_carlo", method,
                  "`latin_hypercube` and `monte_carlo`");
    check_belongs(*design, "file", method == "table", method, "`table`");
    for (const char* key : {"separator", "comment", "columns", "ignore"}) {
      if (method != "table") check_belongs(*design, key, false, method, "`table`");
    }
  }
  const ValuesReader values(folder, known);
  if (method != "table") check_some_given(root);
  const std::vector<Parameter> parameters = read_parameters(root, method == "table" ? nullptr : &values);
  if (design && method == "table")
    return read_table(root, (folder / *design->text("file")).string(), parameters, seed, known);
  const std::uint64_t points = design && design->has("points") ? required_count(*design, "points") : 0;
  return root.locate(design ? "design" : "parameters", [&] {
    if (method == "zip") return zip(parameters, seed);
    if (method == "latin_hypercube") return latin_hypercube(parameters, points, seed);
    if (method == "monte_carlo") return monte_carlo(parameters, points, seed);
    return grid(parameters, seed);
  });
}

}  // namespace

Design read_design(const TomlTable& root, const std::filesystem::path& folder, std::uint64_t seed, StudyTables& known) {
  const Design given = read_points(root, folder, seed, known);
  const Design points = read_where(root, read_derived(root, read_correlation(root, given)), known);
  const TomlTable* design = root.table("design");
  if (!design || !design->has("replicates")) return points;
  const std::uint64_t replicates = required_count(*design, "replicates");
  return design->locate("replicates", [&] { return replicated(points, replicates); });
}

}  // namespace windrow::detail
