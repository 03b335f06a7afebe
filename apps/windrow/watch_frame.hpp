#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "windrow/report/live.hpp"
#include "windrow/shards/shards.hpp"

namespace windrow::app {

/// One part of what is watched: a run, or a shard.
struct WatchedPart {
  std::string name;   ///< "2/4"; empty for a whole study
  std::string state;  ///< "running on node7", "complete", ...
  Progress progress;
  std::size_t workers = 0;
};

/// What `windrow watch` shows at one moment.
struct WatchFrame {
  std::string study;
  std::string state;                ///< "running on node7", "ended: complete", ...
  Progress progress;                ///< of all parts
  std::vector<WatchedPart> shards;  ///< none: one run
  std::vector<LiveWorker> workers;  ///< of what is running
  std::string note;                 ///< a last line; may be empty
};

/// The frame as lines of at most `width` columns, at most `height` of them. All ranks in their order if they fit; else
/// those that have been at one point for longest, those that have evaluated least, and how many others there are. Below
/// 20 columns and 4 lines it is cut off. Nothing in it is obeyed by a terminal.
std::vector<std::string> render(const WatchFrame& frame, std::size_t width, std::size_t height);

/// That a point has been running for longer than a minute and twenty times as long as others take, and what would end
/// it; empty if none has, or fewer than three have finished.
/// @param mean  seconds that finished points took
std::string suspect_point(const std::vector<LiveWorker>& workers, std::uint64_t finished, double mean);
/// Whether a point has been running for so long that this is worth a look at the results.
bool may_be_suspect(const std::vector<LiveWorker>& workers);

}  // namespace windrow::app
