#include <fmt/core.h>

#include <utility>

#include "design/interface/table.hpp"
#include "study/study_parts.hpp"
#include "windrow/design/compose.hpp"

namespace windrow::detail {

namespace {

std::uint64_t required_count(const TomlTable& table, std::string_view key) {
  table.required(key);
  return static_cast<std::uint64_t>(*table.integer(key, 1));
}

/// Where values of parameters come from: read by `values`, one of these; or the file of a table.
struct ValuesOf {
  const ValuesReader* values = nullptr;
  const TomlTable* list = nullptr;     ///< the points of a list
  const TomlTable* centred = nullptr;  ///< [design], whose steps go from nominal values
};

void check_no_values(const TomlTable& table, const ValuesOf& from) {
  if (from.values != nullptr) return;
  if (from.centred != nullptr) {
    if (table.has("values")) {
      table.fail("values",
                 table.name_of("values") + " does not go with `step` in [design]: values are steps from `nominal`");
    }
    return;
  }
  const std::string owner = from.list ? "the points" : "the file";
  const std::string method = from.list ? "list" : "table";
  for (const char* key : {"values", "nominal"}) {
    if (!table.has(key)) continue;
    table.fail(key, fmt::format("{} {} `{}`: only `type`, `format`, `unit` and `description` apply", table.name_of(key),
                                std::string_view(key) == "values" ? "is given by " + owner + " of method"
                                                                  : "has no meaning for method",
                                method));
  }
}

ReadValues read_source(const TomlTable& table, const std::string& name, const ValuesOf& from,
                       std::optional<ValueType> type) {
  if (from.values != nullptr) return from.values->read(table, type);
  if (from.list != nullptr) return {read_levels(*from.list, name, type)};
  if (from.centred == nullptr) return {Levels{{Value(0)}}};
  const Value nominal = read_nominal(table);
  if (!nominal.is_number()) return {Levels{{nominal}}};
  const bool whole = std::holds_alternative<std::int64_t>(table.required("nominal").node.value);
  return {Linear{nominal.number(), nominal.number(), 1}, whole && has_whole_steps(*from.centred, name)};
}

Parameter read_parameter(const TomlTable& table, const std::string& name, const ValuesOf& from,
                         const TomlTable& parameters) {
  table.allow_only({"values", "value", "type", "format", "nominal", "unit", "units", "description"});
  check_no_values(table, from);
  const auto type = read_type(table);
  const ReadValues source = read_source(table, name, from, type);
  Parameter parameter = parameters.locate(name, [&] { return Parameter(name, source.source); });
  if (source.has_whole_ends) table.locate("values", [&] { parameter.whole_numbers(); });
  if (type) table.locate("type", [&] { parameter.type(*type); });
  if (const auto format = table.text("format")) table.locate("format", [&] { parameter.format(*format); });
  if (table.has("nominal")) {
    Value nominal = read_nominal(table);
    table.locate("nominal", [&] { parameter.nominal(std::move(nominal)); });
  }
  parameter.unit(table.text("unit").value_or("")).description(table.text("description").value_or(""));
  return parameter;
}

std::vector<Parameter> read_parameters(const TomlTable& root, const ValuesOf& from) {
  const TomlTable* table = root.table("parameters");
  const bool are_needed = from.values != nullptr || from.centred != nullptr;
  if (are_needed && (!table || table->members().empty())) {
    root.fail("parameters", "no parameters: a study needs at least one table [parameters.NAME]");
  }
  std::vector<Parameter> parameters;
  if (!table && from.list != nullptr) {  // a list may name them itself
    const TomlTable none(root.file(), "parameters", from.list->members().front().line, {});
    for (const auto& member : from.list->members()) parameters.push_back(read_parameter(none, member.key, from, none));
  }
  if (!table) return parameters;
  for (const auto& member : table->members()) {
    if (!is_derived(*table, member.key)) {
      parameters.push_back(read_parameter(*table->table(member.key), member.key, from, *table));
    }
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
    std::vector<std::string> keys = method_keys();
    keys.insert(keys.end(), {"method", "file", "separator", "comment", "columns", "ignore", "replicates", "zip",
                             "where", "where_candidates", "correlation"});
    design->allow_only(keys);
    method = design->choice("method", method_names()).value_or(method);
    check_method_keys(*design, method);
    check_belongs(*design, "file", method == "table", method, "`table`");
    if (method != "grid") check_belongs(*design, "zip", false, method, "`grid`");
    for (const char* key : {"separator", "comment", "columns", "ignore"}) {
      if (method != "table") check_belongs(*design, key, false, method, "`table`");
    }
  }
  if (method == "table") {
    return read_table(root, (folder / *design->text("file")).string(), read_parameters(root, {}), seed, known);
  }
  if (method == "list") {
    const TomlTable list = read_point_list(root);
    return read_method(root, method, read_parameters(root, {.list = &list}), seed);
  }
  if (is_centred(design, method)) {
    return read_method(root, method, read_parameters(root, {.centred = design}), seed);
  }
  const ValuesReader values(folder, known);
  check_some_given(root);
  const std::vector<Parameter> parameters = read_parameters(root, {.values = &values});
  if (design && design->has("zip")) {
    const auto groups = read_groups(*design);
    read_method(root, method, parameters, seed);  // what is wrong without groups, too
    return design->locate("zip", [&] { return zipped_grid(parameters, groups, seed); });
  }
  return read_method(root, method, parameters, seed);
}

}  // namespace

Design read_design(const TomlTable& root, const std::filesystem::path& folder, std::uint64_t seed, StudyTables& known) {
  const TomlTable::Member* member = root.find("design");
  if (member && std::holds_alternative<TomlNode::Array>(member->node.value)) {
    const auto read = [&](const TomlTable& study, std::uint64_t own_seed) {
      return read_where(study, read_correlation(study, read_points(study, folder, own_seed, known)), known);
    };
    check_some_given(root);
    return read_derived(root, read_blocks(root, seed, read));
  }
  const Design given = read_points(root, folder, seed, known);
  const Design points = read_where(root, read_derived(root, read_correlation(root, given)), known);
  const TomlTable* design = root.table("design");
  if (!design || !design->has("replicates")) return points;
  const std::uint64_t replicates = required_count(*design, "replicates");
  return design->locate("replicates", [&] { return replicated(points, replicates); });
}

}  // namespace windrow::detail
