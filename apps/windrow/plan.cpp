#include <fmt/format.h>

#include <algorithm>

#include "common.hpp"
#include "verbs.hpp"
#include "windrow/study/study.hpp"
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
  for (const auto& [name, content] : rendered.files) fmt::print("with {}:\n{}", name, indented(content, 2));
  fmt::print("Outputs:");
  for (const OutputSpec& output : study.command.outputs) {
    fmt::print(" {}{}", output.name, output.unit.empty() ? "" : " [" + output.unit + "]");
  }
  fmt::print("{}\n", study.command.outputs.empty() ? " none (a point succeeds if its program exits with 0)" : "");
}

void print_state(const Study& study, bool retry_failed) {
  std::error_code none;
  if (!std::filesystem::exists(study.directory, none)) {
    fmt::print("\nNothing is evaluated yet; results will go to {}\n", study.directory.string());
    return;
  }
  const StoreStatus status = StoreReader(study.directory).status();
  const std::uint64_t done = status.succeeded + (retry_failed ? 0 : status.failed);
  fmt::print("\nAlready evaluated: {} ({} failed); left to run: {}. Results: {}\n",
             text::with_thousands(status.succeeded + status.failed), text::with_thousands(status.failed),
             text::with_thousands(study.design.size() - std::min(done, study.design.size())), study.directory.string());
}

}  // namespace

int plan(const PlanArguments& arguments) {
  const Study study = load_study(arguments.study, arguments.directory);
  const Command command(study.command, study.design);
  if (arguments.point >= study.design.size()) {
    return complain(
        fmt::format("there is no point {}: the study has points 0 to {}", arguments.point, study.design.size() - 1));
  }
  fmt::print("{}: {} points ({})\n", study.name, text::with_thousands(study.design.size()), study.design.method());
  print_parameters(study.design);
  fmt::print("\nPoints:\n");
  print_points(study.design);
  print_command(study, command, arguments.point);
  print_state(study, arguments.retry_failed);
  return kSuccess;
}

}  // namespace windrow::app
