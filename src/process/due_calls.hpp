#pragma once

#include <deque>
#include <functional>

namespace windrow::detail {

/// Calls of a user's functions that are due, in order.
class DueCalls {
 public:
  void add(std::function<void()> call) { calls_.push_back(std::move(call)); }
  /// Makes all of them, whatever one throws; then throws the first exception. Does nothing when one of them calls this:
  /// what comes due meanwhile has its turn afterwards, in order, and without one more level of calls for each.
  /// @pre this object outlives it
  void run();
  bool is_running() const { return running_; }

 private:
  std::deque<std::function<void()>> calls_;
  bool running_ = false;
};

}  // namespace windrow::detail
