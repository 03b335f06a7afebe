#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>

#include "study/study_parts.hpp"

namespace windrow::detail {

namespace {

constexpr std::array<std::string_view, 8> kSources = {"stdout", "stderr", "file",  "regex",
                                                      "json",   "csv",    "table", "array"};

/// What the table of an output gives of the keys that say where it is found: "`file` and `regex`".
std::string sources_given(const TomlTable& table) {
  std::string given;
  for (const auto& member : table.members()) {
    if (std::find(kSources.begin(), kSources.end(), member.key) == kSources.end()) continue;
    given += (given.empty() ? "`" : " and `") + member.key + "`";
  }
  return given.empty() ? "none" : given;
}

/// A key that says more of a source goes with some of them only.
void require_one_of(const TomlTable& table, std::string_view key, const std::vector<std::string_view>& sources) {
  if (!table.has(key)) return;
  if (std::any_of(sources.begin(), sources.end(), [&](std::string_view source) { return table.has(source); })) return;
  table.fail(key, fmt::format("{} goes with `{}` only", table.name_of(key), fmt::join(sources, "`, `")));
}

WhichOne read_match(const TomlTable& table) {
  constexpr const char* form = "\"first\", \"last\" or a number from 1";
  const TomlTable::Member* member = table.find("match");
  if (!member) return {};
  if (std::holds_alternative<std::int64_t>(member->node.value)) {
    return static_cast<std::uint64_t>(*table.integer("match", 1));
  }
  if (!std::holds_alternative<std::string>(member->node.value)) table.wrong_type(*member, form);
  return table.choice("match", {"first", "last"}) == "first" ? WhichOne(1) : std::nullopt;
}

std::optional<std::uint64_t> read_row(const TomlTable& table) {
  const auto row = table.integer("row", 0);
  return row ? std::optional(static_cast<std::uint64_t>(*row)) : std::nullopt;
}

/// `columns`: names, or numbers from 0; one of them without a list.
decltype(npy::TextForm::columns) read_columns(const TomlTable& table) {
  constexpr const char* form = "names of columns, or their numbers from 0";
  const TomlTable::Member* member = table.find("columns");
  if (!member) return {};
  const auto* array = std::get_if<TomlNode::Array>(&member->node.value);
  const TomlNode::Array columns = array != nullptr ? *array : TomlNode::Array{member->node};
  std::vector<std::string> names;
  std::vector<std::uint64_t> positions;
  for (const TomlNode& column : columns) {
    if (const auto* name = std::get_if<std::string>(&column.value)) names.push_back(*name);
    const auto* position = std::get_if<std::int64_t>(&column.value);
    if (position != nullptr && *position >= 0) positions.push_back(static_cast<std::uint64_t>(*position));
  }
  if (columns.empty() || (names.size() != columns.size() && positions.size() != columns.size())) {
    table.fail("columns", fmt::format("{} must be {}", table.name_of("columns"), form));
  }
  if (!names.empty()) return names;
  return positions;
}

ArraySource read_array(const TomlTable& table) {
  ArraySource source{*table.text("array")};
  if (source.file.empty()) table.fail("array", table.name_of("array") + " is empty");
  if (table.has("type")) table.fail("type", table.name_of("type") + " does not go with `array`: its file says it");
  source.form.skip = static_cast<std::uint64_t>(table.integer("skip", 0).value_or(0));
  source.form.columns = read_columns(table);
  source.form.table = read_match(table);
  return source;
}

decltype(OutputSpec::source) read_output_source(const TomlTable& table) {
  const auto has = [&](std::string_view key) { return table.has(key) ? 1 : 0; };
  const int streams = has("stdout") + has("stderr");
  const int in_file = has("regex") + has("json") + has("csv") + has("table");
  if (streams + has("file") + has("array") != 1 || in_file != has("file")) {
    table.fail("", fmt::format("[{}] needs exactly one source, `stdout`, `stderr`, `array`, or `file` with one of "
                               "`regex`, `json`, `csv`, `table`, but has {}",
                               table.path(), sources_given(table)));
  }
  require_one_of(table, "row", {"csv", "table"});
  require_one_of(table, "match", {"stdout", "stderr", "regex", "table", "columns"});
  require_one_of(table, "skip", {"array"});
  require_one_of(table, "columns", {"array"});
  for (const std::string stream : {"stdout", "stderr"}) {
    if (const auto pattern = table.text(stream)) return RegexSource{stream, *pattern, read_match(table)};
  }
  if (table.has("array")) return read_array(table);
  const std::string file = *table.text("file");
  if (file.empty()) table.fail("file", table.name_of("file") + " is empty");
  if (const auto pattern = table.text("regex")) return RegexSource{file, *pattern, read_match(table)};
  if (const auto pointer = table.text("json")) return JsonSource{file, *pointer};
  if (const auto column = table.text("table")) return TableSource{file, *column, read_row(table), read_match(table)};
  return CsvSource{file, *table.text("csv"), read_row(table)};
}

void check_output_name(const TomlTable& outputs, const std::string& name, const Design& design) {
  const auto is_letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  const bool identifier = !name.empty() && is_letter(name.front()) &&
                          std::all_of(name.begin(), name.end(), [&](char c) { return is_letter(c) || is_digit(c); });
  if (!identifier) {
    outputs.fail(
        name,
        fmt::format("`{}` cannot name an output; a name is letters, digits and underscores, not a digit first", name));
  }
  if (name == "index" || name == "status" || name == "seed") {
    outputs.fail(name,
                 fmt::format("`{}` cannot name an output: it is reserved (so are `index`, `status` and `seed`)", name));
  }
  const auto& parameters = design.parameters();
  if (std::any_of(parameters.begin(), parameters.end(), [&](const Parameter& p) { return p.name() == name; })) {
    outputs.fail(name, fmt::format("`{}` is an output and a parameter: one of them needs another name", name));
  }
}

OutputSpec read_output(const TomlTable& outputs, const TomlTable::Member& member, const Design& design) {
  check_output_name(outputs, member.key, design);
  if (!std::holds_alternative<std::shared_ptr<const TomlTable>>(member.node.value)) {
    outputs.wrong_type(member, "a table such as { stdout = 'total = (\\S+)' }");
  }
  const TomlTable& table = *outputs.table(member.key);
  table.allow_only({"stdout", "stderr", "file", "regex", "json", "csv", "table", "array", "row", "match", "skip",
                    "columns", "type", "optional", "finite", "valid", "unit", "description"});
  OutputSpec output;
  output.name = member.key;
  output.source = read_output_source(table);
  output.type = table.choice("type", {"number", "integer", "boolean", "string"}).value_or(output.type);
  if (std::holds_alternative<ArraySource>(output.source)) output.type = "array";
  output.unit = table.text("unit").value_or("");
  output.description = table.text("description").value_or("");
  output.optional = table.truth("optional").value_or(false);
  output.finite = table.truth("finite").value_or(false);
  return output;
}

TextCheck read_check(const TomlTable& table) {
  table.allow_only({"stdout", "stderr", "file", "regex"});
  const bool is_in_file = table.has("file") && table.has("regex");
  if (table.members().size() != (is_in_file ? 2U : 1U) || table.has("file") != table.has("regex")) {
    table.fail("", fmt::format("[{}] needs exactly one of `stdout`, `stderr`, or `file` with `regex`, but has {}",
                               table.path(), sources_given(table)));
  }
  for (const std::string stream : {"stdout", "stderr"}) {
    if (const auto pattern = table.text(stream)) return {stream, *pattern};
  }
  const std::string file = *table.text("file");
  if (file.empty()) table.fail("file", table.name_of("file") + " is empty");
  return {file, *table.text("regex")};
}

/// A check, or a list of them.
std::vector<TextCheck> read_checks(const TomlTable& command, std::string_view key) {
  using Table = std::shared_ptr<const TomlTable>;
  const TomlTable::Member* member = command.find(key);
  if (!member) return {};
  const auto* array = std::get_if<TomlNode::Array>(&member->node.value);
  const TomlNode::Array nodes = array != nullptr ? *array : TomlNode::Array{member->node};
  std::vector<TextCheck> checks;
  for (const TomlNode& node : nodes) {
    const auto* table = std::get_if<Table>(&node.value);
    if (table == nullptr) command.wrong_type(*member, "a table such as { stdout = 'ERROR' }, or a list of such");
    checks.push_back(read_check(**table));
  }
  return checks;
}

/// A text, or a list of texts.
std::vector<std::string> read_valid(const TomlTable& table) {
  const TomlTable::Member* member = table.find("valid");
  if (!member) return {};
  if (const auto* text = std::get_if<std::string>(&member->node.value)) return {*text};
  if (!std::holds_alternative<TomlNode::Array>(member->node.value)) {
    table.wrong_type(*member, "an expression such as \"energy < 0\", or a list of such");
  }
  return *table.texts("valid");
}

std::vector<int> read_success_codes(const TomlTable& command) {
  const TomlTable::Member* member = command.find("success_codes");
  if (!member) return {0};
  constexpr const char* form = "a list of exit codes, from 0 to 255, such as [0, 3]";
  const auto* array = std::get_if<TomlNode::Array>(&member->node.value);
  if (array == nullptr) command.wrong_type(*member, form);
  std::vector<int> codes;
  for (const TomlNode& node : *array) {
    const auto* code = std::get_if<std::int64_t>(&node.value);
    if (code == nullptr || *code < 0 || *code > 255) {
      command.fail("success_codes", fmt::format("{} must be {}", command.name_of("success_codes"), form));
    }
    codes.push_back(static_cast<int>(*code));
  }
  if (codes.empty()) command.fail("success_codes", command.name_of("success_codes") + " is empty: it must be " + form);
  return codes;
}

/// The tables that may say what is valid: [command], and those of the outputs.
std::vector<const TomlTable*> tables_of_conditions(const TomlTable& root) {
  std::vector<const TomlTable*> tables = {root.table("command")};
  const TomlTable* outputs = root.table("outputs");
  if (outputs == nullptr) return tables;
  for (const auto& member : outputs->members()) tables.push_back(outputs->table(member.key));
  return tables;
}

}  // namespace

void read_outputs(const TomlTable& root, const Design& design, CommandSpec& spec) {
  if (const TomlTable* table = root.table("outputs")) {
    for (const auto& member : table->members()) spec.outputs.push_back(read_output(*table, member, design));
  }
  const TomlTable& command = *root.table("command");
  spec.success_codes = read_success_codes(command);
  spec.fail_if = read_checks(command, "fail_if");
  spec.require = read_checks(command, "require");
  for (const TomlTable* table : tables_of_conditions(root)) {
    for (std::string& condition : read_valid(*table)) spec.valid.push_back(std::move(condition));
  }
}

CommandSpec without_reading(const CommandSpec& spec) {
  CommandSpec alone = spec;
  alone.outputs.clear();
  alone.fail_if.clear();
  alone.require.clear();
  alone.valid.clear();
  return alone;
}

void check_reading(const TomlTable& root, const CommandSpec& spec, const Design& design) {
  const CommandSpec alone = without_reading(spec);
  const TomlTable& command = *root.table("command");
  const auto check = [&](const TomlTable& table, std::string_view key, const auto& add) {
    CommandSpec part = alone;
    add(part);
    table.locate(key, [&] { Command(std::move(part), design); });
  };
  check(command, "fail_if", [&](CommandSpec& part) { part.fail_if = spec.fail_if; });
  check(command, "require", [&](CommandSpec& part) { part.require = spec.require; });
  for (const OutputSpec& output : spec.outputs) {
    check(*root.table("outputs"), output.name, [&](CommandSpec& part) { part.outputs = {output}; });
  }
  for (const TomlTable* table : tables_of_conditions(root)) {
    check(*table, "valid", [&](CommandSpec& part) {
      part.outputs = spec.outputs;
      part.valid = read_valid(*table);
    });
  }
}

}  // namespace windrow::detail
