#include <fmt/core.h>

#include <algorithm>

#include "study/study_parts.hpp"

namespace windrow::detail {

namespace {

/// What the table of an output gives of the keys that say where it is found: "`file` and `regex`".
std::string sources_given(const TomlTable& table) {
  std::string given;
  for (const auto& member : table.members()) {
    static constexpr std::string_view keys[] = {"stdout", "stderr", "file", "regex", "json", "csv", "array"};
    if (std::find(std::begin(keys), std::end(keys), member.key) == std::end(keys)) continue;
    given += (given.empty() ? "`" : " and `") + member.key + "`";
  }
  return given.empty() ? "none" : given;
}

decltype(OutputSpec::source) read_output_source(const TomlTable& table) {
  const auto has = [&](std::string_view key) { return table.has(key) ? 1 : 0; };
  const int streams = has("stdout") + has("stderr");
  const int in_file = has("regex") + has("json") + has("csv");
  if (streams + has("file") + has("array") != 1 || in_file != has("file")) {
    table.fail("", fmt::format("[{}] needs exactly one source, `stdout`, `stderr`, `array`, or `file` with one of "
                               "`regex`, `json`, `csv`, but has {}",
                               table.path(), sources_given(table)));
  }
  if (table.has("row") && !table.has("csv")) table.fail("row", table.name_of("row") + " goes with `csv` only");
  for (const std::string stream : {"stdout", "stderr"}) {
    if (const auto pattern = table.text(stream)) return RegexSource{stream, *pattern};
  }
  if (const auto array = table.text("array")) {
    if (array->empty()) table.fail("array", table.name_of("array") + " is empty");
    if (table.has("type")) table.fail("type", table.name_of("type") + " does not go with `array`: its file says it");
    return ArraySource{*array};
  }
  const std::string file = *table.text("file");
  if (file.empty()) table.fail("file", table.name_of("file") + " is empty");
  if (const auto pattern = table.text("regex")) return RegexSource{file, *pattern};
  if (const auto pointer = table.text("json")) return JsonSource{file, *pointer};
  const auto row = table.integer("row", 0);
  return CsvSource{file, *table.text("csv"), row ? std::optional(static_cast<std::uint64_t>(*row)) : std::nullopt};
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
  table.allow_only({"stdout", "stderr", "file", "regex", "json", "csv", "array", "row", "type", "unit", "description"});
  OutputSpec output;
  output.name = member.key;
  output.source = read_output_source(table);
  output.type = table.choice("type", {"number", "integer", "boolean", "string"}).value_or(output.type);
  if (std::holds_alternative<ArraySource>(output.source)) output.type = "array";
  output.unit = table.text("unit").value_or("");
  output.description = table.text("description").value_or("");
  return output;
}

}  // namespace

std::vector<OutputSpec> read_outputs(const TomlTable& root, const Design& design) {
  std::vector<OutputSpec> outputs;
  if (const TomlTable* table = root.table("outputs")) {
    for (const auto& member : table->members()) outputs.push_back(read_output(*table, member, design));
  }
  return outputs;
}

}  // namespace windrow::detail
