#include <fmt/core.h>

#include <algorithm>
#include <utility>

#include "design/interface/table.hpp"
#include "study/study_parts.hpp"
#include "windrow/base/text.hpp"

namespace windrow::detail {

namespace {

double required_number(const TomlTable& table, std::string_view key) {
  table.required(key);
  return *table.number(key);
}

std::uint64_t required_count(const TomlTable& table, std::string_view key) {
  table.required(key);
  return static_cast<std::uint64_t>(*table.integer(key, 1));
}

struct Range {
  double from, to;
  std::uint64_t points;
};

/// A source, and whether the ends of a range are written as integers.
struct Source {
  Parameter::Source source;
  bool has_whole_ends = false;
};

bool is_integer(const TomlTable& table, std::string_view key) {
  return std::holds_alternative<std::int64_t>(table.required(key).node.value);
}

Range read_range(const TomlTable& table) {
  table.allow_only({"from", "to", "points"});
  return {required_number(table, "from"), required_number(table, "to"), required_count(table, "points")};
}

Source read_kind(const std::string& kind, const TomlTable& table) {
  if (kind == "uniform") {
    table.allow_only({"low", "high"});
    return {Uniform{required_number(table, "low"), required_number(table, "high")}};
  }
  if (kind == "normal") {
    table.allow_only({"mean", "sd"});
    return {Normal{required_number(table, "mean"), required_number(table, "sd")}};
  }
  const auto [from, to, points] = read_range(table);
  const bool whole = is_integer(table, "from") && is_integer(table, "to");
  if (kind == "linear") return {Linear{from, to, points}, whole};
  if (kind == "geometric") return {Geometric{from, to, points}, whole};
  return {ReversedGeometric{from, to, points}, whole};
}

/// Numbers with and without fraction are one kind.
bool same_kind(const TomlNode& a, const TomlNode& b) {
  const auto is_number = [](const TomlNode& node) {
    return std::holds_alternative<std::int64_t>(node.value) || std::holds_alternative<double>(node.value);
  };
  return a.value.index() == b.value.index() || (is_number(a) && is_number(b));
}

/// An integer among numbers is one of them, and goes into programs as it is written.
/// @throws SpecError if it would lose digits
Value among_numbers(std::int64_t integer) {
  const std::string text = std::to_string(integer);
  if (text::is_rounded_whole(text)) {
    throw SpecError(
        fmt::format("{} loses digits beside a number that is no integer; with type = \"string\" all keep "
                    "theirs",
                    text));
  }
  return Value(static_cast<double>(integer)).spelled(text);
}

/// Several texts: what {{*name}} makes arguments of.
std::optional<Value> list_of_texts(const TomlNode::Array& array) {
  std::vector<std::string> texts;
  for (const TomlNode& node : array) {
    const auto* text = std::get_if<std::string>(&node.value);
    if (!text) return {};
    texts.push_back(*text);
  }
  return Value(text::shell_line(texts));
}

/// @return none for what cannot be a level
std::optional<Value> to_value(const TomlNode& node, bool as_floating_point) {
  if (const auto* integer = std::get_if<std::int64_t>(&node.value)) {
    return as_floating_point ? among_numbers(*integer) : Value(*integer);
  }
  if (const auto* number = std::get_if<double>(&node.value)) return Value(*number);
  if (const auto* boolean = std::get_if<bool>(&node.value)) return Value(*boolean);
  if (const auto* text = std::get_if<std::string>(&node.value)) return Value(*text);
  if (const auto* array = std::get_if<TomlNode::Array>(&node.value)) return list_of_texts(*array);
  return {};
}

/// Levels of one kind: one floating-point number makes all numbers floating-point, unless they are to be strings.
Levels read_levels(const TomlTable& table, const TomlNode::Array& array, std::optional<ValueType> type) {
  if (array.empty()) table.fail("values", table.name_of("values") + " must have at least one item");
  const auto is_number = [](const TomlNode& node) { return std::holds_alternative<double>(node.value); };
  const bool as_floating_point = type != ValueType::string && std::any_of(array.begin(), array.end(), is_number);
  Levels levels;
  for (const TomlNode& node : array) {
    const auto value = table.locate("values", [&] { return to_value(node, as_floating_point); });
    if (!value || !same_kind(node, array.front())) {
      table.fail("values", fmt::format("{} must be a list of numbers, of strings or of booleans; item {} is {}",
                                       table.name_of("values"), levels.values.size() + 1, node.kind()));
    }
    levels.values.push_back(*value);
  }
  return levels;
}

Source read_source(const TomlTable& table, std::optional<ValueType> type) {
  const TomlTable::Member& member = table.required("values");
  if (const auto* array = std::get_if<TomlNode::Array>(&member.node.value)) {
    return {read_levels(table, *array, type)};
  }
  if (!std::holds_alternative<std::shared_ptr<const TomlTable>>(member.node.value)) {
    table.wrong_type(member, "a list, or a table such as { linear = { from = 0, to = 1, points = 5 } }");
  }
  const TomlTable& kinds = *table.table("values");
  kinds.allow_only({"linear", "geometric", "reversed_geometric", "uniform", "normal"});
  if (kinds.members().size() != 1) {
    table.fail("values", table.name_of("values") +
                             " needs exactly one of `linear`, `geometric`, `reversed_geometric`, `uniform`, `normal`");
  }
  const std::string& kind = kinds.members().front().key;
  return read_kind(kind, *kinds.table(kind));
}

std::optional<ValueType> read_type(const TomlTable& table) {
  const auto type = table.choice("type", {"number", "integer", "boolean", "string"});
  return type ? std::optional(value_type(*type)) : std::nullopt;
}

Parameter read_parameter(const TomlTable& parameters, const std::string& name, bool from_table) {
  const TomlTable& table = *parameters.table(name);
  table.allow_only({"values", "type", "format", "unit", "description"});
  if (from_table && table.has("values")) {
    table.fail("values",
               table.name_of("values") +
                   " is given by the file of method `table`: only `type`, `format`, `unit` and `description` apply");
  }
  const auto type = read_type(table);
  const Source source = from_table ? Source{Levels{{Value(0)}}} : read_source(table, type);
  Parameter parameter = parameters.locate(name, [&] { return Parameter(name, source.source); });
  if (source.has_whole_ends) table.locate("values", [&] { parameter.whole_numbers(); });
  if (type) table.locate("type", [&] { parameter.type(*type); });
  if (const auto format = table.text("format")) table.locate("format", [&] { parameter.format(*format); });
  parameter.unit(table.text("unit").value_or("")).description(table.text("description").value_or(""));
  return parameter;
}

std::vector<Parameter> read_parameters(const TomlTable& root, bool from_table) {
  const TomlTable* table = root.table("parameters");
  if (!from_table && (!table || table->members().empty())) {
    root.fail("parameters", "no parameters: a study needs at least one table [parameters.NAME]");
  }
  std::vector<Parameter> parameters;
  if (!table) return parameters;
  for (const auto& member : table->members()) parameters.push_back(read_parameter(*table, member.key, from_table));
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
                  std::uint64_t seed, StudyTable& known) {
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

Design read_points(const TomlTable& root, const std::filesystem::path& folder, std::uint64_t seed, StudyTable& known) {
  std::string method = "grid";
  const TomlTable* design = root.table("design");
  if (design) {
    design->allow_only({"method", "points", "file", "separator", "comment", "columns", "ignore", "replicates"});
    method = design->choice("method", {"grid", "zip", "latin_hypercube", "monte_carlo", "table"}).value_or(method);
    check_belongs(*design, "points", method == "latin_hypercube" || method == "monte_carlo", method,
                  "`latin_hypercube` and `monte_carlo`");
    check_belongs(*design, "file", method == "table", method, "`table`");
    for (const char* key : {"separator", "comment", "columns", "ignore"}) {
      if (method != "table") check_belongs(*design, key, false, method, "`table`");
    }
  }
  const std::vector<Parameter> parameters = read_parameters(root, method == "table");
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

Design read_design(const TomlTable& root, const std::filesystem::path& folder, std::uint64_t seed, StudyTable& known) {
  Design points = read_points(root, folder, seed, known);
  const TomlTable* design = root.table("design");
  if (!design || !design->has("replicates")) return points;
  const std::uint64_t replicates = required_count(*design, "replicates");
  return design->locate("replicates", [&] { return replicated(points, replicates); });
}

}  // namespace windrow::detail
