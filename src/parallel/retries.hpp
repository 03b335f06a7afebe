#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <queue>
#include <vector>

#include "windrow/parallel/job.hpp"

namespace windrow::detail {

/// Points that are tried again after a failure: what they have behind them, and when they are due. Memory in proportion
/// to their number.
class Retries {
 public:
  /// A point has failed. Adds to the failure the attempts and the time of earlier tries. If its worker was lost for an
  /// unknown reason, the point is tried again without being asked for, and without counting as tried.
  /// @param worker       that had it, and whose share it is where there are shares
  /// @param lost_worker  whether the worker was lost at it
  /// @param ask          JobObserver::retry_after; may be null
  /// @return whether it is tried again, or left for another job; if not, the failure is the point's outcome
  bool take(TaskFailure& failure, int worker, bool lost_worker, double now, JobObserver* ask);
  /// A point has its outcome. @return attempts before the one that brought it
  int settle(std::uint64_t index) { return tried_.empty() ? 0 : settle_tried(index); }

  struct Due {
    double at = 0.0;
    std::uint64_t index = 0;
    int worker = 0;
    friend bool operator>(const Due& a, const Due& b) { return a.at != b.at ? a.at > b.at : a.index > b.index; }
  };
  /// When the next point is due; infinity if none waits.
  double next_due() const;
  /// The next point that is due by then. Those of one time in index order.
  std::optional<Due> pop(double now);

 private:
  struct Tried {
    int tries = 0;
    int attempts = 0;
    int lost_workers = 0;
    double elapsed = 0.0;
  };
  int settle_tried(std::uint64_t index);

  std::map<std::uint64_t, Tried> tried_;  // waiting or being evaluated again
  std::priority_queue<Due, std::vector<Due>, std::greater<>> waiting_;
};

}  // namespace windrow::detail
