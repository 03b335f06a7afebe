// Parameters that are computed from others, and conditions on points.
#include <fmt/core.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "design/interface/bad_parameter.hpp"
#include "design/interface/expression.hpp"
#include "design/interface/filter.hpp"
#include "study/study_parts.hpp"
#include "windrow/design/derived.hpp"

namespace windrow::detail {

std::optional<ValueType> read_type(const TomlTable& table) {
  const auto type = table.choice("type", {"number", "integer", "boolean", "string"});
  return type ? std::optional(value_type(*type)) : std::nullopt;
}

bool is_derived(const TomlTable& parameters, std::string_view name) {
  const auto* table = std::get_if<std::shared_ptr<const TomlTable>>(&parameters.required(name).node.value);
  return table != nullptr && (*table)->has("value");
}

void check_some_given(const TomlTable& root) {
  const TomlTable* parameters = root.table("parameters");
  if (parameters == nullptr || parameters->members().empty()) return;
  const auto derived = [&](const TomlTable::Member& member) { return is_derived(*parameters, member.key); };
  if (!std::ranges::all_of(parameters->members(), derived)) return;
  root.fail("parameters", "all parameters are derived: at least one needs `values` of its own");
}

namespace {

Parameter read_derived_parameter(const TomlTable& parameters, const std::string& name) {
  const TomlTable& table = *parameters.table(name);
  if (table.has("values")) {
    table.fail("value", table.name_of("value") + " does not go with `values`: a parameter is either derived or given");
  }
  table.allow_only({"value", "type", "format", "unit", "description"});
  const TomlTable::Member& member = table.required("value");
  if (!std::holds_alternative<std::string>(member.node.value)) {
    table.wrong_type(member, "an expression of other parameters, as \"2 * width\" (a list or range is `values`)");
  }
  Parameter parameter = parameters.locate(name, [&] { return derived(name, *table.text("value")); });
  if (const auto type = read_type(table)) parameter.type(*type);
  if (const auto format = table.text("format")) table.locate("format", [&] { parameter.format(*format); });
  parameter.unit(table.text("unit").value_or("")).description(table.text("description").value_or(""));
  return parameter;
}

/// One text, or a list of them.
std::vector<std::string> read_conditions(const TomlTable& design) {
  const TomlTable::Member& member = *design.find("where");
  if (const auto* text = std::get_if<std::string>(&member.node.value)) return {*text};
  if (!std::holds_alternative<TomlNode::Array>(member.node.value)) {
    design.wrong_type(member, "an expression of parameters, as \"width < 2 * height\", or a list of such");
  }
  std::vector<std::string> conditions = *design.texts("where");
  if (conditions.empty()) design.fail("where", design.name_of("where") + " must have at least one item");
  return conditions;
}

/// One after the other, so that the line of the one that is wrong is named.
void check_conditions(const TomlTable& design, const std::vector<ExpressionName>& names) {
  const TomlTable::Member& member = *design.find("where");
  const auto* items = std::get_if<TomlNode::Array>(&member.node.value);
  const std::vector<std::string> conditions = read_conditions(design);
  for (std::size_t i = 0; i < conditions.size(); ++i) {
    const std::size_t line = items != nullptr ? (*items)[i].line : member.line;
    const TomlTable here(design.file(), design.path(), line, {});
    here.locate("where", [&] { const Expression condition(conditions[i], "", names, "parameter"); });
  }
}

}  // namespace

Design read_derived(const TomlTable& root, const Design& design) {
  const TomlTable* table = root.table("parameters");
  if (table == nullptr) return design;
  std::vector<Parameter> parameters;
  std::vector<std::string> order;
  for (const TomlTable::Member& member : table->members()) {
    order.push_back(member.key);
    if (is_derived(*table, member.key)) parameters.push_back(read_derived_parameter(*table, member.key));
  }
  if (design.method() == "table") order.clear();
  try {
    return derived(design, std::move(parameters), order);
  } catch (const BadParameter& bad) {
    const TomlTable& where = *table->table(bad.name());
    where.fail("value", bad.reason());
  } catch (const SpecError& error) {
    root.fail("parameters", error.what());
  }
}

Design read_where(const TomlTable& root, const Design& design, StudyTables& known) {
  const TomlTable* table = root.table("design");
  if (table == nullptr) return design;
  if (!table->has("where")) {
    if (table->has("where_candidates")) {
      table->fail("where_candidates", table->name_of("where_candidates") + " has no meaning without `where`");
    }
    return design;
  }
  check_conditions(*table, expression_names(design.parameters()));
  const auto most = table->integer("where_candidates", 1);
  return table->locate("where", [&] {
    const std::vector<std::string> conditions = read_conditions(*table);
    const auto look = [&] {
      return look_at_candidates(design, conditions,
                                most ? std::optional(static_cast<std::uint64_t>(*most)) : std::nullopt);
    };
    return filtered(design, conditions, known.found(look));
  });
}

}  // namespace windrow::detail
