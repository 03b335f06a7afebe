#pragma once

#include <chrono>
#include <exception>
#include <functional>
#include <optional>
#include <string>
#include <utility>

namespace windrow::detail {

/// What whoever waits for an evaluation asks again and again: whether to end it, because the caller says so or because
/// it has taken longer than a limit that may become known, or change, meanwhile. What the caller's question throws is
/// the caller's, not a failure of the point: it is kept, to pass through whatever lies between.
class StopQuestion {
 public:
  /// @param ask         may be empty
  /// @param time_limit  seconds from now on, 0 while there is none; may be empty
  StopQuestion(std::function<bool()> ask, std::function<double()> time_limit)
      : ask_(std::move(ask)), time_limit_(std::move(time_limit)) {}

  bool operator()();
  /// Throws what the caller's question has thrown, if it has.
  void rethrow() const;
  /// The time limit, if it was the reason to stop.
  std::optional<double> limit_passed() const { return limit_passed_; }

 private:
  std::function<bool()> ask_;
  std::function<double()> time_limit_;
  std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
  std::optional<double> limit_passed_;
  std::exception_ptr thrown_;
};

/// "12s (300% of the median, but at least 1s)"
/// @param factor  3.0 is 300%
std::string render_relative_limit(double seconds, double factor);

}  // namespace windrow::detail
