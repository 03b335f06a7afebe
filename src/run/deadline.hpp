#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "windrow/parallel/job.hpp"
#include "windrow/run/failure_policy.hpp"

namespace windrow::detail {

/// When a run is to end though points are left: by its time limit, the end of its Slurm job, or a signal.
class Deadline {
 public:
  using Clock = std::chrono::steady_clock;

  /// @param grace          that a program has between SIGTERM and SIGKILL
  /// @param short_notice   whoever sent SIGTERM kills soon, as mpirun does: there is no time to drain
  /// @param slurm_end      of the Slurm job, in seconds since the Unix epoch; one in the past is not looked at
  Deadline(const TimeLimits& limits, std::chrono::nanoseconds grace, bool short_notice,
           std::optional<double> slurm_end);

  /// @param signal  the most urgent that has been received, or 0
  Direction ask(int signal, Clock::time_point now);
  /// Why it would end the run, or has ended it.
  StopReason reason() const { return reason_; }
  /// "at its time limit of 2h00m", "by SIGTERM"; empty for none.
  std::string why() const;
  /// A signal has been received.
  bool is_signalled() const { return signal_ != 0; }

 private:
  void keep_earlier(Clock::time_point end, StopReason reason);
  void receive(int signal, Clock::time_point now);

  TimeLimits limits_;
  bool short_notice_;
  int signal_ = 0;
  std::optional<Clock::time_point> end_;
  StopReason reason_ = StopReason::none;
};

}  // namespace windrow::detail
