#include "windrow/report/run_timing.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <map>
#include <optional>
#include <utility>

#include "run_evaluations.hpp"
#include "windrow/base/text.hpp"
#include "windrow/error.hpp"

namespace windrow {
namespace {

constexpr std::size_t kLongest = 5;
constexpr double kForEver = 1e15;  // seconds

/// What is kept with a run beside its account.
void read_settings(const StoreReader& store, std::size_t run, TimeAccount& account) {
  const auto all = store.runs();
  if (run >= all.size()) return;
  for (const auto& [name, text] : all[run]) {
    if (name == "schedule") account.schedule = schedule(text);
    if (name == "cores") account.cores = static_cast<int>(text::parse_integer(text).value_or(0));
    if (name == "points_hold_slots") account.points_hold_slots = text == "true";
  }
}

void note_long(std::vector<LongPoint>& longest, const EvaluationTime& one) {
  if (longest.size() == kLongest && one.elapsed <= longest.back().seconds) return;
  const LongPoint point{one.index, one.elapsed, one.worker, one.host, one.status != "ok"};
  const auto longer = [](const LongPoint& a, const LongPoint& b) { return a.seconds > b.seconds; };
  longest.insert(std::upper_bound(longest.begin(), longest.end(), point, longer), point);
  if (longest.size() > kLongest) longest.pop_back();
}

/// Of a run that did not keep one.
TimeAccount account_of(const StoreReader& store, double from, double to) {
  TimeAccount account;
  double end = from;
  store.for_each_evaluation(from, to, [&](const EvaluationTime& one) {  // worker by worker
    if (account.workers.empty() || account.workers.back().worker != one.worker) {
      WorkerAccount& fresh = account.workers.emplace_back();
      fresh.worker = one.worker;
      fresh.host = one.host;
      fresh.began = from;
    }
    WorkerAccount& worker = account.workers.back();
    worker.spent.evaluate += one.elapsed;
    if (one.status != "ok") worker.failed += one.elapsed;
    ++worker.attempts;
    worker.points += one.stands ? 1 : 0;
    end = std::max(end, one.started + one.elapsed);
  });
  account.wall = end - from;
  for (WorkerAccount& worker : account.workers) worker.wall = account.wall;
  return account;
}

bool has_evaluations(const StoreReader& store, double from, double to) {
  bool any = false;
  store.for_each_evaluation(from, to, [&any](const EvaluationTime&) { any = true; });
  return any;
}

double end_of(const std::vector<RunTimes>& runs, std::size_t at) {
  return at + 1 < runs.size() ? runs[at + 1].started : kForEver;
}

std::size_t position_of(const StoreReader& store, const std::vector<RunTimes>& runs, std::int64_t run) {
  if (run != 0) {
    const auto found = std::ranges::find(runs, run, &RunTimes::run);
    if (found != runs.end()) return static_cast<std::size_t>(found - runs.begin());
    throw StoreError(fmt::format("there is no run {}: the study has runs 1 to {}", run, runs.size()));
  }
  if (runs.empty()) throw StoreError("no run has begun yet");
  for (std::size_t at = runs.size(); at-- > 0;) {
    const bool evaluated = runs[at].account ? runs[at].account->attempts() > 0
                                            : has_evaluations(store, runs[at].started, end_of(runs, at));
    if (evaluated) return at;
  }
  return runs.size() - 1;
}

}  // namespace

RunTiming read_run_timing(const StoreReader& store, std::int64_t run) {
  const auto runs = store.run_times();
  const std::size_t at = position_of(store, runs, run);
  RunTiming timing{runs[at].run, runs[at].started, runs[at].account.has_value(), {}};
  timing.account = timing.is_complete ? *runs[at].account : account_of(store, timing.started, end_of(runs, at));
  read_settings(store, at, timing.account);
  detail::for_each_evaluation_of(store, timing.account,
                                 [&](const EvaluationTime& one, double) { note_long(timing.account.longest, one); });
  return timing;
}

}  // namespace windrow
