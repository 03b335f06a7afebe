#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "windrow/report/progress.hpp"

namespace [[gnu::visibility("default")]] windrow {

/// What a rank, or a forked worker, of a run is at.
struct LiveWorker {
  int rank = 0;
  std::string host;
  std::uint64_t evaluated = 0;         ///< points, by this run
  std::optional<std::uint64_t> point;  ///< the first one that it was given and has no outcome of; none: it is idle
  double seconds = 0.0;                ///< since the outcome of the one before, or since it was given this one
};

/// What the root of a run tells about once a second, in the file `live.json` beside the results. It can be read
/// anywhere, also where the results themselves cannot. The file is replaced as a whole; it is never synced, and a run
/// goes on as it is if it cannot be written. It stays when the run has ended.
struct LiveStatus {
  std::string study;           ///< its name
  std::string shard;           ///< "2/4"; empty: all points
  std::string host;            ///< of the root
  int process = 0;             ///< of the root
  double written = 0.0;        ///< seconds since the Unix epoch, by the root's clock
  std::uint64_t revision = 0;  ///< how many times it was written
  Progress progress;           ///< `finished`: the run has ended in order
  std::string stopped;         ///< why it ended though points were left: "at its time limit of 2h00m"
  std::vector<LiveWorker> workers;
};

/// @return nothing if there is no such file, or it cannot be read
std::optional<LiveStatus> read_live(const std::filesystem::path& store);

/// Whether a run is there that writes a store.
enum class Liveness {
  none,     ///< nobody, and nothing is known of a run
  running,  ///< the writer's lock is held, or, by another machine whose locks cannot be seen here, `live.json` is new
  ended,    ///< the last run ended in order
  broken    ///< it ended without saying so: it was killed, its machine is gone, or it met an error
};

/// Looks at a store again and again.
class LivenessWatch {
 public:
  explicit LivenessWatch(std::filesystem::path store) : store_(std::move(store)) {}
  struct Look {
    Liveness liveness = Liveness::none;
    std::optional<LiveStatus> live;  ///< of the run that is running, or of the last one
    double silence = 0.0;            ///< seconds since `live` was written, by this machine's clock, at least 0
  };
  /// A `live.json` of another machine that is old by this machine's clock counts as new if it was written between two
  /// looks, since clocks differ.
  Look look();

 private:
  std::filesystem::path store_;
  std::optional<std::uint64_t> revision_;  // at the last look
};

}  // namespace windrow
