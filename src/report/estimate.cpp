#include "windrow/report/estimate.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "windrow/base/text.hpp"

namespace windrow {
namespace {

/// What is known of the runs that there were: the last word counts.
struct LastRun {
  double workers = 0.0;
  bool points_hold_slots = false;
};

LastRun last_run(const StoreReader& store) {
  LastRun last;
  for (const auto& run : store.runs()) {
    for (const auto& [name, text] : run) {
      if (name == "workers") last.workers = text::parse_double(text).value_or(0.0);
      if (name == "points_hold_slots") last.points_hold_slots = text == "true";
    }
  }
  return last;
}

/// How many evaluations went on at once, in the mean of the last run that kept its account; 0: that is not known.
double evaluations_at_once(const StoreReader& store) {
  double number = 0.0;
  for (const RunTimes& run : store.run_times()) {
    const bool tells = run.account && run.account->attempts() > 0 && run.account->wall > 0.0;
    if (tells) number = run.account->spent().evaluate / run.account->wall;
  }
  return number;
}

}  // namespace

std::string RemainingTime::describe() const {
  return fmt::format("Estimate for the {} left: {}, {} at a time, by the mean of {} ({})", text::counted(left, "point"),
                     text::render_duration(seconds), text::render(std::max(1.0, std::round(at_a_time))),
                     text::counted(finished, "finished point"), text::render_duration(seconds_per_point));
}

std::optional<RemainingTime> estimate_remaining(const StoreReader& store, std::uint64_t left) {
  const StoreStatus status = store.status();
  RemainingTime remaining;
  remaining.left = left;
  remaining.finished = status.succeeded + status.failed;
  if (left == 0 || remaining.finished == 0 || !(status.busy_seconds > 0.0)) return std::nullopt;
  remaining.seconds_per_point = status.busy_seconds / static_cast<double>(remaining.finished);
  const LastRun last = last_run(store);
  remaining.at_a_time = last.points_hold_slots ? std::max(1.0, evaluations_at_once(store)) : last.workers;
  if (!(remaining.at_a_time >= 1.0)) return std::nullopt;
  const double rounds = std::max(1.0, static_cast<double>(left) / remaining.at_a_time);
  remaining.seconds = rounds * remaining.seconds_per_point;
  return remaining;
}

}  // namespace windrow
