#include <fmt/core.h>

#include <algorithm>
#include <array>
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

/// "1 GiB", "500 MB", or a number of bytes.
std::optional<std::uint64_t> parse_bytes(std::string_view text) {
  struct Unit {
    std::string_view name;
    double bytes;
  };
  constexpr std::array<Unit, 10> units = {{{"", 1.0},
                                           {"B", 1.0},
                                           {"kB", 1e3},
                                           {"MB", 1e6},
                                           {"GB", 1e9},
                                           {"TB", 1e12},
                                           {"KiB", 0x1p10},
                                           {"MiB", 0x1p20},
                                           {"GiB", 0x1p30},
                                           {"TiB", 0x1p40}}};
  const std::size_t end = std::min(text.find_first_not_of("0123456789."), text.size());
  const auto number = text::parse_double(text.substr(0, end));
  text.remove_prefix(std::min(text.find_first_not_of(' ', end), text.size()));
  const auto unit = std::ranges::find(units, text, &Unit::name);
  if (!number || unit == units.end()) return std::nullopt;
  const double bytes = *number * unit->bytes;
  return bytes >= 1.0 && bytes < 0x1p62 ? std::optional(static_cast<std::uint64_t>(bytes)) : std::nullopt;
}

void read_max_output_size(const TomlTable& table, CommandSpec& spec) {
  constexpr const char* kForm = "a size such as \"1 GiB\" or \"500 MB\", or a number of bytes";
  const TomlTable::Member* member = table.find("max_output_size");
  if (!member) return;
  const auto* text = std::get_if<std::string>(&member->node.value);
  if (!text && !std::holds_alternative<std::int64_t>(member->node.value)) table.wrong_type(*member, kForm);
  const auto bytes = parse_bytes(text ? *text : member->node.shown());
  if (!bytes) table.wrong_value(*member, kForm);
  spec.max_output_size = *bytes;
}

CommandSpec read_command_table(const TomlTable& table) {
  table.allow_only({"run", "shell", "templates", "inputs", "stage", "stdin", "env", "ranks", "launcher", "timeout",
                    "grace", "keep", "success_codes", "fail_if", "require", "valid", "max_output_size"});
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
  read_max_output_size(table, spec);
  spec.shell = read_shell(table);
  spec.environment = read_environment(table);
  read_files(table, spec);
  return spec;
}

/// What is wrong with `run` itself is told where it stands.
void check_run(const TomlTable& root, const CommandSpec& spec, const Design& design) {
  try {
    Command(spec, design);
  } catch (const SpecError& error) {
    const std::string message = error.what();
    if (message.starts_with("run[") || message.starts_with("run: ")) root.table("command")->fail("run", message);
    root.fail("command", message);
  }
}

/// Makes the Command that will run, for its checks. If they fail, tries the command alone and then what is read with
/// it, to name the line of what is wrong.
void check_command(const TomlTable& root, const CommandSpec& spec, const Design& design) {
  try {
    Command(spec, design);
  } catch (const SpecError&) {
    const CommandSpec alone = without_reading(spec);
    check_parts(*root.table("command"), alone, design);
    check_run(root, alone, design);
    check_reading(root, spec, design);
    root.locate("outputs", [&] { Command(spec, design); });
  }
}

}  // namespace

CommandSpec read_command(const TomlTable& root, const Design& design, const std::filesystem::path& study_directory,
                         const std::filesystem::path& points_directory, std::shared_ptr<FileTexts> files) {
  const TomlTable* table = root.table("command");
  if (!table) root.fail("command", "missing table [command]: it says what to run");
  CommandSpec spec = read_command_table(*table);
  read_outputs(root, design, spec);
  spec.study_directory = study_directory;
  spec.points_directory = points_directory;
  spec.files = std::move(files);
  if (spec.ranks) check_ranks(*table, spec, design);
  check_command(root, spec, design);
  return spec;
}

}  // namespace windrow::detail
