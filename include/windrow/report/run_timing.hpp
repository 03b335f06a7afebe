#pragma once

#include <cstdint>
#include <ostream>

#include "windrow/parallel/account.hpp"
#include "windrow/store/store.hpp"

namespace [[gnu::visibility("default")]] windrow {

/// Where the time of a run went, as far as its store tells.
struct RunTiming {
  std::int64_t run = 0;
  double started = 0.0;  ///< seconds since the Unix epoch, by the root's clock
  /// Whether the run kept its account. If not (it was killed, or is still running), `account` is what the recorded
  /// evaluations tell: evaluate alone, until the last of them ended.
  bool is_complete = true;
  TimeAccount account;
};

/// Reads the times of all evaluations of that run. Points that later runs evaluated again, or that a change of the
/// study has taken out, are not among them.
/// @param run  its number; 0: the last one that evaluated something, or else the last
/// @throws StoreError if there is no such run
RunTiming read_run_timing(const StoreReader& store, std::int64_t run = 0);

struct RunTraceOptions {
  /// At most so many slices. If there are more evaluations, short ones that follow each other closely are drawn as one.
  std::uint64_t most_slices = 100'000;
};

/// Writes a run in the Chrome trace-event format (TraceWriter): a track for each worker, below its host, and a slice
/// for each evaluation, with the point's index and outcome; evaluations that were tried again are there, too, but what
/// a lost worker was at has no length. Memory grows with the number of workers alone.
///
/// Begins of a worker's slices are told by its own clock, against the moment that it began, and that moment by the
/// root's: of all its messages, the one that was fastest on its way tells it best. So clocks of hosts may differ; what
/// is wrong is that one way, mostly far below a millisecond. (Of a run without an account, clocks are taken as they
/// are.)
/// @return slices written
/// @throws TimingError if `out` could not take everything
std::uint64_t write_run_trace(std::ostream& out, const StoreReader& store, const RunTiming& run,
                              const RunTraceOptions& options = {});

}  // namespace windrow
