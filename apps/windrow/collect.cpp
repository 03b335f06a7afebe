#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "common.hpp"
#include "json.hpp"
#include "options.hpp"
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

/// What came of all stores of a study: its own, and those of shards that are not merged.
struct Collected {
  Resumption found;
  std::uint64_t points = 0;
  std::uint64_t succeeded = 0;
  std::uint64_t failed = 0;
  std::uint64_t left() const { return points - std::min(points, succeeded + failed); }
  std::vector<TaskFailure> unreadable;  ///< the first ones
  std::vector<std::string> problems;    ///< shards that could not be read, and why
};

void add_found(Collected& all, const Resumption& found, const std::filesystem::path& directory) {
  all.found.points = found.points;
  all.found.succeeded += found.succeeded;
  all.found.failed += found.failed;
  all.found.read += found.read;
  all.found.judged += found.judged;
  all.found.unreadable += found.unreadable;
  all.found.without_files += found.without_files;
  for (const std::string& line : found.differences) {
    if (std::ranges::find(all.found.differences, line) == all.found.differences.end()) {
      all.found.differences.push_back(line);
    }
  }
  if (found.unreadable == 0) return;
  for (TaskFailure& failure : StoreReader(directory).failures(~std::size_t{0})) {
    if (failure.kind != FailureKind::bad_output || all.unreadable.size() == kUnreadableShown) continue;
    all.unreadable.push_back(std::move(failure));
  }
}

void count_points(Collected& all, const Study& study) {
  if (const auto shards = shards_status(study.directory, points_of_shards)) {
    all.points = shards->points;
    all.succeeded = shards->succeeded;
    all.failed = shards->failed;
    return;
  }
  const StoreStatus status = StoreReader(study.directory).status();
  all.points = status.points;
  all.succeeded = status.succeeded;
  all.failed = status.failed;
}

/// The study's own store, and those of its shards. @throws StoreError if there is none
Collected collect_all(const Study& study, const Sweep& sweep, SweepOptions options) {
  Collected all;
  const std::vector<Shard> shards = find_shards(study.directory).shards;
  std::error_code none;
  if (shards.empty() || std::filesystem::exists(study.directory / "results.sqlite", none)) {
    add_found(all, sweep.collect(options), study.directory);
  }
  for (const Shard& shard : shards) {
    options.shard = shard;
    try {
      add_found(all, sweep.collect(options), shard_directory(study.directory, shard));
    } catch (const StoreError& error) {
      all.problems.push_back(fmt::format("shard {}: {}", name_of(shard), error.what()));
    }
  }
  count_points(all, study);
  return all;
}

void print_found(const Study& study, const Collected& all) {
  const Resumption& found = all.found;
  const auto points = [](std::uint64_t n) { return counted(n, "point"); };
  for (const std::string& problem : all.problems) show_aside("windrow: {}\n", problem);
  if (!found.differences.empty()) show("{}\n", with_options(found.describe()));
  if (found.read > 0) {
    show("Outputs of {} were read from files that were kept.\n", points(found.read));
  } else if (found.judged == 0) {
    show("Nothing was read from files{}.\n",
         found.without_files > 0 ? ": those of the points that need it were not kept" : "; all outputs are there");
  }
  if (found.judged > 0)
    show("{} {} judged by known values.\n", points(found.judged), found.judged == 1 ? "was" : "were");
  if (found.unreadable > 0) {
    show("{} of them {} (bad_output), since an output is not there, or a condition does not hold:\n",
         text::with_thousands(found.unreadable), found.unreadable == 1 ? "fails" : "fail");
    for (const TaskFailure& failure : all.unreadable) show("{}", indented(describe(failure), 2));
  }
  show("{} of {} succeeded, {} failed{}.\n", text::with_thousands(all.succeeded), points(all.points),
       text::with_thousands(all.failed),
       all.left() == 0 ? ""
                       : fmt::format("; {} left: `windrow run` evaluates {}", text::with_thousands(all.left()),
                                     all.left() == 1 ? "it" : "them"));
  const std::string shards = unmerged(study.directory);
  if (!shards.empty()) show("Results: {}; {}\n", study.directory.string(), shards);
  if (shards.empty()) show("Results: {}\n", study.directory.string());
}

void print_collected_json(const Study& study, const Collected& all) {
  print(Json{{"study", study.name},
             {"points", all.points},
             {"succeeded", all.succeeded},
             {"failed", all.failed},
             {"left", all.left()},
             {"read", all.found.read},
             {"judged", all.found.judged},
             {"unreadable", all.found.unreadable},
             {"without_files", all.found.without_files},
             {"changes", all.found.differences},
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
  const Collected all = collect_all(study, sweep, options);
  if (arguments.json) {
    for (const std::string& problem : all.problems) show_aside("windrow: {}\n", problem);
    print_collected_json(study, all);
  } else {
    print_found(study, all);
  }
  if (!all.problems.empty()) return kUsage;
  return all.found.unreadable > 0 ? kSomeFailed : kSuccess;
}

Verb add_collect(CommandLine& line) {
  const auto arguments = std::make_shared<CollectArguments>();
  arguments->command_line = line.text();
  CLI::App* verb =
      line.app.add_subcommand("collect", "read outputs that were added or corrected from files that were kept");
  verb->add_option("STUDY", arguments->study, "study file (TOML)")->required();
  verb->add_option("--dir", arguments->directory, "where the results are (default: NAME.windrow beside STUDY)")
      ->option_text("DIR");
  verb->add_flag("--json", arguments->json, kJson);
  return {verb, [arguments] { return collect(*arguments); }};
}

}  // namespace windrow::app
