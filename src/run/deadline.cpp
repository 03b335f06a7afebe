#include "deadline.hpp"

#include <fmt/format.h>
#include <signal.h>

#include <algorithm>
#include <string>

#include "windrow/base/clock.hpp"
#include "windrow/base/text.hpp"

namespace windrow::detail {
namespace {

// Later ends are none: they would not fit the clock, and Slurm says "in a year" of a job without a limit.
constexpr auto kFarAway = std::chrono::hours(24 * 360);

}  // namespace

Deadline::Deadline(const TimeLimits& limits, std::chrono::nanoseconds grace, bool short_notice,
                   std::optional<double> slurm_end)
    : limits_(limits), short_notice_(short_notice) {
  const auto now = Clock::now();
  if (limits.time_limit.count() > 0 && limits.time_limit < kFarAway) {
    keep_earlier(now + limits.time_limit, StopReason::time_limit);
  }
  if (!slurm_end) return;
  const std::chrono::duration<double> left(*slurm_end - unix_seconds());
  if (left.count() <= 0.0 || left > kFarAway) return;
  const auto usable = std::chrono::duration_cast<std::chrono::nanoseconds>(left) - limits.slurm_margin - grace;
  keep_earlier(now + usable, StopReason::slurm_end);
}

void Deadline::keep_earlier(Clock::time_point end, StopReason reason) {
  if (end_ && *end_ <= end) return;
  end_ = end;
  reason_ = reason;
}

// SIGUSR1 is how batch systems announce the end of a job some time before: a known end stands. SIGTERM comes last.
void Deadline::receive(int signal, Clock::time_point now) {
  signal_ = signal;
  if (signal == SIGINT || signal == SIGHUP) {
    end_ = now;
    reason_ = StopReason::interrupt;
    return;
  }
  if (signal == SIGTERM || !end_) {
    keep_earlier(
        signal == SIGTERM && short_notice_ ? now : now + std::min<std::chrono::nanoseconds>(limits_.drain, kFarAway),
        StopReason::signal);
  }
  reason_ = StopReason::signal;
}

Direction Deadline::ask(int signal, Clock::time_point now) {
  if (signal != 0 && signal_ != signal) receive(signal, now);
  if (!end_) return {};
  if (now >= *end_) return true;
  return Direction::finish_within(std::chrono::duration<double>(*end_ - now).count());
}

std::string Deadline::why() const {
  switch (reason_) {
    case StopReason::time_limit:
      return "at its time limit of " + text::render_duration(limits_.time_limit);
    case StopReason::slurm_end:
      return "before the end of the Slurm job";
    case StopReason::interrupt:
    case StopReason::signal:
      return fmt::format("by SIG{}", ::sigabbrev_np(signal_));
    case StopReason::none:
    case StopReason::failures:
    case StopReason::program:
      break;
  }
  return "";
}

}  // namespace windrow::detail
