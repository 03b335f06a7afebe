#include <fmt/format.h>

#include <utility>

#include "parallel/coordinator_impl.hpp"
#include "windrow/error.hpp"
#include "windrow/process/log.hpp"

namespace windrow::detail {

void Coordinator::handle(const WorkerEvent& event) {
  if (const auto* loss = std::get_if<WorkerLoss>(&event.what)) return handle_loss(event.worker, *loss);
  const Frame& frame = std::get<Frame>(event.what);
  if (frame.tag == kResults || frame.tag == kGivenBack) {
    return handle_results(event.worker, frame.payload, frame.tag == kGivenBack);
  }
  if (frame.tag == kPiece) {
    if (!error_) guarded([&] { observer_->piece(event.worker, frame.payload); });
    return workers_.send(event.worker, kPieceTaken, {});  // in any case, or the worker waits for ever
  }
  if (frame.tag == kBuildFailed) {
    ByteReader in(frame.payload);
    return handle_build_failure(event.worker, get_failure(in));
  }
  throw ParallelError(fmt::format("worker {} sent message {}, which is not for the root", event.worker, frame.tag));
}

void Coordinator::handle_results(int w, std::span<const std::byte> message, bool gives_back) {
  if (groups_) return handle_group_results(w, message);
  WorkerState& worker = state(w);
  ResultReader in(message);
  accounting_.heard(w, in.times(), now_);
  std::uint64_t succeeded = 0;
  for (ResultGroup group; in.next(group);) {
    const Result& first = group.first;
    Assignment& assignment = pop_outstanding(worker, group);
    accounting_.evaluated(first.index, first.elapsed, w, first.failed);
    worker.fruitless_deaths = 0;
    worker.evaluated += group.count;
    pace_.observe(first.elapsed, first.payload.size() / group.count, group.count);
    if (first.failed) {
      take_failure(w, first, assignment);
    } else {
      succeeded += group.count;
      take_results(w, group);
    }
  }
  accounting_.count(w, succeeded, succeeded);
  worker.since = now_;
  worker.is_late = gives_back;
  gives_back ? keep_first_point(w, in.finished()) : finish_assignments(w, in.finished());
}

void Coordinator::take_failure(int w, const Result& result, Assignment& assignment) {
  ByteReader bytes(result.payload);
  TaskFailure failure = get_failure(bytes);
  if (failure.kind != FailureKind::rejected) assignment.failures.spend();
  complete_or_retry({result.index, w, workers_.host(w), {}, &failure, result.started, result.elapsed}, failure, false);
}

void Coordinator::take_results(int w, const ResultGroup& group) {
  const double elapsed = group.first.elapsed;
  const std::size_t length = group.first.payload.size() / group.count;
  Completed completed{group.first.index,   w,      workers_.host(w), group.first.payload.first(length), nullptr,
                      group.first.started, elapsed};
  for (std::uint64_t i = 0;;) {
    cutoff_.observe(completed.index, elapsed);
    if (job_.costs && !error_) job_.costs->observe(completed.index, elapsed);
    completed.earlier_attempts = retries_.settle(completed.index);
    complete(completed);
    if (++i == group.count) return;
    completed.index += group.step;
    completed.started += elapsed;
    completed.payload = group.first.payload.subspan(i * length, length);
  }
}

// Of the first `count` of a worker's assignments it keeps the point that it is evaluating.
void Coordinator::keep_first_point(int w, std::uint64_t count) {
  WorkerState& worker = state(w);
  std::vector<Assignment> given_back;
  for (; count > 0 && !worker.assignments.empty(); --count) {
    given_back.push_back(std::move(worker.assignments.front()));
    worker.assignments.pop_front();
    --assignments_;
  }
  Assignment kept;
  if (!given_back.empty()) {
    pace_.observe_running(given_back.front().budget);
    kept.failures = std::move(given_back.front().failures);
  }
  for (const Assignment& assignment : given_back) {
    for (IndexRun run : unfinished(assignment)) {
      if (kept.runs.empty()) {
        kept.runs.push_back({run.first, 1, 1});
        run = {run.first + run.step, run.count - 1, run.step};
      }
      if (run.count > 0) put_back(w, run);
    }
  }
  worker.assignments.push_front(std::move(kept));
  ++assignments_;
}

// The failure that `completed` tells of is the point's outcome, unless it is tried again.
void Coordinator::complete_or_retry(Completed completed, TaskFailure& failure, bool lost_worker) {
  accounting_.count(completed.worker, 1, 0);
  if (error_) return complete(completed);
  const TaskFailure this_one = failure;
  JobObserver* const ask = job_.retries ? observer_ : nullptr;
  if (!retries_.take(failure, completed.worker, lost_worker, monotonic_seconds(), ask)) {
    accounting_.count(completed.worker, 0, 1);
    completed.earlier_attempts = failure.attempts - this_one.attempts;
    return complete(completed);
  }
  completed.failure = &this_one;
  log::info("{}; it is tried again", describe(this_one));
  guarded([&] { observer_->retried(completed); });
}

// An exception waits until the message with this outcome is taken in whole, or nobody would know who still works.
void Coordinator::complete(const Completed& completed) {
  --left_;
  if (!error_) guarded([&] { observer_->completed(completed); });
}

// Outcomes come in the order of the assignments.
Assignment& Coordinator::pop_outstanding(WorkerState& worker, const ResultGroup& group) {
  for (Assignment& assignment : worker.assignments) {
    if (assignment.at == assignment.runs.size()) continue;
    IndexRun& run = assignment.runs[assignment.at];
    if (run.first != group.first.index || run.count < group.count) break;
    if (group.count > 1 && run.step != group.step) break;
    run.first += group.count * run.step;
    run.count -= group.count;
    if (run.count == 0) ++assignment.at;
    return assignment;
  }
  throw ParallelError(fmt::format("an outcome for point {} arrived that was not asked for", group.first.index));
}

// The first `count` of a worker's assignments. What is left of them was not evaluated: given back, or after a stop.
void Coordinator::finish_assignments(int w, std::uint64_t count) {
  WorkerState& worker = state(w);
  for (; count > 0 && !worker.assignments.empty(); --count) {
    for (const IndexRun& run : unfinished(worker.assignments.front())) put_back(w, run);
    worker.assignments.pop_front();
    --assignments_;
  }
  if (placements_ && worker.assignments.empty()) {
    placements_->release(w);
    first_has_to_wait_ = false;
  }
}

std::span<const IndexRun> Coordinator::unfinished(const Assignment& assignment) {
  return std::span(assignment.runs).subspan(assignment.at);
}

void Coordinator::put_back(int w, const IndexRun& run) {
  supply_->put_back(w, run);
  supply_has_grown_ = true;
  first_has_to_wait_ = false;
}

std::optional<std::uint64_t> Coordinator::first_unfinished(int w) {
  for (const Assignment& assignment : state(w).assignments) {
    const auto runs = unfinished(assignment);
    if (!runs.empty()) return runs.front().first;
  }
  return std::nullopt;
}

}  // namespace windrow::detail
