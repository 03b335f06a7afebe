// What failed, in groups, and what the points of a group have in common.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <memory>

#include "common.hpp"
#include "json.hpp"
#include "options.hpp"
#include "verbs.hpp"
#include "windrow/base/display.hpp"

namespace windrow::app {
namespace {

constexpr std::size_t kColumns = 80;
constexpr std::size_t kLinesEach = 6;

void print_group(const FailureGroup& group, const std::vector<Column>& parameters, std::size_t columns) {
  for (const std::string& line : render(std::vector<FailureGroup>{group}, parameters, 1, columns, kLinesEach))
    show("{}\n", line);
  const std::size_t margin = 3 + text::with_thousands(group.points).size();
  for (const SharedLevels& levels : group.shared) {
    const std::string shared = render(std::vector<SharedLevels>{levels}, parameters);
    for (const std::string& line : text::wrapped(shared, columns - margin, 2)) {
      show("{}{}\n", std::string(margin, ' '), line);
    }
  }
}

Json group_json(const FailureGroup& group, const std::vector<Column>& parameters) {
  Json json = {{"kind", name_of(group.kind)},
               {"code", group.code},
               {"line", text::as_utf8(group.line)},
               {"various", group.various},
               {"points", group.points},
               {"example",
                {{"index", group.example.index},
                 {"parameters", json_of(parameters, group.values)},
                 {"message", text::as_utf8(group.example.message)}}}};
  for (const SharedLevels& levels : group.shared) {
    Json shared = {{"parameter", levels.parameter}, {"none_succeeded", levels.none_succeeded}};
    for (const Value& value : levels.values) shared["values"].push_back(json_of(value));
    json["shared"].push_back(std::move(shared));
  }
  return json;
}

void print_json(const StoreReader& store, const StoreStatus& status, const std::vector<FailureGroup>& groups) {
  Json json = {{"study", status.name}, {"points", status.points}, {"failed", status.failed}, {"groups", Json::array()}};
  for (const FailureGroup& group : groups) json["groups"].push_back(group_json(group, store.identity().parameters));
  print(json);
}

}  // namespace

int failures(const FailuresArguments& arguments) {
  const std::filesystem::path directory = results_directory(arguments.directory);
  const StoreReader store = open_results(directory);
  const StoreStatus status = store.status();
  const std::vector<FailureGroup> groups = store.failure_groups(true);
  if (arguments.json) {
    print_json(store, status, groups);
    return kSuccess;
  }
  const std::string evaluated = counted(status.succeeded + status.failed, "evaluated point");
  if (groups.empty()) {
    show("{}: none of {} has failed\n", status.name, evaluated);
    return kSuccess;
  }
  show("{}: {} of {} failed, in {}\n", status.name, text::with_thousands(status.failed), evaluated,
       counted(groups.size(), "group"));
  const std::size_t columns = std::max<std::size_t>(text::columns_of(STDOUT_FILENO, kColumns), 40);
  const std::size_t shown = arguments.all ? groups.size() : std::min<std::size_t>(groups.size(), kGroupsShown);
  for (std::size_t i = 0; i < shown; ++i) {
    show("\n");
    print_group(groups[i], store.identity().parameters, columns);
  }
  if (shown < groups.size()) show("\nand {}: --all shows them\n", counted(groups.size() - shown, "smaller group"));
  show("\n`windrow explain {} {}` tells more of a point.\n", shell_line({arguments.directory.string()}),
       groups.front().example.index);
  return kSuccess;
}

Verb add_failures(CommandLine& line) {
  const auto arguments = std::make_shared<FailuresArguments>();
  CLI::App* verb = line.app.add_subcommand("failures", "what failed and why, in groups");
  verb->add_option("DIR", arguments->directory, kResults)->required();
  verb->add_flag("--all", arguments->all, "all groups (default: the ten largest)");
  verb->add_flag("--json", arguments->json, kJson);
  return {verb, [arguments] { return failures(*arguments); }};
}

}  // namespace windrow::app
