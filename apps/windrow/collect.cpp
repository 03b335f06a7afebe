#include <fmt/format.h>

#include <string>

#include "common.hpp"
#include "json.hpp"
#include "verbs.hpp"
#include "windrow/base/machine.hpp"
#include "windrow/base/text.hpp"
#include "windrow/error.hpp"
#include "windrow/run/sweep.hpp"
#include "windrow/study/study.hpp"

namespace windrow::app {
namespace {

constexpr std::size_t kUnreadableShown = 5;

std::vector<Setting> provenance_of_collect(const Study& study, const CollectArguments& arguments) {
  return {{"windrow", version()},
          {"command", arguments.command_line},
          {"directory", std::filesystem::current_path().string()},
          {"host", host_name()},
          {"study_file", study.file.string()},
          {"study", study.source},
          {"seed", std::to_string(study.seed)}};
}

std::vector<TaskFailure> unreadable(const StoreReader& store) {
  std::vector<TaskFailure> found;
  for (TaskFailure& failure : store.failures(~std::size_t{0})) {
    if (failure.kind == FailureKind::bad_output && found.size() < kUnreadableShown) found.push_back(std::move(failure));
  }
  return found;
}

void print_found(const Study& study, const Resumption& found) {
  const auto points = [](std::uint64_t n) { return counted(n, "point"); };
  const StoreReader store(study.directory);
  const StoreStatus status = store.status();
  if (!found.differences.empty()) show("{}\n", with_options(found.describe()));
  if (found.read == 0) {
    show("Nothing was read from files{}.\n",
         found.without_files > 0 ? ": those of the points that need it were not kept" : "; all outputs are there");
  } else {
    show("Outputs of {} were read from files that were kept.\n", points(found.read));
  }
  if (found.unreadable > 0) {
    show("Of {} an output is not there; they count as failed (bad_output) until it can be read:\n",
         points(found.unreadable));
    for (const TaskFailure& failure : unreadable(store)) show("{}", indented(describe(failure), 2));
  }
  const std::uint64_t left = status.points - std::min(status.points, status.succeeded + status.failed);
  show("{} of {} succeeded, {} failed{}.\n", text::with_thousands(status.succeeded), points(status.points),
       text::with_thousands(status.failed),
       left == 0 ? ""
                 : fmt::format("; {} left: `windrow run` evaluates {}", text::with_thousands(left),
                               left == 1 ? "it" : "them"));
  show("Results: {}\n", study.directory.string());
}

void print_collected_json(const Study& study, const Resumption& found) {
  const StoreStatus status = StoreReader(study.directory).status();
  const std::uint64_t left = status.points - std::min(status.points, status.succeeded + status.failed);
  print(Json{{"study", study.name},
             {"points", status.points},
             {"succeeded", status.succeeded},
             {"failed", status.failed},
             {"left", left},
             {"read", found.read},
             {"unreadable", found.unreadable},
             {"without_files", found.without_files},
             {"changes", found.differences},
             {"results", study.directory.string()}});
}

}  // namespace

int collect(const CollectArguments& arguments) {
  const Study study = load_study(arguments.study, arguments.directory);
  const Sweep sweep(study.design, Command(study.command, study.design));
  SweepOptions options;
  options.store = study.directory;
  options.name = study.name;
  options.provenance = provenance_of_collect(study, arguments);
  options.on_damaged = [](const std::vector<std::string>& lines) {
    for (const std::string& line : lines) show_aside("windrow: {}\n", line);
  };
  const Resumption found = sweep.collect(options);
  if (arguments.json) {
    print_collected_json(study, found);
  } else {
    print_found(study, found);
  }
  return found.unreadable > 0 ? kSomeFailed : kSuccess;
}

}  // namespace windrow::app
