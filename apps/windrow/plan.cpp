#include <fmt/format.h>

#include <optional>
#include <utility>

#include "common.hpp"
#include "json.hpp"
#include "plan_seeds.hpp"
#include "renamed.hpp"
#include "study_state.hpp"
#include "verbs.hpp"
#include "windrow/base/text.hpp"
#include "windrow/error.hpp"
#include "windrow/run/sweep.hpp"
#include "windrow/study/study.hpp"

namespace windrow::app {
namespace {

void print_parameters(const Design& design) {
  std::size_t width = 0;
  for (const Parameter& p : design.parameters()) width = std::max(width, p.name().size());
  for (const Parameter& p : design.parameters()) {
    fmt::print("  {:<{}}  {}{}{}\n", p.name(), width, p.definition(), p.unit().empty() ? "" : "  [" + p.unit() + "]",
               p.description().empty() ? "" : "  " + p.description());
  }
}

void print_points(const Design& design) {
  constexpr std::uint64_t kShown = 3;
  const std::uint64_t size = design.size();
  for (std::uint64_t i = 0; i < size; ++i) {
    if (i == kShown && size > 2 * kShown) {
      fmt::print("  ...\n");
      i = size - kShown;
    }
    fmt::print("  {}: {}\n", i, one_line(design.point(i)));
  }
}

/// What is not as it may seem.
void print_notes(const Study& study, const Command& command) {
  for (const std::string& note : study.design.notes()) fmt::print("  note: {}\n", note);
  const std::uint64_t equal = command.sees_index() ? 0 : study.design.equal_points().size();
  if (equal > 0) fmt::print("  note: {}\n", describe_equal_points(equal));
}

void print_staged(const std::vector<StagedFile>& staged) {
  constexpr std::size_t kShown = 5;
  if (!staged.empty()) fmt::print("\nwith files of the study:\n");
  for (std::size_t i = 0; i < staged.size() && i < kShown; ++i) {
    fmt::print("  {} {} {}\n", staged[i].name, staged[i].copy ? "as a copy of" : "->", staged[i].source.string());
  }
  if (staged.size() > kShown) fmt::print("  ... and {} more\n", staged.size() - kShown);
}

void print_program(const Study& study, const Command& command, std::uint64_t index) {
  try {
    const RenderedCommand rendered = command.render(study.design.point(index));
    fmt::print("\nPoint {} would run, in {}:\n  {}\n", index, rendered.directory.string(), rendered.line());
    for (const auto& [name, content] : rendered.files) fmt::print("\nwith {}:\n{}", name, indented(content, 2));
    print_staged(command.staged());
  } catch (const Rejected& error) {
    fmt::print("\nPoint {} would be rejected: {}\n", index, error.what());
  }
}

void print_command(const Study& study, const Command& command, std::uint64_t index) {
  print_program(study, command, index);
  fmt::print("\nOutputs:");
  for (std::size_t i = 0; i < study.command.outputs.size(); ++i) {
    const OutputSpec& output = study.command.outputs[i];
    fmt::print("{} {}{}", i == 0 ? "" : ",", output.name, output.unit.empty() ? "" : " [" + output.unit + "]");
  }
  if (study.command.outputs.empty()) fmt::print(" none (a point succeeds if its program exits with 0)");
  fmt::print("\n");
  if (study.command.outputs.empty() && study.command.keep != Keep::all && study.command.keep_files.empty()) {
    fmt::print("Nothing is kept of a point that succeeds: `keep` in [command] says which files stay\n");
  }
  for (const std::string& warning : command.warnings()) fmt::print("\nWarning: {}\n", warning);
}

void print_state(const Study& study, Command command, bool retry_failed) {
  try {
    const std::optional<StudyState> state = state_of(study, std::move(command), retry_failed);
    if (!state) {
      const std::string elsewhere = results_of_other_name(study);
      if (!elsewhere.empty()) fmt::print("\n{}\n", elsewhere);
      const std::string shards = unmerged(study.directory);
      fmt::print("\n{}; results will go to {}\n",
                 shards.empty() ? "Nothing is evaluated yet" : fmt::format("Nothing is merged yet: {}", shards),
                 study.directory.string());
      return;
    }
    if (state->found) fmt::print("\nThe study has changed since it ran: {}", with_options(state->found->describe()));
    fmt::print("\nEvaluated already: {} ({} failed); left to run: {} of {}\nResults: {}\n",
               text::with_thousands(state->succeeded + state->failed), text::with_thousands(state->failed),
               text::with_thousands(state->left), text::with_thousands(study.design.size()), study.directory.string());
  } catch (const StoreError& error) {  // what would run is shown all the same
    fmt::print("\nNo earlier results can be read: {}\n", error.what());
  }
}

/// What would run, or why it would not.
void add_program(Json& json, const Command& command, const Point& point) {
  try {
    const RenderedCommand rendered = command.render(point);
    json["directory"] = rendered.directory.string();
    json["command"] = rendered.argv;
    if (!rendered.variables.empty()) json["environment"] = rendered.variables;
    if (!rendered.stdin_file.empty()) json["stdin"] = rendered.stdin_file.string();
    for (const StagedFile& file : command.staged()) {
      json["staged"][file.name] = {{"source", file.source.string()}, {"copy", file.copy}};
    }
    json["files"] = Json::object();
    for (const auto& [name, content] : rendered.files) json["files"][name] = content;
  } catch (const Rejected& error) {
    json["rejected"] = error.what();
  }
}

Json point_json(const Study& study, const Command& command, std::uint64_t index) {
  const Point point = study.design.point(index);
  Json json = {{"index", index}};
  const std::vector<Value> values = point.values();
  for (std::size_t i = 0; i < values.size(); ++i) {
    json["parameters"][study.design.parameters()[i].name()] = json_of(values[i]);
  }
  add_program(json, command, point);
  return json;
}

void add_state(Json& json, const Study& study, Command command, bool retry_failed) {
  try {
    const std::optional<StudyState> state = state_of(study, std::move(command), retry_failed);
    json["succeeded"] = state ? state->succeeded : 0;
    json["failed"] = state ? state->failed : 0;
    json["left"] = state ? state->left : study.design.size() - json.value("equal", std::uint64_t{0});
    if (state && state->found) json["changes"] = state->found->differences;
  } catch (const StoreError& error) {
    json["problem"] = error.what();
  }
}

void print_json(const Study& study, Command command, const PlanArguments& arguments) {
  Json json = {{"study", study.name},           {"description", study.description}, {"method", study.design.method()},
               {"points", study.design.size()}, {"parameters", Json::array()},      {"outputs", Json::array()}};
  for (const Parameter& p : study.design.parameters()) {
    json["parameters"].push_back(
        {{"name", p.name()}, {"values", p.definition()}, {"unit", p.unit()}, {"description", p.description()}});
  }
  for (const OutputSpec& output : study.command.outputs) {
    json["outputs"].push_back({{"name", output.name}, {"unit", output.unit}});
  }
  json["equal"] = command.sees_index() ? 0 : study.design.equal_points().size();
  json["notes"] = study.design.notes();
  json["point"] = point_json(study, command, arguments.point);
  std::vector<std::string> warnings = command.warnings();
  for (std::string& note : notes_on_seeds(command, study.design)) warnings.push_back(std::move(note));
  if (!warnings.empty()) json["warnings"] = warnings;
  json["results"] = study.directory.string();
  add_state(json, study, std::move(command), arguments.retry_failed);
  print(json);
}

}  // namespace

int plan(const PlanArguments& arguments) {
  const Study study = load_study(arguments.study, arguments.directory);
  Command command(study.command, study.design);
  if (arguments.point >= study.design.size()) {
    return complain(no_such_point(arguments.point, study.name, study.design.size()));
  }
  if (arguments.json) {
    print_json(study, std::move(command), arguments);
    return kSuccess;
  }
  fmt::print("{}: {} ({})\n", study.name, counted(study.design.size(), "point"), study.design.method());
  if (!study.description.empty()) fmt::print("{}\n", study.description);
  fmt::print("\nParameters:\n");
  print_parameters(study.design);
  fmt::print("\nPoints:\n");
  print_points(study.design);
  print_notes(study, command);
  print_command(study, command, arguments.point);
  for (const std::string& note : notes_on_seeds(command, study.design)) fmt::print("\n{}\n", note);
  print_state(study, std::move(command), arguments.retry_failed);
  return kSuccess;
}

}  // namespace windrow::app
