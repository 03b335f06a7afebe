// What [parameters.NAME] says of its values.
#include <fmt/core.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <utility>

#include "design/interface/bad_term.hpp"
#include "design/interface/table.hpp"
#include "study/study_parts.hpp"
#include "windrow/base/text.hpp"

namespace windrow::detail {

namespace {

double required_number(const TomlTable& table, std::string_view key) {
  table.required(key);
  return *table.number(key);
}

/// Any that 64 bits hold.
std::int64_t required_integer(const TomlTable& table, std::string_view key) {
  table.required(key);
  return *table.integer(key, std::numeric_limits<std::int64_t>::min());
}

bool is_integer(const TomlTable& table, std::string_view key) {
  return std::holds_alternative<std::int64_t>(table.required(key).node.value);
}

/// What `make` makes; what is wrong with it is said where the key stands.
template <typename Make>
auto made_of(const TomlTable& table, const Make& make) {
  try {
    return make();
  } catch (const BadTerm& bad) {
    table.fail(bad.name(), bad.message(table.name_of(bad.name())));
  }
}

ReadValues read_steps(const TomlTable& table) {
  const double from = required_number(table, "from"), to = required_number(table, "to");
  const double step = required_number(table, "step");
  const bool whole = is_integer(table, "from") && is_integer(table, "to") && is_integer(table, "step");
  return {made_of(table, [&] { return LinearSteps(from, to, step); }), whole};
}

ReadValues read_range(const std::string& kind, const TomlTable& table) {
  const bool is_linear = kind == "linear";
  table.allow_only(is_linear ? std::vector<std::string>{"from", "to", "points", "step"}
                             : std::vector<std::string>{"from", "to", "points"});
  if (table.has("step") && table.has("points")) {
    table.fail("step", table.name_of("step") + " does not go with `points`: one of them says where the levels are");
  }
  if (table.has("step")) return read_steps(table);
  const double from = required_number(table, "from"), to = required_number(table, "to");
  if (is_linear && !table.has("points")) {
    table.fail("points", "missing " + table.name_of("points") + ", or `step` instead");
  }
  table.required("points");
  const auto points = static_cast<std::uint64_t>(*table.integer("points", 1));
  const bool whole = is_integer(table, "from") && is_integer(table, "to");
  if (is_linear) return {Linear{from, to, points}, whole};
  if (kind == "geometric") return {Geometric{from, to, points}, whole};
  return {ReversedGeometric{from, to, points}, whole};
}

ReadValues read_integers(const TomlTable& table) {
  if (table.has("low") || table.has("high")) {
    table.fail(table.has("low") ? "low" : "high",
               fmt::format("{} are levels, `from` and `to`; whole numbers that are drawn are `discrete_uniform`",
                           table.path()));
  }
  table.allow_only({"from", "to", "step"});
  const std::int64_t from = required_integer(table, "from"), to = required_integer(table, "to");
  return {made_of(table, [&] {
    return table.has("step") ? Integers(from, to, required_integer(table, "step")) : Integers(from, to);
  })};
}

ReadValues read_distribution(const std::string& kind, const TomlTable& table) {
  table.allow_only(Distribution::keys(kind));
  std::vector<Term> terms;
  for (const TomlTable::Member& member : table.members()) terms.push_back({member.key, *table.number(member.key)});
  return {made_of(table, [&] { return Distribution(kind, std::move(terms)); })};
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

std::vector<double> read_weights(const TomlTable& table) {
  const TomlTable::Member& member = table.required("weights");
  const auto* array = std::get_if<TomlNode::Array>(&member.node.value);
  if (array == nullptr) table.wrong_type(member, "a list of numbers");
  std::vector<double> weights;
  for (const TomlNode& node : *array) {
    const auto* integer = std::get_if<std::int64_t>(&node.value);
    const auto* number = std::get_if<double>(&node.value);
    if (integer == nullptr && number == nullptr) {
      table.fail("weights", fmt::format("{} must be a list of numbers; item {} is {}", table.name_of("weights"),
                                        weights.size() + 1, node.kind()));
    }
    weights.push_back(integer != nullptr ? static_cast<double>(*integer) : *number);
  }
  return weights;
}

ReadValues read_choice(const TomlTable& table, std::optional<ValueType> type) {
  table.allow_only({"values", "weights"});
  const TomlTable::Member& member = table.required("values");
  const auto* array = std::get_if<TomlNode::Array>(&member.node.value);
  if (array == nullptr) table.wrong_type(member, "a list of numbers, of strings or of booleans");
  std::vector<Value> values = read_levels(table, *array, type).values;
  std::vector<double> weights(values.size(), 1.0);
  if (table.has("weights")) weights = read_weights(table);
  return {made_of(table, [&] { return Choice(std::move(values), std::move(weights)); })};
}

/// The numbers of a column, and what should be known of how they were read.
Samples samples_of(const TableText& text, const std::string& path, const std::string& column) {
  TableOptions options;
  options.columns = {column};
  options.names = {{"samples", column}};
  const Design rows = table(text, path, options, {}, 0);
  const Parameter& parameter = rows.parameters().front();
  const auto type = parameter.type_of_values();
  if (type != ValueType::number && type != ValueType::integer) {
    throw SpecError(fmt::format("{}: the column `{}` is not of numbers alone, as samples are", path, column));
  }
  std::vector<double> numbers;
  numbers.reserve(rows.size());
  for (std::uint64_t row = 0; row < rows.size(); ++row) numbers.push_back(parameter.level(row).number());
  try {
    return Samples(std::move(numbers), type == ValueType::integer, rows.notes());
  } catch (const SpecError& error) {
    throw SpecError(fmt::format("{}: column `{}`: {}", path, column, error.what()));
  }
}

}  // namespace

ReadValues ValuesReader::read_samples(const TomlTable& table) const {
  table.allow_only({"file", "column"});
  table.required("file");
  table.required("column");
  const std::string path = (folder_ / *table.text("file")).string();
  const std::string column = *table.text("column");
  const TableText text = table.locate("file", [&] { return tables_.text(path); });
  try {
    return {samples_of(text, path, column)};
  } catch (const BadTableOption& error) {
    table.fail("column", error.what());
  } catch (const SpecError& error) {
    table.fail("file", error.what());
  }
}

ReadValues ValuesReader::read_kind(const std::string& kind, const TomlTable& table,
                                   std::optional<ValueType> type) const {
  if (kind == "integers") return read_integers(table);
  if (kind == "choice") return read_choice(table, type);
  if (kind == "samples") return read_samples(table);
  const bool is_range = kind == "linear" || kind == "geometric" || kind == "reversed_geometric";
  return is_range ? read_range(kind, table) : read_distribution(kind, table);
}

ReadValues ValuesReader::read(const TomlTable& table, std::optional<ValueType> type) const {
  const TomlTable::Member& member = table.required("values");
  if (const auto* array = std::get_if<TomlNode::Array>(&member.node.value)) {
    return {read_levels(table, *array, type)};
  }
  if (!std::holds_alternative<std::shared_ptr<const TomlTable>>(member.node.value)) {
    table.wrong_type(member, "a list, or a table such as { linear = { from = 0, to = 1, points = 5 } }");
  }
  const TomlTable& kinds = *table.table("values");
  std::vector<std::string> known = {"linear", "geometric", "reversed_geometric", "integers", "choice", "samples"};
  std::ranges::copy(Distribution::kinds(), std::back_inserter(known));
  kinds.allow_only(known);
  if (kinds.members().size() != 1) {
    table.fail("values",
               fmt::format("{} needs exactly one of `{}`", table.name_of("values"), fmt::join(known, "`, `")));
  }
  const std::string& kind = kinds.members().front().key;
  return read_kind(kind, *kinds.table(kind), type);
}

}  // namespace windrow::detail
