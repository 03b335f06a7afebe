#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "early_failures.hpp"
#include "windrow/run/failure_policy.hpp"

namespace windrow::detail {

inline constexpr std::size_t kFailuresShown = 10;  ///< in the summary of a run

/// A FailurePolicy in a run.
class FailureJudge {
 public:
  /// @throws SpecError for numbers that make no sense
  FailureJudge(const FailurePolicy& policy, std::uint64_t points);

  /// As Job::retry.
  std::optional<double> retry(FailureKind kind, int tries) const;
  /// A point has failed for good.
  void count(FailureKind kind);
  /// The same, for whether all fail in one way. @param elapsed  seconds since the begin of the run
  void note(const TaskFailure& failure, double elapsed) { early_.failed(failure, elapsed); }
  /// A point has succeeded, now or in an earlier run.
  void note_success() { early_.succeeded(); }
  bool gives_up() const { return (limit_ && failed_ >= *limit_) || gives_up_early(); }
  /// How many more may fail until it gives up.
  std::uint64_t failures_left() const { return limit_ ? *limit_ - std::min(failed_, *limit_) : ~std::uint64_t{0}; }
  /// "at 10 failed points (max_failures = 5%)"
  std::string why() const;

 private:
  bool gives_up_early() const { return policy_.give_up_early && !limit_ && early_.gives_up(); }

  const FailurePolicy& policy_;
  EarlyFailures early_;
  std::optional<std::uint64_t> limit_;
  std::uint64_t failed_ = 0;
};

}  // namespace windrow::detail
