#include "watched.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "common.hpp"
#include "windrow/base/text.hpp"
#include "windrow/error.hpp"

namespace windrow::app {
namespace {

constexpr double kQuiet = 30.0;  // seconds without a sign of life that are worth a note

Progress progress_of(const StoreStatus& status) {
  Progress progress;
  progress.points = status.points;
  progress.done = status.succeeded + status.failed;
  progress.failed = status.failed;
  progress.finished = true;
  return progress;
}

std::string left_text(const Progress& progress) {
  const std::string left = progress.points - progress.done == 1 ? "is" : "are";
  return fmt::format("{} {} left: `windrow run` continues it",
                     counted(progress.points - std::min(progress.done, progress.points), "point"), left);
}

std::string state_of(const LivenessWatch::Look& look) {
  const std::string where = look.live ? " on " + look.live->host : "";
  switch (look.liveness) {
    case Liveness::running:
      return "running" + where;
    case Liveness::ended:
      return look.live->stopped.empty() ? "ended" : "stopped " + look.live->stopped;
    case Liveness::broken:
      return "broken off" + where;
    case Liveness::none:
      break;
  }
  return "not running";
}

std::string ending_of(const LivenessWatch::Look& look, const Progress& progress) {
  if (progress.done >= progress.points) {
    return fmt::format("The run has ended: all {} evaluated, {} failed.", counted(progress.points, "point"),
                       text::with_thousands(progress.failed));
  }
  if (look.liveness == Liveness::broken) {
    return fmt::format(
        "The run broke off: process {} on {} was killed, or met an error (last sign of life {} ago); {}.",
        look.live->process, look.live->host, text::render_duration(look.silence), left_text(progress));
  }
  if (look.liveness == Liveness::ended && !look.live->stopped.empty()) {
    return fmt::format("The run was stopped {}; {}.", look.live->stopped, left_text(progress));
  }
  return fmt::format("No run is there; {}.", left_text(progress));
}

std::string note_of(const LivenessWatch::Look& look) {
  if (look.liveness != Liveness::running || !look.live || look.silence < kQuiet) return {};
  return fmt::format("The last sign of life is {} old: its root is busy, stopped, or cannot write.",
                     text::render_duration(look.silence));
}

std::string note_of_long_points(const std::filesystem::path& directory, const std::vector<LiveWorker>& workers) try {
  if (!may_be_suspect(workers)) return {};
  const StoreStatus status = StoreReader(directory).status();
  const std::uint64_t finished = status.succeeded + status.failed;
  return suspect_point(workers, finished,
                       status.busy_seconds / static_cast<double>(std::max<std::uint64_t>(finished, 1)));
} catch (const Error&) {
  return {};  // from here the results cannot be read
}

}  // namespace

Watched::Seen Watched::look() {
  const FoundShards found = find_shards(directory_);
  return found.shards.empty() ? look_at_run() : look_at_shards(found);
}

Watched::Seen Watched::look_at_run() {
  Seen seen;
  const LivenessWatch::Look look = liveness_.look();
  seen.running = look.liveness == Liveness::running;
  seen.frame.state = state_of(look);
  seen.frame.note = note_of(look);
  if (seen.running && look.live) {
    seen.frame.study = look.live->study;
    seen.frame.progress = look.live->progress;
    seen.frame.workers = look.live->workers;
    if (seen.frame.note.empty()) seen.frame.note = note_of_long_points(directory_, seen.frame.workers);
    return seen;
  }
  try {
    const StoreStatus status = StoreReader(directory_).status();
    seen.frame.study = status.name;
    seen.frame.progress = progress_of(status);
  } catch (const StoreElsewhere&) {
    if (!look.live) throw;  // what the run said last is all that can be read from here
    seen.frame.study = look.live->study;
    seen.frame.progress = look.live->progress;
  }
  if (look.live) seen.frame.progress.elapsed = look.live->progress.elapsed;
  const bool complete = seen.frame.progress.done == seen.frame.progress.points;
  if (look.liveness == Liveness::none && complete) seen.frame.state = "complete";
  if (!seen.running) seen.ending = ending_of(look, seen.frame.progress);
  return seen;
}

WatchedPart Watched::look_at(const Shard& shard, WatchFrame& frame, bool& running) {
  const std::filesystem::path directory = shard_directory(directory_, shard);
  WatchedPart part;
  part.name = name_of(shard);
  const auto watch = shards_.try_emplace(part.name, directory).first;
  const LivenessWatch::Look look = watch->second.look();
  part.state = state_of(look);
  if (look.liveness == Liveness::none) part.state = "not begun";
  if (look.live) part.progress = look.live->progress;
  if (!look.live && study_) part.progress.points = points_of(shard, study_->points).size();
  if (look.liveness == Liveness::ended && part.progress.done == part.progress.points) part.state = "complete";
  if (look.liveness != Liveness::running) return part;
  running = true;
  if (!look.live) return part;
  part.workers = look.live->workers.size();
  frame.workers.insert(frame.workers.end(), look.live->workers.begin(), look.live->workers.end());
  return part;
}

Watched::Seen Watched::look_at_shards(const FoundShards& found) {
  Seen seen;
  WatchFrame& frame = seen.frame;
  for (const Shard& shard : found.shards) {
    if (study_) break;
    try {
      study_ = StoreReader(shard_directory(directory_, shard)).identity();
    } catch (const StoreError&) {
      // Another one may say it.
    }
  }
  std::vector<Shard> all;
  for (const Shard& shard : found.shards) {
    if (shard.count != found.division) all.push_back(shard);
  }
  for (std::uint32_t number = 1; number <= found.division; ++number) all.push_back({number, found.division});
  std::size_t running = 0;
  double rate = 0.0;
  for (const Shard& shard : all) {
    bool runs = false;
    WatchedPart part = look_at(shard, frame, runs);
    running += runs ? 1 : 0;
    rate += runs ? part.progress.rate() : 0.0;
    frame.progress.points += part.progress.points;
    frame.progress.done += part.progress.done;
    frame.progress.failed += part.progress.failed;
    frame.progress.evaluated += runs ? part.progress.evaluated : 0;
    frame.shards.push_back(std::move(part));
  }
  frame.study = study_ ? study_->name : directory_.filename().string();
  frame.state = fmt::format("{} of {} running", running, counted(all.size(), "shard"));
  // So that the rate of the frame is that of all.
  frame.progress.elapsed = rate > 0.0 ? static_cast<double>(frame.progress.evaluated) / rate : 0.0;
  seen.running = running > 0 || liveness_.look().liveness == Liveness::running;  // its own run, or a merge
  frame.progress.finished = !seen.running;
  if (!seen.running) {
    seen.ending =
        fmt::format("No shard is running; `windrow status {}` says what to do.", shell_line({directory_.string()}));
  }
  return seen;
}

}  // namespace windrow::app
