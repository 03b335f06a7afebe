#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

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
  bool gives_up() const { return limit_ && failed_ >= *limit_; }
  /// How many more may fail until it gives up.
  std::uint64_t failures_left() const { return limit_ ? *limit_ - std::min(failed_, *limit_) : ~std::uint64_t{0}; }
  /// "at 10 failed points (max_failures = 5%)"
  std::string why() const;

 private:
  const FailurePolicy& policy_;
  std::optional<std::uint64_t> limit_;
  std::uint64_t failed_ = 0;
};

}  // namespace windrow::detail
