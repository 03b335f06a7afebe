#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "windrow/parallel/schedule.hpp"
#include "windrow/timing/record.hpp"

/// Where the time of a job went: of a sweep, a map, a scatter.
namespace [[gnu::visibility("default")]] windrow {

/// Seconds of one worker, by what it did.
struct ActivityTimes {
  double build = 0.0;       ///< making its model, also anew after a failure. (A model that a fork server made anew by
                            ///< itself, between two isolated evaluations, counts as evaluate.)
  double evaluate = 0.0;    ///< in evaluations, failed and interrupted ones included, less what is in other fields
  double transfer = 0.0;    ///< sending outcomes and pieces of arrays until they were taken, reading assignments
  double store = 0.0;       ///< writing arrays; at the root, recording in the results store
  double coordinate = 0.0;  ///< root only: handing out points, taking in outcomes, progress
  double wait = 0.0;        ///< without work: until the next assignment, until its process was there, after the job's
                            ///< last point, after it was lost

  double sum() const { return build + evaluate + transfer + store + coordinate + wait; }
  ActivityTimes& operator+=(const ActivityTimes& more);
  friend bool operator==(const ActivityTimes&, const ActivityTimes&) = default;
};

/// The account of a worker: of its place, if its process was lost and replaced.
struct WorkerAccount {
  int worker = 0;  ///< -1: the root's own thread, where it does not evaluate
  std::string host;
  double wall = 0.0;  ///< seconds of the job, by the root's clock
  ActivityTimes spent;
  double failed = 0.0;         ///< seconds of spent.evaluate that brought no result: evaluations that failed, were
                               ///< interrupted, or ended with their worker
  std::uint64_t points = 0;    ///< whose outcome is this worker's
  std::uint64_t attempts = 0;  ///< evaluations that came to an end, those that were tried again included
  std::uint64_t losses = 0;    ///< how often its process was lost
  /// When it began, in seconds since the Unix epoch by its own clock (NaN: it was never heard of), and in seconds since
  /// the job began, by the root's. Clocks of hosts differ: what the worker's clock says is to be read against the
  /// first.
  double began = 0.0;
  double began_after = 0.0;

  /// Seconds of `wall` that are in no activity: measured apart from these, so it tells how good the account is.
  double other() const { return wall - spent.sum(); }
  /// Seconds with something to do.
  double busy() const { return spent.sum() - spent.wait; }
};

/// A point that took long.
struct LongPoint {
  std::uint64_t index = 0;
  /// Of the evaluation. Several points of a map, a stream or a scatter that have taken a few microseconds together are
  /// measured together: each has taken their mean.
  double seconds = 0.0;
  int worker = 0;
  std::string host;
  bool failed = false;
};

/// The account of a job.
struct TimeAccount {
  double wall = 0.0;                   ///< seconds, by the root's clock
  std::vector<WorkerAccount> workers;  ///< that evaluate, in the order of their numbers
  /// The thread that coordinates, unless it is that of the only worker, too.
  std::optional<WorkerAccount> root;
  Schedule schedule = Schedule::automatic;  ///< that points were handed out by
  std::vector<LongPoint> longest;           ///< at most 5, the longest first
  int cores = 0;                   ///< that its workers could use, if all are on one host; 0: that is not known
  bool points_hold_slots = false;  ///< points hold the slots, or ranks, of several workers: the others of them wait

  bool empty() const { return workers.empty(); }
  /// Of all workers; the root only where it evaluates.
  ActivityTimes spent() const;
  double failed() const;
  double other() const;
  std::uint64_t points() const;
  std::uint64_t attempts() const;
  /// Seconds that there were workers: number x wall.
  double available() const { return wall * static_cast<double>(workers.size()); }
  /// Parallel efficiency: evaluate / available, from 0 to 1.
  double efficiency() const;
  /// Load imbalance: the largest busy time of a worker over the mean, from 1.
  double imbalance() const;
  /// Seconds that workers and root spent on each evaluation beside it: transfer, store, coordinate and other.
  double overhead() const;
};

/// One record for each worker ("worker 3 on node7") and, last, for the root's own thread ("root on node7"), to be
/// reported, compared, saved, or attached to a timer: the activities are its stamps, the job's wall time its total.
std::vector<TimingRecord> timing_records(const TimeAccount& account);

}  // namespace windrow
