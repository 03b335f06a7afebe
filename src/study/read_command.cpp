#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "study/study_parts.hpp"
#include "windrow/base/text.hpp"

namespace windrow::detail {

namespace {

std::variant<std::vector<std::string>, std::string> read_run(const TomlTable& table) {
  const TomlTable::Member& member = table.required("run");
  if (const auto* shell = std::get_if<std::string>(&member.node.value)) {
    if (shell->find_first_not_of(" \t\r\n") == std::string::npos) table.fail("run", table.name_of("run") + " is empty");
    return *shell;
  }
  if (!std::holds_alternative<TomlNode::Array>(member.node.value)) {
    table.wrong_type(member, "a list of arguments or a text for the shell");
  }
  std::vector<std::string> arguments = *table.texts("run");
  if (arguments.empty() || arguments.front().empty()) {
    table.fail("run", table.name_of("run") + " must start with a program");
  }
  return arguments;
}

/// A duration, or "300%": of the median of finished points.
void read_timeout(const TomlTable& table, CommandSpec& spec) {
  const TomlTable::Member* member = table.find("timeout");
  if (!member) return;
  const auto* text = std::get_if<std::string>(&member->node.value);
  if (text && text->ends_with('%')) {
    const auto percent = text::parse_double(std::string_view(*text).substr(0, text->size() - 1));
    if (!percent || !(*percent > 100.0 && *percent <= 1e6)) {
      table.wrong_value(*member, "more than 100% of the median of finished points");
    }
    spec.relative_timeout = *percent / 100.0;
    return;
  }
  spec.timeout = table.duration("timeout");
  if (spec.timeout->count() == 0) table.wrong_value(*member, "longer than zero");
}

/// What mpirun takes to end the ranks of its hosts and to tidy up, and a little more.
constexpr std::chrono::seconds kGraceOfMpi{4};

std::optional<RanksSpec> read_ranks(const TomlTable& table) {
  const TomlTable::Member* ranks = table.find("ranks");
  const TomlTable::Member* launcher = table.find("launcher");
  if (!ranks) {
    if (launcher)
      table.fail("launcher", table.name_of("launcher") + " goes with `ranks`, which says how many to launch");
    return std::nullopt;
  }
  RanksSpec spec;
  if (const auto* text = std::get_if<std::string>(&ranks->node.value)) {
    spec.count = *text;
  } else if (std::holds_alternative<std::int64_t>(ranks->node.value)) {
    spec.count = *table.integer("ranks", 1);
  } else {
    table.wrong_type(*ranks, "an integer, or an expression of parameters such as \"2 * nodes\"");
  }
  if (!launcher) return spec;
  if (std::holds_alternative<TomlNode::Array>(launcher->node.value)) {
    spec.launcher = *table.texts("launcher");
  } else if (!std::holds_alternative<std::string>(launcher->node.value)) {
    table.wrong_type(*launcher, "\"mpirun\", \"srun\" or a list of arguments");
  } else if (table.choice("launcher", {"mpirun", "srun"}) == "srun") {
    spec.launcher = MpiLauncher::srun;
  }
  return spec;
}

/// The ranks and their launcher, to name the line of what is wrong with them.
void check_ranks(const TomlTable& table, const CommandSpec& command, const Design& design) {
  const RanksSpec& spec = *command.ranks;
  CommandSpec probe;
  probe.files = command.files;
  probe.run = std::vector<std::string>{"true"};
  probe.ranks = RanksSpec{spec.count, std::vector<std::string>{"env"}};
  table.locate("ranks", [&] { Command(probe, design); });
  probe.ranks = RanksSpec{std::int64_t{1}, spec.launcher};
  table.locate(table.has("launcher") ? "launcher" : "ranks", [&] { Command(probe, design); });
}

CommandSpec read_command_table(const TomlTable& table) {
  table.allow_only({"run", "shell", "templates", "inputs", "stage", "stdin", "env", "ranks", "launcher", "timeout",
                    "grace", "keep"});
  CommandSpec spec;
  spec.run = read_run(table);
  for (const std::string& path : table.texts("templates").value_or(std::vector<std::string>())) {
    spec.templates.emplace_back(path);
  }
  for (const std::string& path : table.texts("inputs").value_or(std::vector<std::string>())) {
    spec.inputs.emplace_back(path);
  }
  spec.ranks = read_ranks(table);
  read_timeout(table, spec);
  if (spec.ranks) spec.grace = kGraceOfMpi;
  spec.grace = table.duration("grace").value_or(spec.grace);
  spec.shell = read_shell(table);
  spec.environment = read_environment(table);
  read_files(table, spec);
  return spec;
}

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

std::vector<OutputSpec> read_outputs(const TomlTable& root, const Design& design) {
  std::vector<OutputSpec> outputs;
  if (const TomlTable* table = root.table("outputs")) {
    for (const auto& member : table->members()) outputs.push_back(read_output(*table, member, design));
  }
  return outputs;
}

/// Makes the Command that will run, for its checks. If they fail, tries the command alone and then each output with it,
/// to name the line of what is wrong.
void check_command(const TomlTable& root, const CommandSpec& spec, const Design& design) {
  const auto check = [&](const std::vector<OutputSpec>& outputs) {
    CommandSpec part = spec;
    part.outputs = outputs;
    Command(std::move(part), design);
  };
  try {
    check(spec.outputs);
  } catch (const SpecError&) {
    check_parts(*root.table("command"), spec, design);
    root.locate("command", [&] { check({}); });
    for (const OutputSpec& output : spec.outputs) {
      root.table("outputs")->locate(output.name, [&] { check({output}); });
    }
    root.locate("outputs", [&] { check(spec.outputs); });
  }
}

}  // namespace

CommandSpec read_command(const TomlTable& root, const Design& design, const std::filesystem::path& study_directory,
                         const std::filesystem::path& points_directory, std::shared_ptr<FileTexts> files) {
  const TomlTable* table = root.table("command");
  if (!table) root.fail("command", "missing table [command]: it says what to run");
  CommandSpec spec = read_command_table(*table);
  spec.outputs = read_outputs(root, design);
  spec.study_directory = study_directory;
  spec.points_directory = points_directory;
  spec.files = std::move(files);
  if (spec.ranks) check_ranks(*table, spec, design);
  check_command(root, spec, design);
  return spec;
}

}  // namespace windrow::detail
