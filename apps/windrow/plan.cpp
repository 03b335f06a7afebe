#include <fmt/format.h>

#include <optional>
#include <utility>

#include "common.hpp"
#include "json.hpp"
#include "study_state.hpp"
#include "verbs.hpp"
#include "windrow/base/text.hpp"
#include "windrow/error.hpp"
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

void print_command(const Study& study, const Command& command, std::uint64_t index) {
  const RenderedCommand rendered = command.render(study.design.point(index));
  fmt::print("\nPoint {} would run, in {}:\n  {}\n", index, rendered.directory.string(), shell_line(rendered.argv));
  for (const auto& [name, content] : rendered.files) fmt::print("\nwith {}:\n{}", name, indented(content, 2));
  fmt::print("\nOutputs:");
  for (std::size_t i = 0; i < study.command.outputs.size(); ++i) {
    const OutputSpec& output = study.command.outputs[i];
    fmt::print("{} {}{}", i == 0 ? "" : ",", output.name, output.unit.empty() ? "" : " [" + output.unit + "]");
  }
  fmt::print("{}\n", study.command.outputs.empty() ? " none (a point succeeds if its program exits with 0)" : "");
}

void print_state(const Study& study, Command command, bool retry_failed) {
  try {
    const std::optional<StudyState> state = state_of(study, std::move(command), retry_failed);
    if (!state) {
      const std::string shards = unmerged(study.directory);
      fmt::print("\n{}; results will go to {}\n",
                 shards.empty() ? "Nothing is evaluated yet" : fmt::format("Nothing is merged yet: {}", shards),
                 study.directory.string());
      return;
    }
    if (state->found) fmt::print("\nThe study has changed since it ran: {}", with_options(state->found->describe()));
    fmt::print("\nEvaluated already: {} ({} failed); left to run: {}\nResults: {}\n",
               text::with_thousands(state->succeeded + state->failed), text::with_thousands(state->failed),
               text::with_thousands(state->left), study.directory.string());
  } catch (const StoreError& error) {  // what would run is shown all the same
    fmt::print("\nNo earlier results can be read: {}\n", error.what());
  }
}

Json point_json(const Study& study, const Command& command, std::uint64_t index) {
  const Point point = study.design.point(index);
  const RenderedCommand rendered = command.render(point);
  Json json = {{"index", index}};
  const std::vector<Value> values = point.values();
  for (std::size_t i = 0; i < values.size(); ++i) {
    json["parameters"][study.design.parameters()[i].name()] = json_of(values[i]);
  }
  json["directory"] = rendered.directory.string();
  json["command"] = rendered.argv;
  json["files"] = Json::object();
  for (const auto& [name, content] : rendered.files) json["files"][name] = content;
  return json;
}

void add_state(Json& json, const Study& study, Command command, bool retry_failed) {
  try {
    const std::optional<StudyState> state = state_of(study, std::move(command), retry_failed);
    json["succeeded"] = state ? state->succeeded : 0;
    json["failed"] = state ? state->failed : 0;
    json["left"] = state ? state->left : study.design.size();
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
  json["point"] = point_json(study, command, arguments.point);
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
  print_command(study, command, arguments.point);
  print_state(study, std::move(command), arguments.retry_failed);
  return kSuccess;
}

}  // namespace windrow::app
