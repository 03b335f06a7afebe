#include "windrow/store/merge.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

#include "common.hpp"
#include "options.hpp"
#include "verbs.hpp"
#include "windrow/base/text.hpp"
#include "windrow/error.hpp"
#include "windrow/run/sweep.hpp"
#include "windrow/shards/shards.hpp"
#include "windrow/study/study.hpp"

namespace windrow::app {
namespace {

/// What a study file says. It lives on in the functions.
PresentStudy present_study(const std::filesystem::path& file) {
  struct Loaded {
    Study study;
    Sweep sweep;
  };
  Study study = load_study(file);
  Sweep sweep(study.design, Command(study.command, study.design));
  const auto loaded = std::make_shared<Loaded>(Loaded{std::move(study), std::move(sweep)});
  const ReadOutputs reader = loaded->sweep.reader();
  return {loaded->sweep.identity(loaded->study.name),
          [loaded](std::uint64_t index) { return loaded->study.design.point(index).values(); },
          {[loaded, reader](const UnreadOutcome& outcome) { return reader.from(outcome); },
           [loaded, reader](const UnreadOutcome& outcome) { return reader.read(outcome); }}};
}

std::optional<PresentStudy> study_of_shards(const StudyIdentity& shards, const std::filesystem::path& file) {
  try {
    PresentStudy present = present_study(file);
    if (!has_outcomes_of(shards, present.identity)) return std::nullopt;
    return present;
  } catch (const Error&) {
    return std::nullopt;
  }
}

/// What stores of an earlier form gave, each thing once.
void print_found(const MergeReport& report) {
  Resumption all;
  const auto add = [&](const std::optional<Resumption>& found) {
    if (!found) return;
    all.read += found->read;
    all.unreadable += found->unreadable;
    for (const std::string& line : found->differences) {
      if (std::ranges::find(all.differences, line) == all.differences.end()) all.differences.push_back(line);
    }
  };
  add(report.found);
  for (const MergedShard& shard : report.shards) add(shard.found);
  for (const std::string& line : all.differences) show_aside("note: {}\n", line);
  if (all.read > 0) {
    show("Outputs of {} were read from files that were kept{}.\n", counted(all.read, "point"),
         all.unreadable == 0
             ? ""
             : fmt::format("; {} of them fail: an output is not there", text::with_thousands(all.unreadable)));
  }
}

}  // namespace

PointValues points_of_shards(const StudyIdentity& shards, const std::filesystem::path& file) {
  const std::optional<PresentStudy> present = study_of_shards(shards, file);
  return present ? present->points : PointValues();
}

int print_merged(const MergeReport& report, bool quiet) {
  constexpr std::size_t shown = 10;
  std::uint64_t outcomes = 0, merged = 0;
  std::size_t problems = 0;
  for (const MergedShard& shard : report.shards) {
    outcomes += shard.outcomes;
    merged += shard.merged ? 1 : 0;
    for (const std::string& problem : shard.problems) {
      if (++problems <= shown) show_aside("windrow: shard {}: {}\n", name_of(shard.shard), with_options(problem));
    }
  }
  if (problems > shown) show_aside("windrow: ... and {} more\n", problems - shown);
  if (!quiet) {
    print_found(report);
    show("Merged {} with {} into {}\n", counted(merged, "shard"), counted(outcomes, "outcome"), report.store.string());
    const StoreStatus& status = report.status;
    show("{}: {} of {} evaluated, {} failed\n", status.name, text::with_thousands(status.succeeded + status.failed),
         counted(status.points, "point"), text::with_thousands(status.failed));
  }
  return problems == 0 && report.complete() ? kSuccess : kSomeFailed;
}

std::string unmerged(const std::filesystem::path& directory) {
  const std::size_t shards = find_shards(directory).shards.size();
  if (shards == 0) return {};
  return fmt::format("{} not merged yet: `windrow merge {}` joins what there is",
                     shards == 1 ? "a shard is" : fmt::format("{} shards are", shards),
                     shell_line({directory.string()}));
}

int merge(const MergeArguments& arguments) {
  const std::filesystem::path directory = results_directory(arguments.directory);
  MergeOptions options;
  options.into = arguments.into;
  options.find_study = study_of_shards;
  if (arguments.directory.extension() == ".toml" && std::filesystem::is_regular_file(arguments.directory)) {
    PresentStudy present = present_study(arguments.directory);
    options.study = std::move(present.identity);
    options.points = std::move(present.points);
    options.read = std::move(present.read);
  }
  const MergeReport report = merge_shards(directory, options);
  if (report.shards.empty() && arguments.into.empty()) {
    show("Nothing to merge: {} has no shards.\n", directory.string());
    return kSuccess;
  }
  return print_merged(report, false);
}

Verb add_merge(CommandLine& line) {
  const auto arguments = std::make_shared<MergeArguments>();
  CLI::App* verb = line.app.add_subcommand("merge", "join the shards of a study into its results");
  verb->add_option("DIR", arguments->directory, kResults)->required();
  verb->add_option("--into", arguments->into, "join everything into another directory instead, and keep the shards")
      ->option_text("DIR2");
  return {verb, [arguments] { return merge(*arguments); }};
}

}  // namespace windrow::app
