#include "windrow/store/merge.hpp"

#include <fmt/format.h>

#include <memory>

#include "common.hpp"
#include "verbs.hpp"
#include "windrow/base/text.hpp"
#include "windrow/error.hpp"
#include "windrow/run/sweep.hpp"
#include "windrow/shards/shards.hpp"
#include "windrow/study/study.hpp"

namespace windrow::app {
namespace {

struct Present {
  StudyIdentity identity;
  PointValues points;
};

Present present_study(const std::filesystem::path& file) {
  const auto study = std::make_shared<Study>(load_study(file));
  const Sweep sweep(study->design, Command(study->command, study->design));
  return {sweep.identity(study->name), [study](std::uint64_t index) { return study->design.point(index).values(); }};
}

}  // namespace

PointValues points_of_shards(const StudyIdentity& shards, const std::filesystem::path& file) {
  try {
    Present present = present_study(file);
    const bool same = present.identity.points == shards.points && present.identity.definition == shards.definition;
    return same ? present.points : PointValues();
  } catch (const Error&) {
    return {};
  }
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
  options.find_points = points_of_shards;
  if (arguments.directory.extension() == ".toml" && std::filesystem::is_regular_file(arguments.directory)) {
    Present present = present_study(arguments.directory);
    options.study = std::move(present.identity);
    options.points = std::move(present.points);
  }
  const MergeReport report = merge_shards(directory, options);
  if (report.shards.empty() && arguments.into.empty()) {
    show("Nothing to merge: {} has no shards.\n", directory.string());
    return kSuccess;
  }
  return print_merged(report, false);
}

}  // namespace windrow::app
