#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "common.hpp"
#include "verbs.hpp"
#include "windrow/error.hpp"
#include "windrow/study/study.hpp"
#include "windrow/sweep/sweep.hpp"
#include "windrow/text/text.hpp"

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

void print_state_of_store(const Study& study, Command command, bool retry_failed) {
  const StoreReader store(study.directory);
  const auto points = [&](std::uint64_t index) { return study.design.point(index).values(); };
  const StudyIdentity present = Sweep(study.design, std::move(command)).identity({.name = study.name});
  const std::optional<Resumption> found = store.preview(present, points);
  const StoreStatus status = store.status();
  const std::uint64_t succeeded = found ? found->succeeded : status.succeeded;
  const std::uint64_t failed = found ? found->failed : status.failed;
  const std::uint64_t damaged = retry_failed && !found ? for_damaged_arrays(store, [](const ArrayFile&) {}) : 0;
  const std::uint64_t done = succeeded - std::min(damaged, succeeded) + (retry_failed ? 0 : failed);
  if (found) fmt::print("\nThe study has changed since it ran: {}", found->describe());
  fmt::print("\nEvaluated already: {} ({} failed); left to run: {}\nResults: {}\n",
             text::with_thousands(succeeded + failed), text::with_thousands(failed),
             text::with_thousands(study.design.size() - std::min(done, study.design.size())), study.directory.string());
}

void print_state(const Study& study, Command command, bool retry_failed) {
  std::error_code none;
  if (!std::filesystem::exists(study.directory / "results.sqlite", none)) {
    const std::string shards = unmerged(study.directory);
    fmt::print("\n{}; results will go to {}\n",
               shards.empty() ? "Nothing is evaluated yet" : fmt::format("Nothing is merged yet: {}", shards),
               study.directory.string());
    return;
  }
  try {
    print_state_of_store(study, std::move(command), retry_failed);
  } catch (const StoreError& error) {  // what would run is shown all the same
    fmt::print("\nNo earlier results can be read: {}\n", error.what());
  }
}

}  // namespace

int plan(const PlanArguments& arguments) {
  const Study study = load_study(arguments.study, arguments.directory);
  Command command(study.command, study.design);
  if (arguments.point >= study.design.size()) {
    return complain(no_such_point(arguments.point, study.name, study.design.size()));
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
