#include <fmt/format.h>

#include <chrono>

#include "windrow/base/text.hpp"
#include "windrow/report/account_summary.hpp"
#include "windrow/run/sweep.hpp"

namespace windrow {
namespace {

constexpr double kWorthAnAccount = 1.0;  // seconds; what is shorter is over before anybody asks
constexpr std::size_t kGroupsShown = 3;  // of failures: with all else one screen
constexpr std::size_t kColumns = 80;

/// Evaluations that were cut off when the run was stopped have no result, but nothing is wrong with them.
TimeAccount without_cut_off(TimeAccount account, StopReason stopped_by) {
  if (stopped_by == StopReason::none || stopped_by == StopReason::failures) return account;
  for (WorkerAccount& worker : account.workers) worker.failed = 0.0;
  return account;
}

// After a run that ended before its points did.
std::string what_now(const SweepResult& result) {
  const std::string left = text::with_thousands(result.unfinished());
  const bool all_chosen_are_done = result.not_chosen > 0 && result.unfinished() == result.not_chosen;
  if (all_chosen_are_done && result.stopped_by == StopReason::none) {
    return fmt::format("All chosen points {}; the other {} {} left for a run without such a choice.\n",
                       result.evaluated > 0 ? "are evaluated" : "were evaluated already", left,
                       result.not_chosen == 1 ? "is" : "are");
  }
  switch (result.stopped_by) {
    case StopReason::none:
      return "";
    case StopReason::interrupt:
      return "Interrupted: the finished points are kept; run the same again to continue.\n";
    case StopReason::failures:
      return fmt::format(
          "Stopped {}: {} left. The same command goes on with those; with `--retry-failed` (in a "
          "program: `retry_failed`) it also evaluates the {} that failed.\n",
          result.why_stopped, left, text::with_thousands(result.failed));
    case StopReason::time_limit:
    case StopReason::slurm_end:
      if (result.evaluated > 0) break;
      return fmt::format("Stopped {}: {} left. No point ended in that time, so the next run needs more of it.\n",
                         result.why_stopped, left);
    case StopReason::signal:
    case StopReason::program:
      break;
  }
  return fmt::format("Stopped {}: {} left; run the same command again.\n", result.why_stopped, left);
}

}  // namespace

int SweepResult::exit_code() const {
  switch (stopped_by) {
    case StopReason::interrupt:
      return 130;
    case StopReason::signal:
    case StopReason::time_limit:
    case StopReason::slurm_end:
    case StopReason::program:
      return 75;  // EX_TEMPFAIL of sysexits.h: to be tried again
    case StopReason::none:
    case StopReason::failures:
      break;
  }
  return failed > 0 ? 1 : 0;
}

std::string SweepResult::summary() const {
  const auto count = [](std::uint64_t n) { return text::with_thousands(n); };
  std::string out = fmt::format("{} of {} points succeeded", count(succeeded), count(points));
  if (failed > 0) out += fmt::format(", {} failed", count(failed));
  if (unfinished() > 0) out += fmt::format(", {} left", count(unfinished()));
  out += fmt::format("; this run evaluated {} in {} on {} worker{}", count(evaluated), text::render_duration(elapsed),
                     workers, workers == 1 ? "" : "s");
  if (retried > 0) out += fmt::format(", with {} {}", count(retried), retried == 1 ? "retry" : "retries");
  if (reused > 0) out += fmt::format("{} and reused {}", retried > 0 ? "," : "", count(reused));
  out += ".\n";
  for (const std::string& line : render(failure_groups, parameters, kGroupsShown, kColumns)) out += line + "\n";
  for (const std::string& note : notes) out += "  note: " + note + "\n";
  if (account.wall >= kWorthAnAccount) out += account_summary(without_cut_off(account, stopped_by));
  return out + what_now(*this);
}

}  // namespace windrow
