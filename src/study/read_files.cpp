#include <fmt/core.h>

#include <algorithm>
#include <utility>

#include "study/study_parts.hpp"

namespace windrow::detail {

namespace {

constexpr const char* kStageForm =
    "a list of files, folders and patterns, of which one that the program changes is { path = \"x\", copy = true }";

StageSpec read_staged(const TomlTable& table, const TomlTable::Member& member, const TomlNode& item) {
  if (const auto* path = std::get_if<std::string>(&item.value)) return {*path, false};
  const auto* given = std::get_if<std::shared_ptr<const TomlTable>>(&item.value);
  if (!given) table.wrong_type(member, kStageForm);
  const TomlTable& file = **given;
  file.allow_only({"path", "copy"});
  file.required("path");
  return {*file.text("path"), file.boolean("copy").value_or(false)};
}

std::string text_of(const TomlTable& table, const TomlTable::Member& member) {
  if (const auto* text = std::get_if<std::string>(&member.node.value)) return *text;
  if (const auto* truth = std::get_if<bool>(&member.node.value)) return *truth ? "true" : "false";
  const bool number = std::holds_alternative<std::int64_t>(member.node.value);
  if (!number)
    table.wrong_type(member, "a string, an integer or a boolean (another number in quotes, as it is to be written)");
  return member.node.shown();
}

std::vector<StageSpec> read_stage(const TomlTable& table) {
  const TomlTable::Member* member = table.find("stage");
  if (!member) return {};
  const auto* items = std::get_if<TomlNode::Array>(&member->node.value);
  if (!items) table.wrong_type(*member, kStageForm);
  std::vector<StageSpec> stage;
  for (const TomlNode& item : *items) stage.push_back(read_staged(table, *member, item));
  return stage;
}

void read_keep(const TomlTable& table, CommandSpec& spec) {
  const TomlTable::Member* member = table.find("keep");
  if (!member) return;
  if (std::holds_alternative<TomlNode::Array>(member->node.value)) {
    spec.keep_files = *table.texts("keep");
    if (spec.keep_files.empty())
      table.fail("keep", table.name_of("keep") + " is an empty list: write \"failed\" for that");
    return;
  }
  if (!std::holds_alternative<std::string>(member->node.value)) {
    table.wrong_type(*member, "one of \"failed\", \"all\", \"none\", or a list of patterns such as [\"*.vtk\"]");
  }
  const std::string keep = *table.choice("keep", {"failed", "all", "none"});
  spec.keep = keep == "all" ? Keep::all : keep == "none" ? Keep::none : Keep::failed;
}

}  // namespace

std::vector<std::string> read_shell(const TomlTable& table) {
  const TomlTable::Member* member = table.find("shell");
  if (!member) return {};
  if (!std::holds_alternative<std::string>(table.required("run").node.value)) {
    table.fail("shell", table.name_of("shell") + " goes with a text in `run`, not with a list of arguments");
  }
  if (const auto* arguments = std::get_if<TomlNode::Array>(&member->node.value)) {
    if (arguments->size() < 2) {
      table.wrong_value(*member, "a shell's name, or a shell and its arguments such as [\"bash\", \"-c\"]");
    }
    return *table.texts("shell");
  }
  if (!std::holds_alternative<std::string>(member->node.value)) {
    table.wrong_type(*member, "a shell's name, or a shell and its arguments such as [\"bash\", \"-c\"]");
  }
  return {*table.choice("shell", {"sh", "bash", "dash", "ksh", "mksh", "zsh"})};
}

std::vector<std::pair<std::string, std::string>> read_environment(const TomlTable& table) {
  std::vector<std::pair<std::string, std::string>> environment;
  if (const TomlTable* variables = table.table("env")) {
    for (const auto& member : variables->members()) {
      environment.emplace_back(member.key, text_of(*variables, member));
    }
  }
  return environment;
}

void read_files(const TomlTable& table, CommandSpec& spec) {
  spec.stage = read_stage(table);
  spec.stdin_file = table.text("stdin");
  if (spec.stdin_file && spec.stdin_file->empty()) table.fail("stdin", table.name_of("stdin") + " is empty");
  read_keep(table, spec);
}

void check_parts(const TomlTable& table, const CommandSpec& command, const Design& design) {
  CommandSpec probe;
  probe.files = command.files ? std::make_shared<FileTexts>() : nullptr;
  if (command.files && !command.files->reads()) return;  // the root has checked it
  probe.run = std::vector<std::string>{"true"};
  probe.study_directory = command.study_directory;
  const auto check = [&](const char* key, auto&& take) {
    if (!table.has(key)) return;
    take();
    table.locate(key, [&] { Command(probe, design); });
  };
  check("templates", [&] { probe.templates = command.templates; });
  check("stage", [&] { probe.stage = command.stage; });
  check("inputs", [&] { probe.inputs = command.inputs; });
  check("stdin", [&] { probe.stdin_file = command.stdin_file; });
  check("env", [&] { probe.environment = command.environment; });
  check("keep", [&] { probe.keep_files = command.keep_files; });
  if (command.run.index() == 1 && table.has("shell")) {
    probe = CommandSpec();
    probe.run = std::string("true");
    check("shell", [&] { probe.shell = command.shell; });
  }
}

}  // namespace windrow::detail
