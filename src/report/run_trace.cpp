// A run as slices of a trace.
#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "run_evaluations.hpp"
#include "windrow/base/text.hpp"
#include "windrow/report/run_timing.hpp"
#include "windrow/timing/trace.hpp"

namespace windrow {
namespace {

using std::chrono::nanoseconds;

nanoseconds nanoseconds_of(double seconds) {
  return std::chrono::duration_cast<nanoseconds>(std::chrono::duration<double>(seconds));
}

/// Evaluations of one worker, one after another, that become one slice.
struct Batch {
  std::size_t track = 0;
  double begin = 0.0;  // seconds since the begin of the run
  double end = 0.0;
  double evaluating = 0.0;
  std::uint64_t points = 0;
  std::uint64_t failed = 0;
  EvaluationTime first = {};
  std::uint64_t last_index = 0;
};

class SliceWriter {
 public:
  /// @param grain  seconds: shorter evaluations, with shorter gaps between them, are drawn together, up to this length
  SliceWriter(TraceWriter& out, double grain) : out_(out), grain_(grain) {}

  void add(std::size_t track, const EvaluationTime& one, double begin) {
    const double end = begin + one.elapsed;
    const bool joins = batch_.points > 0 && batch_.track == track && one.elapsed < grain_ &&
                       begin - batch_.end < grain_ && end - batch_.begin <= grain_;
    if (!joins) {
      flush();
      batch_ = {track, begin, end, 0.0, 0, 0, one, one.index};
    }
    batch_.end = std::max(batch_.end, end);
    batch_.evaluating += one.elapsed;
    ++batch_.points;
    batch_.failed += one.status == "ok" ? 0 : 1;
    batch_.last_index = one.index;
  }

  void flush() {
    if (batch_.points == 0) return;
    TraceSlice slice = batch_.points == 1 ? of_point(batch_.first) : of_batch();
    slice.track = batch_.track;
    // Times are stored with the precision of a float: a point must not end after the next one's begin.
    if (track_ != batch_.track) free_at_ = nanoseconds(0);
    track_ = batch_.track;
    slice.begin = std::max(free_at_, nanoseconds_of(batch_.begin));
    free_at_ = std::max(slice.begin, nanoseconds_of(batch_.end));
    slice.duration = free_at_ - slice.begin;
    out_.write(slice);
    ++written_;
    batch_.points = 0;
  }

  std::uint64_t written() const { return written_; }

 private:
  static TraceSlice of_point(const EvaluationTime& one) {
    TraceSlice slice;
    const bool ok = one.status == "ok";
    slice.name = ok ? fmt::format("point {}", one.index)
                    : fmt::format("point {} ({}{})", one.index, one.status, one.stands ? "" : ", tried again");
    slice.args = {{"index", static_cast<std::int64_t>(one.index)}, {"outcome", one.status}};
    if (!one.stands) slice.args.push_back({"tried_again", "yes"});
    return slice;
  }

  TraceSlice of_batch() const {
    TraceSlice slice;
    slice.name = fmt::format("{} points", text::with_thousands(batch_.points));
    slice.args = {{"points", static_cast<std::int64_t>(batch_.points)},
                  {"failed", static_cast<std::int64_t>(batch_.failed)},
                  {"first", static_cast<std::int64_t>(batch_.first.index)},
                  {"last", static_cast<std::int64_t>(batch_.last_index)},
                  {"seconds_evaluating", batch_.evaluating}};
    return slice;
  }

  TraceWriter& out_;
  double grain_;
  Batch batch_;
  std::size_t track_ = 0;
  nanoseconds free_at_{0};  // of the track
  std::uint64_t written_ = 0;
};

/// A slice is a long evaluation, or ends a grain of time, or is followed by a gap as long: at most three for each.
double grain_of(const TimeAccount& account, const RunTraceOptions& options) {
  if (account.attempts() <= options.most_slices) return 0.0;
  return 3.0 * account.available() / static_cast<double>(std::max<std::uint64_t>(1, options.most_slices));
}

}  // namespace

std::uint64_t write_run_trace(std::ostream& out, const StoreReader& store, const RunTiming& run,
                              const RunTraceOptions& options) {
  std::vector<TraceTrack> tracks;
  for (const WorkerAccount& worker : run.account.workers) {
    tracks.push_back({fmt::format("worker {}", worker.worker), worker.host});
  }
  TraceWriter trace(out, tracks);
  SliceWriter slices(trace, grain_of(run.account, options));
  std::size_t track = 0;
  detail::for_each_evaluation_of(store, run.account, [&](const EvaluationTime& one, double begin) {
    while (run.account.workers[track].worker != one.worker) ++track;
    slices.add(track, one, begin);
  });
  slices.flush();
  trace.close();
  return slices.written();
}

}  // namespace windrow
