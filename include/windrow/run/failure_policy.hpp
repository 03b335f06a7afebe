#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "windrow/parallel/outcome.hpp"

namespace [[gnu::visibility("default")]] windrow {

/// So many failed points that a run gives up: a number, or a share of the points of the study.
struct MaxFailures {
  double amount = 0.0;  ///< points, or per cent
  bool is_share = false;

  /// At least 1.
  std::uint64_t of(std::uint64_t points) const;
  /// "10" or "5%"
  std::string text() const;
};

/// What `text` says, "10" or "5%"; none if it is neither, not positive, or more than 100%.
std::optional<MaxFailures> parse_max_failures(std::string_view text);

/// Numbers of retries for single kinds of failures.
class KindRetries {
 public:
  void set(FailureKind kind, int retries) { numbers_.at(static_cast<std::size_t>(kind)) = retries; }
  std::optional<int> of(FailureKind kind) const { return numbers_.at(static_cast<std::size_t>(kind)); }

 private:
  std::array<std::optional<int>, 16> numbers_{};
};

/// What a run does when points fail.
struct FailurePolicy {
  /// How often a point that failed is tried again within the run, on whichever worker is free. Points that were
  /// rejected or had a bad output fail the same way again, so they are not tried again unless `retries_of` says so.
  /// A point whose worker was killed from outside is tried once more in any case.
  int retries = 0;
  /// Instead of `retries`, for these kinds of failures.
  KindRetries retries_of = {};
  /// Before the first retry of a point; before each further one `backoff` times as long as before the last, up to an
  /// hour.
  std::chrono::nanoseconds retry_delay{0};
  double backoff = 2.0;
  /// Stop at so many failed points of this run, rejected ones not counted: no further point begins, those that run are
  /// waited for. 1 stops at the first.
  std::optional<MaxFailures> max_failures = {};
  /// Stop as well when the first ten points that end, within a minute from the begin, have all failed in the same way
  /// (of one kind, with the same exit code and message), and no point has succeeded in an earlier run either: then it
  /// is not the points. Has no meaning beside `max_failures`.
  bool give_up_early = false;
};

/// When a run ends though points are left.
struct TimeLimits {
  std::chrono::nanoseconds time_limit{0};  ///< from the begin of the run; 0: none
  /// In a job of Slurm, end before it does. Its end is taken from SLURM_JOB_END_TIME, or asked of scontrol.
  bool slurm = true;
  /// So much earlier, so that running programs can be ended and everything is written; a command's own grace is added.
  std::chrono::nanoseconds slurm_margin = std::chrono::seconds(10);
  /// How long running points may go on after SIGTERM, and after SIGUSR1 where no end is known.
  std::chrono::nanoseconds drain = std::chrono::seconds(20);
};

/// Why a run ended though points are left.
enum class StopReason {
  none,        ///< it did not
  interrupt,   ///< SIGINT or SIGHUP
  signal,      ///< SIGTERM or SIGUSR1
  time_limit,  ///< TimeLimits::time_limit
  slurm_end,   ///< the end of the Slurm job
  failures,    ///< FailurePolicy::max_failures, or give_up_early
  program,     ///< SweepOptions::stop_requested
};

}  // namespace windrow
