#include <cmath>
#include <utility>

#include "parallel/coordinator_impl.hpp"
#include "windrow/process/log.hpp"

namespace windrow::detail {

static constexpr int kFruitlessDeaths = 3;  // in a row without any point before a worker's place is given up

// A worker that cannot be built takes no more points. A share of its own is its own to fail; otherwise others take
// over, and only when no worker is left do the points fail.
void Coordinator::handle_build_failure(int w, TaskFailure failure) {
  WorkerState& worker = state(w);
  failure.message = "build failed: " + failure.message;
  log::info("worker {}: {}", w, failure.message);
  last_build_failure_ = failure;
  for (Assignment& assignment : worker.assignments) {
    for (const IndexRun& run : unfinished(assignment)) owned_ ? fail_run(w, run, failure) : put_back(w, run);
    assignment.at = assignment.runs.size();
  }
  if (owned_) {
    for (const IndexRun& run : supply_->take_share(w)) fail_run(w, run, failure);
  }
  give_up(worker, w);
  report_.build_failures.push_back(std::move(failure));
}

void Coordinator::give_up(WorkerState& worker, int w) {
  if (placements_ && worker.takes_work) placements_->lose(w);
  if (groups_) groups_->give_up(w);
  worker.takes_work = false;
  supply_->disown(w);
  supply_has_grown_ = true;
  first_has_to_wait_ = false;
}

void Coordinator::fail_run(int w, const IndexRun& run, TaskFailure failure) {
  for (std::uint64_t i = 0; i < run.count; ++i) {
    failure.index = run.first + i * run.step;
    const int earlier_attempts = retries_.settle(failure.index);
    failure.attempts = 1 + earlier_attempts;
    accounting_.count(w, 0, 1);
    complete({failure.index, w, workers_.host(w), {}, &failure, unix_seconds(), 0.0, earlier_attempts});
  }
}

void Coordinator::handle_loss(int w, const WorkerLoss& loss) {
  WorkerState& worker = state(w);
  log::info("{}", loss.failure.message);
  report_.lost_workers.push_back(loss.failure.message);
  last_loss_ = loss;
  accounting_.lost(w, first_unfinished(w).has_value(), now_);
  if (groups_) return handle_group_loss(w, loss);
  const auto evaluating = loss.knows_point ? loss.evaluating : first_unfinished(w);
  if (evaluating && fail_evaluated(w, loss, *evaluating)) {
    worker.fruitless_deaths = 0;
  } else {
    ++worker.fruitless_deaths;
  }
  finish_assignments(w, worker.assignments.size());
  const bool worth_replacing = !stopping_ && left_ > 0 && worker.fruitless_deaths < kFruitlessDeaths;
  if (!worth_replacing || !workers_.replace(w)) return give_up(worker, w);
  if (time_limit_ > 0.0) send_time_limit(w);
}

// Fails the point that a lost worker was evaluating (or has it tried again), or all of a share that was evaluated as a
// whole. Outcomes before it may have been lost with the worker; those points run again. @return whether there was any
bool Coordinator::fail_evaluated(int w, const WorkerLoss& loss, std::uint64_t index) {
  TaskFailure failure = failure_of(loss, w, workers_.host(w));
  bool any = false;
  for (Assignment& assignment : state(w).assignments) {
    std::vector<IndexRun> rest;
    for (const IndexRun& run : unfinished(assignment)) {
      const bool holds = index >= run.first && index <= run.last() && (index - run.first) % run.step == 0;
      any = any || holds || job_.whole_shares;
      if (job_.whole_shares) {
        fail_run(w, run, failure);
      } else if (!holds) {
        rest.push_back(run);
      } else {
        const std::uint64_t at = (index - run.first) / run.step;
        failure.index = index;
        complete_or_retry({index, w, failure.host, {}, &failure, unix_seconds(), 0.0}, failure, true);
        if (at > 0) rest.push_back({run.first, at, run.step});
        if (at + 1 < run.count) rest.push_back({index + run.step, run.count - at - 1, run.step});
      }
    }
    assignment = {std::move(rest)};
  }
  return any;
}

// No worker is left: say for every point why.
void Coordinator::fail_the_rest() {
  TaskFailure failure;
  if (last_build_failure_) {
    failure = *last_build_failure_;
    report_.build_failures.clear();  // the points say it
  } else {
    failure = last_loss_ ? last_loss_->failure : TaskFailure::lost("");
    failure.message = "no worker is left" + (last_loss_ ? "; the last: " + failure.message : std::string());
    failure.host = workers_.host(0);
  }
  for_each_worker([this](int w) { supply_->disown(w); });
  const int anyone = workers_.first();
  cutoff_.put_back(*supply_, anyone);
  while (const auto due = retries_.pop(HUGE_VAL)) supply_->put_back(due->worker, {due->index, 1, 1});
  while (supply_->size() > 0) {
    for (const IndexRun& run : supply_->take(anyone, supply_->size())) fail_run(failure.rank, run, failure);
  }
}

}  // namespace windrow::detail
