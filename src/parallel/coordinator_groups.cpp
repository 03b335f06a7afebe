#include <utility>

#include "parallel/coordinator_impl.hpp"

namespace windrow::detail {

Coordinator::Attempt Coordinator::begin_group_run(std::uint64_t index) {
  const GroupRuns::Place place = groups_->find(index);
  if (place.start) send_to_group(*place.start);
  return {place.start.has_value(), place.failure};
}

void Coordinator::send_to_group(const GroupRuns::Start& start) {
  for (const GroupRuns::Freed& group : groups_->take_freed()) {
    ByteWriter out;
    out.put(group.id);
    for (const int w : group.members) workers_.send(w, kFreeGroup, out.bytes());
  }
  for (const int w : start.members) send_assignment(w, {{{start.index, 1, 1}}, pace_.budget(1)}, &start);
}

// A message of one member of a group: the point's outcome is known when all of them have sent theirs.
void Coordinator::handle_group_results(int w, std::span<const std::byte> message) {
  ResultReader in(message);
  accounting_.heard(w, in.times(), now_);
  for (Result result; in.next(result);) {
    pop_outstanding(state(w), {result, 1});
    ++state(w).evaluated;
    groups_->take(w, result, now_);
  }
  state(w).since = now_;
  if (in.finished() == 0) return;
  assignments_ -= state(w).assignments.size();
  state(w).assignments.clear();
  if (groups_->came_back(w)) end_group_run(w);
}

void Coordinator::end_group_run(int w) {
  GroupRuns::Ended ended = groups_->end(w);
  first_has_to_wait_ = false;
  if (ended.again) return send_to_group(*ended.again);
  if (ended.interrupted) put_back(ended.leader, {ended.index, 1, 1});
  if (ended.has_outcome) complete_group_run(ended);
}

void Coordinator::complete_group_run(GroupRuns::Ended& ended) {
  const int w = ended.leader;
  accounting_.evaluated(ended.index, ended.elapsed, w, ended.failure.has_value());
  Completed completed{ended.index, w, workers_.host(w), ended.payload, nullptr, ended.started, ended.elapsed};
  if (ended.failure) {
    completed.payload = {};
    completed.failure = &*ended.failure;
    if (ended.started == 0.0) completed.started = unix_seconds() - ended.elapsed;
    return complete_or_retry(completed, *ended.failure, ended.failure->kind == FailureKind::lost);
  }
  accounting_.count(w, 1, 1);
  pace_.observe(ended.elapsed, ended.payload.size());
  cutoff_.observe(ended.index, ended.elapsed);
  if (job_.costs && !error_) job_.costs->observe(ended.index, ended.elapsed);
  completed.earlier_attempts = retries_.settle(ended.index);
  complete(completed);
}

void Coordinator::look_after_groups() {
  while (auto overdue = groups_->take_overdue(now_)) complete_group_run(*overdue);
  if (error_) std::rethrow_exception(error_);
  groups_->check_patience(now_);
}

void Coordinator::handle_group_loss(int w, const WorkerLoss& loss) {
  TaskFailure failure = failure_of(loss, w, workers_.host(w));
  assignments_ -= state(w).assignments.size();
  state(w).assignments.clear();
  give_up(state(w), w);
  if (groups_->lose(w, failure, now_)) end_group_run(w);
}

void Coordinator::note_unused() {
  for_each_worker([this](int w) {
    if (state(w).evaluated == 0) report_.unused_workers.push_back(w);
  });
}

}  // namespace windrow::detail
