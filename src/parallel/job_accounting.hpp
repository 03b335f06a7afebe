#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "parallel/interface/wire.hpp"
#include "windrow/parallel/account.hpp"

namespace windrow::detail {

/// The root's side of a job's account: puts together what workers say of their time and what the root's clock says of
/// theirs. A worker says how long it has been there; how long the job took beyond that, it had nothing to do. All times
/// are the root's clock, in seconds, unless said otherwise.
class JobAccounting {
 public:
  JobAccounting(int first_worker, int worker_count, double now);

  void heard(int worker, const WorkerTimes& times, double now);
  /// Evaluations that came to an end, and outcomes.
  void count(int worker, std::uint64_t attempts, std::uint64_t points);
  void evaluated(std::uint64_t index, double seconds, int worker, bool failed) {
    if (seconds > least_long_) note_long({index, seconds, worker, {}, failed});
  }
  /// @param evaluating  whether it had points; its time since it was last heard of then went into evaluations
  void lost(int worker, bool evaluating, double now);

  /// @param root  what the coordinating thread spent
  /// @param is_worker  whether that is the thread of the only worker, too
  template <typename HostOf>
  TimeAccount close(double now, const ActivityTimes& root, bool is_worker, HostOf host_of) {
    TimeAccount account = close(now, root, is_worker);
    for (WorkerAccount& worker : account.workers) worker.host = host_of(worker.worker);
    for (LongPoint& point : account.longest) point.host = host_of(point.worker);
    return account;
  }

 private:
  struct Place {
    WorkerAccount account;  // of the processes before the present one
    WorkerTimes times;      // as the present one said last
    double since = 0.0;     // when it took the place
    double start = 0.0;     // when it began, as far as is known
    bool was_heard = false;
  };

  TimeAccount close(double now, const ActivityTimes& root, bool is_worker);
  void note_long(LongPoint point);
  Place& place(int worker) { return places_[static_cast<std::size_t>(worker - first_)]; }

  int first_;
  double begin_;
  std::vector<Place> places_;
  std::vector<LongPoint> longest_;
  double least_long_ = 0.0;  // what is shorter is not among them
};

}  // namespace windrow::detail
