#include "watch_frame.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "windrow/base/text.hpp"

namespace windrow::app {
namespace {

constexpr double kLong = 60.0;             // seconds that a point may take whatever others took
constexpr double kManyTimes = 20.0;        // of the mean
constexpr std::uint64_t kFewFinished = 3;  // points, which tell nothing

using Lines = std::vector<std::string>;
using text::clipped;
using text::with_thousands;

std::string bar(const Progress& progress, std::size_t width) {
  const double share =
      progress.points == 0 ? 1.0 : static_cast<double>(progress.done) / static_cast<double>(progress.points);
  const std::string numbers = fmt::format(" {}/{} {:3.0f}%", progress.done, progress.points, share * 100.0);
  if (width < numbers.size() + 8) return numbers.substr(1);
  const std::size_t cells = width - numbers.size() - 2;
  const auto full = std::min(cells, static_cast<std::size_t>(share * static_cast<double>(cells)));
  return fmt::format("[{}{}]{}", std::string(full, '='), std::string(cells - full, ' '), numbers);
}

std::string counts(const WatchFrame& frame) {
  const Progress& progress = frame.progress;
  const auto busy = std::ranges::count_if(frame.workers, [](const LiveWorker& worker) { return !!worker.point; });
  std::string line = fmt::format("{} failed", with_thousands(progress.failed));
  if (!frame.workers.empty()) line += fmt::format("   {} of {} workers busy", busy, frame.workers.size());
  if (progress.evaluated > 0) line += fmt::format("   {:.{}f}/s", progress.rate(), progress.rate() < 10.0 ? 2 : 0);
  if (progress.stopping && !progress.finished) return line + "   stopping";
  const auto seconds = progress.finished ? std::nullopt : progress.remaining();
  if (seconds) line += "   ETA " + text::render_duration(*seconds);
  return line;
}

std::string worker_line(const LiveWorker& worker, std::size_t host_width) {
  const std::string at =
      worker.point ? fmt::format("{:>10}  {}", *worker.point, text::render_duration(worker.seconds)) : "      idle";
  return fmt::format("{:>6}  {:<{}}  {:>9}  {}", worker.rank, clipped(text::visible(worker.host), host_width),
                     host_width, with_thousands(worker.evaluated), at);
}

/// Of many workers those that a user may want to know of, `most` in all, in the order of their ranks.
std::vector<LiveWorker> remarkable(std::vector<LiveWorker> workers, std::size_t most) {
  const auto middle = workers.begin() + static_cast<std::ptrdiff_t>((most + 1) / 2);
  const auto end = workers.begin() + static_cast<std::ptrdiff_t>(most);
  const auto at_point = [](const LiveWorker& worker) { return worker.point ? -worker.seconds : 1.0; };
  std::partial_sort(workers.begin(), middle, workers.end(), [&](const LiveWorker& a, const LiveWorker& b) {
    return std::pair(at_point(a), a.rank) < std::pair(at_point(b), b.rank);
  });
  std::partial_sort(middle, end, workers.end(), [](const LiveWorker& a, const LiveWorker& b) {
    return std::pair(a.evaluated, a.rank) < std::pair(b.evaluated, b.rank);
  });
  workers.erase(end, workers.end());
  std::ranges::sort(workers, {}, &LiveWorker::rank);
  return workers;
}

std::string rest_line(const std::vector<LiveWorker>& workers, std::size_t shown) {
  std::vector<std::uint64_t> evaluated;
  for (const LiveWorker& worker : workers) evaluated.push_back(worker.evaluated);
  const auto median = evaluated.begin() + static_cast<std::ptrdiff_t>(evaluated.size() / 2);
  std::ranges::nth_element(evaluated, median);
  return fmt::format("and {} more: median {}, most {} points (shown: longest at a point, fewest points)",
                     workers.size() - shown, with_thousands(*median), with_thousands(std::ranges::max(evaluated)));
}

void append_workers(Lines& lines, const std::vector<LiveWorker>& workers, std::size_t width, std::size_t rows) {
  if (workers.empty() || rows < 2) return;
  std::size_t host_width = 4;
  for (const LiveWorker& worker : workers) host_width = std::max(host_width, worker.host.size());
  host_width = std::min(host_width, width > 60 ? std::size_t{24} : std::size_t{8});
  lines.push_back(
      fmt::format("{:>6}  {:<{}}  {:>9}  {:>10}  {}", "worker", "host", host_width, "done", "at point", "for"));
  if (workers.size() < rows) {
    for (const LiveWorker& worker : workers) lines.push_back(worker_line(worker, host_width));
    return;
  }
  const std::vector<LiveWorker> some = remarkable(workers, rows - 2);
  for (const LiveWorker& worker : some) lines.push_back(worker_line(worker, host_width));
  lines.push_back(rest_line(workers, some.size()));
}

std::string shard_line(const WatchedPart& part) {
  std::string line = fmt::format("{:>9}  {}/{}", part.name, part.progress.done, part.progress.points);
  if (part.progress.failed > 0) line += fmt::format("  {} failed", with_thousands(part.progress.failed));
  line += "  " + part.state;
  if (part.workers > 0) line += fmt::format(", {} workers", part.workers);
  return line;
}

/// All shards, or those that are not complete.
void append_shards(Lines& lines, const std::vector<WatchedPart>& shards, std::size_t rows) {
  std::vector<const WatchedPart*> shown;
  for (const WatchedPart& shard : shards) {
    const bool complete = shard.progress.done == shard.progress.points;
    if (shards.size() <= rows || !complete) shown.push_back(&shard);
  }
  const std::size_t fitting = shown.size() <= rows ? shown.size() : rows - std::min<std::size_t>(rows, 1);
  for (std::size_t i = 0; i < fitting; ++i) lines.push_back(shard_line(*shown[i]));
  if (fitting < shards.size() && rows > fitting) {
    lines.push_back(fmt::format("           and {} more shards", shards.size() - fitting));
  }
}

/// "running on node7, for 3m"; "ended after 3m".
std::string before_time(const WatchFrame& frame) {
  return frame.state.find("running") != std::string::npos ? ", for " : " after ";
}

}  // namespace

std::vector<std::string> render(const WatchFrame& frame, std::size_t width, std::size_t height) {
  const std::size_t columns = width, rows_there = height;
  width = std::max<std::size_t>(width, 20);
  height = std::max<std::size_t>(height, 4);
  Lines lines;
  lines.push_back(fmt::format(
      "{}: {}{}", frame.study, frame.state,
      frame.progress.elapsed > 0.0 ? before_time(frame) + text::render_duration(frame.progress.elapsed) : ""));
  lines.push_back(bar(frame.progress, width));
  lines.push_back(counts(frame));
  const std::size_t note = frame.note.empty() ? 0 : 1;
  const std::size_t rows = height - 3 - note;
  if (!frame.shards.empty()) append_shards(lines, frame.shards, rows);
  if (frame.shards.empty()) append_workers(lines, frame.workers, width, rows);
  if (note > 0) lines.push_back(frame.note);
  for (std::string& line : lines) line = clipped(text::visible(line), columns);
  lines.resize(std::min(lines.size(), rows_there));
  return lines;
}

std::string suspect_point(const std::vector<LiveWorker>& workers, std::uint64_t finished, double mean) {
  const auto seconds = [](const LiveWorker& worker) { return worker.point ? worker.seconds : 0.0; };
  const auto longest = std::ranges::max_element(workers, {}, seconds);
  const bool is_suspect = finished >= kFewFinished && may_be_suspect(workers) && seconds(*longest) > kManyTimes * mean;
  if (!is_suspect) return {};
  return fmt::format(
      "Point {} has been running for {} (others took {} in the mean); `timeout` in [command] would end it.",
      *longest->point, text::render_duration(longest->seconds), text::render_duration(mean));
}

bool may_be_suspect(const std::vector<LiveWorker>& workers) {
  return std::ranges::any_of(workers, [](const LiveWorker& worker) { return worker.point && worker.seconds > kLong; });
}

}  // namespace windrow::app
