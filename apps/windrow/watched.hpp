#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>

#include "watch_frame.hpp"

namespace windrow::app {

/// A study's results, looked at again and again: its own run, or its shards.
class Watched {
 public:
  explicit Watched(std::filesystem::path directory) : directory_(std::move(directory)), liveness_(directory_) {}

  struct Seen {
    WatchFrame frame;
    bool running = false;
    std::string ending;  ///< a sentence on how it stands, if it is not running
  };
  /// @throws StoreError if there is nothing to look at
  Seen look();

 private:
  Seen look_at_run();
  Seen look_at_shards(const FoundShards& found);
  WatchedPart look_at(const Shard& shard, WatchFrame& frame, bool& running);

  std::filesystem::path directory_;
  LivenessWatch liveness_;
  std::map<std::string, LivenessWatch> shards_;
  std::optional<StudyIdentity> study_;  // of shards
};

}  // namespace windrow::app
