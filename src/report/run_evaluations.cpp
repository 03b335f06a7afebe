#include "run_evaluations.hpp"

#include <algorithm>
#include <limits>

namespace windrow::detail {
namespace {

constexpr double kClockStep = 1e-3;  // seconds that a stored time may be beside the account's

}  // namespace

void for_each_evaluation_of(const StoreReader& store, const TimeAccount& account,
                            const std::function<void(const EvaluationTime&, double begin)>& visit) {
  double from = std::numeric_limits<double>::infinity();
  double to = -from;
  for (const WorkerAccount& worker : account.workers) {
    if (!(worker.began > 0.0)) continue;  // never heard of
    from = std::min(from, worker.began - kClockStep);
    to = std::max(to, worker.began + worker.wall + kClockStep);
  }
  auto worker = account.workers.begin();
  store.for_each_evaluation(from, to, [&](const EvaluationTime& one) {
    while (worker != account.workers.end() && worker->worker < one.worker) ++worker;
    if (worker == account.workers.end() || worker->worker != one.worker) return;
    const double since = one.started - worker->began;
    const bool is_of_run = since >= -kClockStep && since <= worker->wall + kClockStep;
    if (is_of_run) visit(one, std::max(0.0, since + worker->began_after));
  });
}

}  // namespace windrow::detail
