#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "common.hpp"
#include "json.hpp"
#include "nested_status.hpp"
#include "options.hpp"
#include "verbs.hpp"
#include "watch_frame.hpp"
#include "windrow/base/text.hpp"
#include "windrow/error.hpp"
#include "windrow/report/estimate.hpp"
#include "windrow/report/live.hpp"
#include "windrow/shards/shards.hpp"

namespace windrow::app {

namespace {

constexpr std::size_t kFailuresShown = 5;
constexpr std::size_t kColumns = 80;

/// "12  (crashed 2, exited 10)"
std::string failed_text(const StoreStatus& status, int width) {
  std::string text = fmt::format("{:>{}}", text::with_thousands(status.failed), width);
  for (std::size_t i = 0; i < status.failures.size(); ++i) {
    const auto& [kind, number] = status.failures[i];
    text += fmt::format("{}{} {}", i == 0 ? "  (" : ", ", kind, text::with_thousands(number));
  }
  return text + (status.failures.empty() ? "" : ")");
}

void print_counts(const StoreStatus& status) {
  const std::uint64_t done = status.succeeded + status.failed;
  const std::string succeeded = text::with_thousands(status.succeeded);
  const std::string left = text::with_thousands(status.points - done);
  const int width =
      static_cast<int>(std::max({succeeded.size(), left.size(), text::with_thousands(status.failed).size()}));
  show("  succeeded  {:>{}}\n  failed     {}\n  left       {:>{}}\n", succeeded, width, failed_text(status, width),
       left, width);
  if (status.again > 0) {
    show("To be evaluated again: {}; `windrow run` does it (--again had not come to its end)\n",
         counted(status.again, "point"));
  }
  if (status.earlier > 0) {
    show("Kept, not counted: {} of points that the design has no more\n", counted(status.earlier, "outcome"));
  }
  if (done > 0) {
    show("Evaluation time: {} in all, {} per point\n", text::render_duration(status.busy_seconds),
         text::render_duration(status.busy_seconds / static_cast<double>(done)));
  }
}

void print_failures(const StoreReader& store, const std::string& given) {
  const std::vector<FailureGroup> groups = store.failure_groups();
  if (groups.empty()) return;
  show("Failures:\n");
  for (const std::string& line : render(groups, store.identity().parameters, kFailuresShown, kColumns)) {
    show("{}\n", line);
  }
  show("`windrow failures {0}` tells what they have in common,\n`windrow explain {0} INDEX` tells more of a point.\n",
       shell_line({given}));
}

/// How long the rest may take, unless the run itself says it.
void print_estimate(const StoreReader& store, std::uint64_t left, const std::string& live) {
  if (live.find("ETA") != std::string::npos) return;
  if (const auto remaining = estimate_remaining(store, left)) show("{}\n", remaining->describe());
}

/// "running: 4 of 4 workers busy, 12.3/s, ETA 9s", as the run itself told last; empty if nothing runs, or it told
/// nothing.
std::string live_text(const std::filesystem::path& directory) {
  const LivenessWatch::Look look = LivenessWatch(directory).look();
  if (look.liveness != Liveness::running || !look.live) return {};
  const LiveStatus& live = *look.live;
  const auto busy = std::ranges::count_if(live.workers, [](const LiveWorker& worker) { return !!worker.point; });
  std::string text = fmt::format("Running on {} for {}: {} of {} workers busy", live.host,
                                 text::render_duration(live.progress.elapsed), busy, live.workers.size());
  if (live.progress.evaluated > 0)
    text += fmt::format(", {:.{}f}/s", live.progress.rate(), live.progress.rate() < 10.0 ? 2 : 0);
  if (live.progress.stopping) return text + ", stopping";
  if (const auto seconds = live.progress.remaining()) text += ", ETA " + text::render_duration(*seconds);
  return text;
}

/// The results cannot be read from here; what the run tells of itself can.
int status_from_afar(const std::filesystem::path& directory, const StoreElsewhere& error) {
  const std::optional<LiveStatus> live = read_live(directory);
  if (!live) throw error;
  const Progress& progress = live->progress;
  show("{}: {} of {} evaluated, {} failed, as its run on {} told last\n", live->study,
       text::with_thousands(progress.done), counted(progress.points, "point"), text::with_thousands(progress.failed),
       live->host);
  if (const std::string text = live_text(directory); !text.empty()) show("{}\n", text);
  show_aside("windrow: {}\n", error.what());
  return kSuccess;
}

/// What to do about a shard that is not complete and does not run.
std::string remedy(const ShardStatus& shard, const std::string& again) {
  switch (shard.state) {
    case ShardState::missing:
      return again + " begins it";
    case ShardState::unfinished:
      return again + " continues it";
    case ShardState::changed:
      return fmt::format("{}; {} runs what is new", shard.problem, again);
    case ShardState::damaged:
      return shard.problem;
    case ShardState::running:
    case ShardState::complete:
      break;
  }
  return {};
}

/// A line for each, or, of many, for those that something can be done about.
void print_shard_lines(const std::filesystem::path& directory, const ShardsStatus& status) {
  constexpr std::size_t kAll = 16;
  constexpr std::size_t kOfMany = 10;
  const bool all = status.shards.size() <= kAll;
  std::size_t shown = 0, left_out = 0;
  for (const ShardStatus& shard : status.shards) {
    const std::string advice = remedy(shard, how_to_run(shard.shard, directory, status.name, status.study));
    if (!all && advice.empty()) continue;
    if (!all && ++shown > kOfMany) {
      ++left_out;
      continue;
    }
    show("  {:>7}  {:<11}  {} of {}{}{}\n", name_of(shard.shard), name_of(shard.state),
         text::with_thousands(shard.succeeded + shard.failed), counted(shard.points, "point"),
         shard.failed > 0 ? fmt::format(", {} failed", text::with_thousands(shard.failed)) : "",
         advice.empty() ? "" : ": " + advice);
  }
  if (left_out > 0) show("  and {} more like these\n", left_out);
}

int shards_status(const std::filesystem::path& directory, const ShardsStatus& status) {
  const std::uint64_t done = status.succeeded + status.failed;
  std::size_t running = 0, complete = 0;
  for (const ShardStatus& shard : status.shards) {
    running += shard.state == ShardState::running ? 1 : 0;
    complete += shard.state == ShardState::complete ? 1 : 0;
  }
  show("{}: {} of {} evaluated, in {} that are not merged yet\n", status.name, text::with_thousands(done),
       counted(status.points, "point"), counted(status.shards.size(), "shard"));
  show("  succeeded  {}\n  failed     {}\n  left       {}\n", text::with_thousands(status.succeeded),
       text::with_thousands(status.failed), text::with_thousands(status.points - done));
  show("Shards: {} complete, {} running\n", complete, running);
  print_shard_lines(directory, status);
  show("{}`windrow merge {}` joins what there is.\n",
       running > 0 ? "The last one to end merges them; before that, " : "", shell_line({directory.string()}));
  return kSuccess;
}

/// Of a run that is going on; nothing otherwise.
std::optional<Json> run_json(const std::filesystem::path& directory) {
  const LivenessWatch::Look look = LivenessWatch(directory).look();
  if (look.liveness != Liveness::running || !look.live) return std::nullopt;
  const LiveStatus& live = *look.live;
  Json run = {{"host", live.host},
              {"elapsed", live.progress.elapsed},
              {"ranks", live.workers.size()},
              {"busy", std::ranges::count_if(live.workers, [](const LiveWorker& worker) { return !!worker.point; })},
              {"rate", live.progress.rate()},
              {"stopping", live.progress.stopping}};
  if (const auto seconds = live.progress.remaining()) run["remaining"] = *seconds;
  return run;
}

Json counts_json(const std::string& study, const char* from, std::uint64_t points, std::uint64_t succeeded,
                 std::uint64_t failed) {
  return {{"study", study},         {"from", from},     {"points", points},
          {"succeeded", succeeded}, {"failed", failed}, {"left", points - succeeded - failed}};
}

void print_status_json(const std::filesystem::path& directory, const StoreReader& store) {
  const StoreStatus status = store.status();
  Json json = counts_json(status.name, "results", status.points, status.succeeded, status.failed);
  json["running"] = status.running;
  if (const std::string stopped = why_stopped(store); !stopped.empty()) json["stopped"] = stopped;
  if (status.again > 0) json["again"] = status.again;
  if (status.earlier > 0) json["earlier"] = status.earlier;
  json["evaluation_seconds"] = status.busy_seconds;
  for (const auto& [kind, number] : status.failures) json["failures"][kind] = number;
  for (const TaskFailure& failure : store.failures(kFailuresShown)) {
    Json of_point = {{"index", failure.index}};
    of_point.update(json_of(failure));
    json["first_failures"].push_back(std::move(of_point));
  }
  if (const auto remaining = estimate_remaining(store, status.points - status.succeeded - status.failed)) {
    json["estimate"] = json_of(*remaining);
  }
  if (auto run = run_json(directory)) json["run"] = std::move(*run);
  print(json);
}

int shards_json(const std::filesystem::path& directory, const ShardsStatus& status) {
  Json json = counts_json(status.name, "shards", status.points, status.succeeded, status.failed);
  json["running"] = status.any_running();
  for (const ShardStatus& shard : status.shards) {
    json["shards"].push_back(
        {{"shard", name_of(shard.shard)},
         {"state", name_of(shard.state)},
         {"points", shard.points},
         {"succeeded", shard.succeeded},
         {"failed", shard.failed},
         {"advice", remedy(shard, how_to_run(shard.shard, directory, status.name, status.study))}});
  }
  print(json);
  return kSuccess;
}

/// @return whether there is a run that says how far it is
bool print_live_json(const std::filesystem::path& directory) {
  const std::optional<LiveStatus> live = read_live(directory);
  if (!live) return false;
  const Progress& progress = live->progress;
  Json json = counts_json(live->study, "live", progress.points, progress.done - progress.failed, progress.failed);
  auto run = run_json(directory);
  json["running"] = run.has_value();
  if (!live->stopped.empty()) json["stopped"] = live->stopped;
  if (run) json["run"] = std::move(*run);
  print(json);
  return true;
}

}  // namespace

int status(const std::filesystem::path& given, bool json) try {
  const std::filesystem::path directory = results_directory(given);
  if (has_nested_stores(directory)) return nested_status(directory, json);
  if (const auto shards = windrow::shards_status(directory, points_of_shards)) {
    return json ? shards_json(directory, *shards) : shards_status(directory, *shards);
  }
  const StoreReader store(directory);
  if (json) {
    print_status_json(directory, store);
    return kSuccess;
  }
  const StoreStatus status = store.status();
  const std::uint64_t done = status.succeeded + status.failed;
  const std::string stopped = why_stopped(store);
  show("{}: {} of {} evaluated{}\n", status.name, text::with_thousands(done), counted(status.points, "point"),
       status.running         ? std::string(", running")
       : done < status.points ? fmt::format(", not running{}; `windrow run` continues it",
                                            stopped.empty() ? "" : "; the last run was stopped " + stopped)
                              : "");
  print_counts(status);
  const std::string live = live_text(directory);
  if (!live.empty()) show("{}\n", live);
  if (const auto run = live.empty() ? std::nullopt : read_live(directory)) {
    const std::string suspect =
        suspect_point(run->workers, done, status.busy_seconds / static_cast<double>(std::max<std::uint64_t>(done, 1)));
    if (!suspect.empty()) show("{}\n", suspect);
  }
  print_estimate(store, status.points - done, live);
  print_failures(store, given.string());
  return kSuccess;
} catch (const StoreElsewhere& error) {
  if (json && print_live_json(results_directory(given))) return kSuccess;
  return status_from_afar(results_directory(given), error);
}

Verb add_status(CommandLine& line) {
  struct Given {
    std::string directory;
    bool json = false;
  };
  const auto arguments = std::make_shared<Given>();
  CLI::App* verb = line.app.add_subcommand("status", "how far a study is");
  verb->add_option("DIR", arguments->directory, kResults)->required();
  verb->add_flag("--json", arguments->json, kJson);
  return {verb, [arguments] { return status(arguments->directory, arguments->json); }};
}

}  // namespace windrow::app
