#pragma once

#include <cstdint>
#include <string>

#include "windrow/parallel/outcome.hpp"

namespace windrow::detail {

/// Whether it is not the points that fail: see FailurePolicy::give_up_early.
class EarlyFailures {
 public:
  static constexpr std::uint64_t kMost = 10;
  static constexpr double kSeconds = 60.0;

  void succeeded() { over_ = true; }
  /// @param elapsed  seconds since the begin of the run
  void failed(const TaskFailure& failure, double elapsed);
  bool gives_up() const { return !over_ && number_ >= kMost; }
  /// "since the first 10 points all failed in the same way (exited 127: ./sim: not found), and none has succeeded"
  std::string why() const;

 private:
  bool over_ = false;
  std::uint64_t number_ = 0;
  FailureKind kind_ = FailureKind::exception;
  int code_ = 0;
  std::string message_;
};

}  // namespace windrow::detail
