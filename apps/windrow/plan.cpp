#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

#include "common.hpp"
#include "json.hpp"
#include "options.hpp"
#include "plan_design.hpp"
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
  const bool is_list = parameter.is_listed() && !parameter.is_random();
  if (!is_list) return within_line(parameter.definition(), 200);
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

/// The first, the middle and the last of those that are chosen.
void print_points(const Design& design, const IndexSet& points) {
  constexpr std::uint64_t kShown = 3;
  const std::uint64_t size = points.size();
  std::vector<std::uint64_t> places;
  for (std::uint64_t i = 0; i < std::min(size, kShown); ++i) places.push_back(i);
  if (size > 2 * kShown + 1) places.push_back(size / 2);
  for (std::uint64_t i = std::max(size, 2 * kShown) - kShown; i < size; ++i) places.push_back(i);
  std::uint64_t next = 0;
  for (const std::uint64_t place : places) {
    if (place > next) show("  ...\n");
    next = place + 1;
    const std::uint64_t index = points.at(place);
    show("  {}: {}\n", index, one_line(design.point(index)));
  }
}

/// The points themselves, as a table and as a picture.
int write_design(const PlanArguments& arguments, const Study& study, const IndexSet& points) {
  if (!arguments.csv.empty()) {
    write_points(study.design, points, arguments.csv);
    if (!is_standard_output(arguments.csv)) {
      show_aside("{}: {}\n", arguments.csv, counted(points.size(), "point"));
    }
  }
  if (!arguments.plot.empty()) {
    const std::string note = draw_points(study, points, arguments.plot);
    if (!is_standard_output(arguments.plot)) {
      show_aside("{}: {}\n", arguments.plot, note.empty() ? counted(points.size(), "point") : "shows " + note);
    }
  }
  return kSuccess;
}

/// What a filter has left out.
void print_excluded(const Design& design) {
  const std::vector<Exclusion> exclusions = design.exclusions();
  if (exclusions.empty()) return;
  std::size_t width = 0;
  for (const Exclusion& each : exclusions) width = std::max(width, text::with_thousands(each.candidates).size());
  show("\nOf {} `where` excludes:\n", counted(design.candidates(), "candidate"));
  for (const Exclusion& each : exclusions) {
    show("  {:>{}}  {}\n", text::with_thousands(each.candidates), width, within_line(each.condition));
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

void print_left(const Study& study, const Selection& selection, const StudyState& state) {
  const std::string all = text::with_thousands(study.design.size());
  if (state.has_store) {
    show("Evaluated already: {} ({} failed); ", text::with_thousands(state.succeeded + state.failed),
         text::with_thousands(state.failed));
  }
  if (!selection.chooses()) {
    show("left to run: {} of {}\n", text::with_thousands(state.left), all);
  } else {
    show("chosen: {} of {}, of which {} {} to be run\n", text::with_thousands(state.chosen),
         counted(study.design.size(), "point"), text::with_thousands(state.left), state.left == 1 ? "is" : "are");
  }
  if (!state.first.empty()) {
    show("In random order: {}{}\n", fmt::join(state.first, ", "), state.left > state.first.size() ? ", ..." : "");
  }
}

/// Where there are no results yet.
void print_nothing_yet(const Study& study, const Sweep& sweep) {
  const std::string elsewhere = results_of_other_name(study, sweep);
  if (!elsewhere.empty()) show("\n{}\n", elsewhere);
  const std::string shards = unmerged(study.directory);
  show("\n{}; results will go to {}\n",
       shards.empty() ? "Nothing is evaluated yet" : fmt::format("Nothing is merged yet: {}", shards),
       study.directory.string());
}

void print_state(const Study& study, const Sweep& sweep, const Selection& selection) {
  try {
    const StudyState state = state_of(study, sweep, selection);
    if (!state.has_store) {
      print_nothing_yet(study, sweep);
      if (selection.chooses() || selection.random_order) print_left(study, selection, state);
      return;
    }
    if (state.found) show("\nThe study has changed since it ran: {}", with_options(state.found->describe()));
    show("\n");
    print_left(study, selection, state);
    show("Results: {}\n", study.directory.string());
    if (state.remaining) show("{}\n", state.remaining->describe());
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

void add_state(Json& json, const Study& study, Command command, const Selection& selection) {
  try {
    const StudyState state = state_of(study, Sweep(study.design, std::move(command)), selection);
    json["succeeded"] = state.succeeded;
    json["failed"] = state.failed;
    json["left"] = state.left;
    if (selection.chooses()) json["chosen"] = state.chosen;
    if (!state.first.empty()) json["first"] = state.first;
    if (state.found) json["changes"] = state.found->differences;
    if (state.remaining) json["estimate"] = json_of(*state.remaining);
  } catch (const StoreError& error) {
    json["problem"] = error.what();
  }
}

/// What may not be as it seems.
std::vector<std::string> all_warnings(const Study& study, const Command& command) {
  std::vector<std::string> warnings = study.design.notes();
  for (std::string& warning : command.warnings()) warnings.push_back(std::move(warning));
  for (std::string& note : notes_on_seeds(command, study.design)) warnings.push_back(std::move(note));
  return warnings;
}

void print_json(const Study& study, Command command, std::uint64_t point, const Selection& selection) {
  Json json = {{"study", study.name},           {"description", study.description}, {"method", study.design.method()},
               {"points", study.design.size()}, {"parameters", Json::array()},      {"outputs", Json::array()}};
  json["parts"] = parts_json(study.design);
  for (const Parameter& p : study.design.parameters()) {
    json["parameters"].push_back(
        {{"name", p.name()}, {"values", definition_of(p)}, {"unit", p.unit()}, {"description", p.description()}});
  }
  for (const OutputSpec& output : study.command.outputs) {
    json["outputs"].push_back({{"name", output.name}, {"unit", output.unit}});
  }
  if (const auto exclusions = study.design.exclusions(); !exclusions.empty()) {
    json["candidates"] = study.design.candidates();
    for (const Exclusion& each : exclusions) {
      json["excluded"].push_back({{"where", each.condition}, {"candidates", each.candidates}});
    }
  }
  json["equal"] = command.sees_index() ? 0 : study.design.equal_points().size();
  json["point"] = point_json(study, command, point);
  if (const auto warnings = all_warnings(study, command); !warnings.empty()) json["warnings"] = warnings;
  json["results"] = study.directory.string();
  const UnusedParameters unused = unused_parameters(study.design, command, kMostPointsOfPlan);
  if (!unused.names.empty()) json["unused"] = unused.names;
  if (unused.computations) json["computations"] = *unused.computations;
  add_state(json, study, std::move(command), selection);
  print(json);
}

IndexSet chosen_by(const Selection& selection, const Study& study) {
  SweepOptions options;
  choose_points(selection, study, options);
  return chosen_points(study.design, options);
}

}  // namespace

int plan(const PlanArguments& arguments) {
  const Study study = load_study(arguments.study, arguments.directory);
  Command command(study.command, study.design);
  if (arguments.point && *arguments.point >= study.design.size()) {
    return complain(no_such_point(*arguments.point, study.name, study.design.size()));
  }
  const std::string problem = unknown_points(arguments.selection, study);
  if (!problem.empty()) return complain(problem);
  const IndexSet points = chosen_by(arguments.selection, study);
  if (!arguments.csv.empty() || !arguments.plot.empty()) return write_design(arguments, study, points);
  const std::uint64_t point = arguments.point.value_or(points.empty() ? 0 : points.at(0));
  if (arguments.json) {
    print_json(study, std::move(command), point, arguments.selection);
    return kSuccess;
  }
  show("{}: {} ({})\n", study.name, counted(study.design.size(), "point"), study.design.method());
  if (!study.description.empty()) show("{}\n", study.description);
  show("\nParameters:\n");
  print_parameters(study.design);
  if (const std::string parts = describe_parts(study.design); !parts.empty()) show("\nDesign:\n{}", parts);
  show("\nPoints:\n");
  print_points(study.design, points);
  print_excluded(study.design);
  print_notes(study, command);
  if (const std::string unused = unused_parameters(study.design, command, kMostPointsOfPlan).describe();
      !unused.empty()) {
    show("\nNote: {}\n", unused);
  }
  print_command(study, command, point);
  for (const std::string& note : notes_on_seeds(command, study.design)) show("\n{}\n", note);
  print_state(study, Sweep(study.design, std::move(command)), arguments.selection);
  return kSuccess;
}

Verb add_plan(CommandLine& line) {
  const auto arguments = std::make_shared<PlanArguments>();
  CLI::App* verb = line.app.add_subcommand("plan", "show what would run; runs nothing");
  verb->add_option("STUDY", arguments->study, "study file (TOML)")->required();
  verb->add_option("--dir", arguments->directory, "where results would go")->option_text("DIR");
  verb->add_option("--point", arguments->point, "the point whose command is shown (default: the first)")
      ->option_text("INDEX")
      ->check(whole_number());
  add_selection(line, verb, arguments->selection);
  verb->add_option("--csv", arguments->csv, "write the points instead: index and parameters; - is standard output")
      ->option_text("FILE");
  verb->add_option("--plot", arguments->plot,
                   "draw the points instead, as a scatter matrix (SVG); of many an even\n"
                   "choice; - is standard output")
      ->option_text("FILE");
  verb->add_flag("--json", arguments->json, kJson);
  const auto problem = [arguments]() -> std::string {
    const bool writes = !arguments->csv.empty() || !arguments->plot.empty();
    if (writes && arguments->json) return "--json does not go with --csv and --plot, which write files instead";
    if (writes && arguments->point) return "--point does not go with --csv and --plot: --only chooses points";
    return "";
  };
  return {verb, [arguments] { return plan(*arguments); }, problem};
}

}  // namespace windrow::app
