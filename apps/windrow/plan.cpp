#include <fmt/format.h>

#include <optional>
#include <utility>

#include "common.hpp"
#include "json.hpp"
#include "plan_seeds.hpp"
#include "renamed.hpp"
#include "study_state.hpp"
#include "unused.hpp"
#include "verbs.hpp"
#include "windrow/base/text.hpp"
#include "windrow/error.hpp"
#include "windrow/run/sweep.hpp"
#include "windrow/study/study.hpp"

namespace windrow::app {
namespace {

constexpr std::size_t kMostParameters = 20;
constexpr std::size_t kMostLines = 20;  // of a file
constexpr std::size_t kMostLevels = 8;
constexpr std::size_t kMostText = 2000;  // columns of a command

/// Numbers as they go into programs; texts in quotes, which tell "0012" from a number.
std::string listed(const std::vector<Value>& levels) {
  std::string text;
  for (const Value& level : levels) {
    if (!text.empty()) text += ", ";
    text += level.is_text() ? fmt::format("\"{}\"", level.text()) : level.written();
  }
  return text;
}

std::vector<Value> first_levels(const Parameter& parameter, std::uint64_t count) {
  std::vector<Value> levels;
  for (std::uint64_t i = 0; i < count; ++i) levels.push_back(parameter.level(i));
  return levels;
}

/// What its values are: of many listed ones the first and the last, and how many there are.
std::string levels_of(const Parameter& parameter) {
  if (!parameter.is_listed()) return within_line(parameter.definition(), 200);
  const std::uint64_t count = parameter.level_count();
  const bool few = count <= kMostLevels;
  const std::string text = within_line(listed(first_levels(parameter, few ? count : kMostLevels / 2)), 160);
  if (few) return fmt::format("values({})", text);
  return fmt::format("values({}, ..., {})  ({})", text, within_line(listed({parameter.level(count - 1)}), 40),
                     counted(count, "value"));
}

/// As a canonical text; of a long table what levels_of() says, since a text of all would be as long as the file.
std::string definition_of(const Parameter& parameter) {
  constexpr std::uint64_t kMostRows = 10'000;
  const bool is_long = std::holds_alternative<TableColumn>(parameter.source()) && parameter.level_count() > kMostRows;
  return is_long ? levels_of(parameter) : parameter.definition();
}

void print_parameters(const Design& design) {
  std::size_t width = 0;
  for (const Parameter& p : design.parameters()) width = std::max(width, p.name().size());
  std::size_t shown = 0;
  for (const Parameter& p : design.parameters()) {
    if (++shown > kMostParameters && design.parameters().size() > kMostParameters + 1) {
      show("  and {} more\n", design.parameters().size() - kMostParameters);
      break;
    }
    show("  {:<{}}  {}{}{}\n", p.name(), width, levels_of(p), p.unit().empty() ? "" : "  [" + p.unit() + "]",
         p.description().empty() ? "" : "  " + within_line(p.description()));
  }
}

void print_points(const Design& design) {
  constexpr std::uint64_t kShown = 3;
  const std::uint64_t size = design.size();
  for (std::uint64_t i = 0; i < size; ++i) {
    if (i == kShown && size > 2 * kShown) {
      show("  ...\n");
      i = size - kShown;
    }
    show("  {}: {}\n", i, one_line(design.point(i)));
  }
}

/// What is not as it may seem.
void print_notes(const Study& study, const Command& command) {
  for (const std::string& note : study.design.notes()) show("  note: {}\n", note);
  const std::uint64_t equal = command.sees_index() ? 0 : study.design.equal_points().size();
  if (equal > 0) show("  note: {}\n", describe_equal_points(equal));
}

void print_staged(const std::vector<StagedFile>& staged) {
  constexpr std::size_t kShown = 5;
  if (!staged.empty()) show("\nwith files of the study:\n");
  for (std::size_t i = 0; i < staged.size() && i < kShown; ++i) {
    show("  {} {} {}\n", staged[i].name, staged[i].copy ? "as a copy of" : "->", staged[i].source.string());
  }
  if (staged.size() > kShown) show("  ... and {} more\n", staged.size() - kShown);
}

void print_program(const Study& study, const Command& command, std::uint64_t index) {
  try {
    const RenderedCommand rendered = command.render(study.design.point(index));
    show("\nPoint {} would run, in {}:\n  {}\n", index, rendered.directory.string(),
         text::shortened(text::first_lines(rendered.line(), kMostLines), kMostText));
    for (const auto& [name, content] : rendered.files) {
      show("\nwith {}:\n{}", name, indented(text::shortened(text::first_lines(content, kMostLines), kMostText), 2));
    }
    print_staged(command.staged());
  } catch (const Rejected& error) {
    show("\nPoint {} would be rejected: {}\n", index, error.what());
  }
}

void print_command(const Study& study, const Command& command, std::uint64_t index) {
  print_program(study, command, index);
  show("\nOutputs:");
  for (std::size_t i = 0; i < study.command.outputs.size(); ++i) {
    const OutputSpec& output = study.command.outputs[i];
    show("{} {}{}", i == 0 ? "" : ",", output.name, output.unit.empty() ? "" : " [" + output.unit + "]");
  }
  show("{}\n", study.command.outputs.empty() ? " none (a point succeeds if its program exits with 0)" : "");
  if (study.command.outputs.empty() && study.command.keep != Keep::all && study.command.keep_files.empty()) {
    show("Nothing is kept of a point that succeeds: `keep` in [command] says which files stay\n");
  }
  for (const std::string& warning : command.warnings()) show("\nWarning: {}\n", warning);
}

void print_state(const Study& study, Command command, bool retry_failed) {
  try {
    const std::optional<StudyState> state = state_of(study, std::move(command), retry_failed);
    if (!state) {
      const std::string elsewhere = results_of_other_name(study);
      if (!elsewhere.empty()) show("\n{}\n", elsewhere);
      const std::string shards = unmerged(study.directory);
      show("\n{}; results will go to {}\n",
           shards.empty() ? "Nothing is evaluated yet" : fmt::format("Nothing is merged yet: {}", shards),
           study.directory.string());
      return;
    }
    if (state->found) show("\nThe study has changed since it ran: {}", with_options(state->found->describe()));
    show("\nEvaluated already: {} ({} failed); left to run: {} of {}\nResults: {}\n",
         text::with_thousands(state->succeeded + state->failed), text::with_thousands(state->failed),
         text::with_thousands(state->left), text::with_thousands(study.design.size()), study.directory.string());
    if (state->remaining) show("{}\n", state->remaining->describe());
  } catch (const StoreError& error) {  // what would run is shown all the same
    show("\nNo earlier results can be read: {}\n", error.what());
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
    if (state && state->remaining) json["estimate"] = json_of(*state->remaining);
  } catch (const StoreError& error) {
    json["problem"] = error.what();
  }
}

void print_json(const Study& study, Command command, const PlanArguments& arguments) {
  Json json = {{"study", study.name},           {"description", study.description}, {"method", study.design.method()},
               {"points", study.design.size()}, {"parameters", Json::array()},      {"outputs", Json::array()}};
  for (const Parameter& p : study.design.parameters()) {
    json["parameters"].push_back(
        {{"name", p.name()}, {"values", definition_of(p)}, {"unit", p.unit()}, {"description", p.description()}});
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
  const UnusedParameters unused = unused_parameters(study.design, command);
  if (!unused.names.empty()) json["unused"] = unused.names;
  if (unused.computations) json["computations"] = *unused.computations;
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
  show("{}: {} ({})\n", study.name, counted(study.design.size(), "point"), study.design.method());
  if (!study.description.empty()) show("{}\n", study.description);
  show("\nParameters:\n");
  print_parameters(study.design);
  show("\nPoints:\n");
  print_points(study.design);
  print_notes(study, command);
  if (const std::string unused = unused_parameters(study.design, command).describe(); !unused.empty()) {
    show("\nNote: {}\n", unused);
  }
  print_command(study, command, arguments.point);
  for (const std::string& note : notes_on_seeds(command, study.design)) show("\n{}\n", note);
  print_state(study, std::move(command), arguments.retry_failed);
  return kSuccess;
}

}  // namespace windrow::app
