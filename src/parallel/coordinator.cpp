#include "parallel/coordinator.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "parallel/coordinator_impl.hpp"
#include "windrow/base/exception_text.hpp"
#include "windrow/process/log.hpp"

namespace windrow::detail {
namespace {

constexpr double kTickSeconds = 0.1;
constexpr double kLoadWindowSeconds = 0.05;  // over which the coordinator's own load is measured
constexpr std::uint64_t kAnyNumber = ~std::uint64_t{0};

std::uint64_t count_points(std::span<const IndexRun> runs) {
  std::uint64_t points = 0;
  for (const IndexRun& run : runs) points += run.count;
  return points;
}

}  // namespace

Coordinator::Coordinator(Workers& workers, JobSpec job, JobObserver& observer)
    : workers_(workers),
      job_(std::move(job)),
      caller_(observer),
      observer_(&observer),
      left_(job_.pending.size()),
      owned_(job_.schedule == Schedule::static_split || job_.schedule == Schedule::cyclic),
      supply_(make_supply(job_, workers.first(), workers.count())),
      pace_(job_.schedule, std::max(1, workers.count() - workers.first())),
      cutoff_(pace_, job_.costs),
      accounting_(workers.first(), workers.count(), begin_),
      states_(static_cast<std::size_t>(workers.count())) {
  if (!job_.needs) {
    for_each_worker([this](int w) { wanting_[0].insert(wanting_[0].end(), w); });
    return;
  }
  if (job_.needs->kind() == PointNeeds::Kind::slots) placements_.emplace(job_, workers);
  if (job_.needs->kind() == PointNeeds::Kind::ranks) groups_.emplace(job_, workers);
}

JobReport Coordinator::run() {
  log::debug("a job begins: {} points, workers {} to {}, schedule {}", left_, workers_.first(), workers_.count() - 1,
             name_of(job_.schedule));
  try {
    loop();
    report_.conclusion = observer_->conclude();
  } catch (const GroupStuck&) {
    give_up_quietly();
    throw;
  } catch (...) {
    if (!workers_.disposable()) release_quietly();
    throw;
  }
  close_account();
  log::debug("the job has ended, {} points are left", left_);
  if (groups_) note_unused();
  for_each_worker([this](int w) { workers_.send(w, kEnd, report_.conclusion); });
  report_.unfinished = left_;
  return std::move(report_);
}

void Coordinator::close_account() {
  const double now = monotonic_seconds();
  ActivityTimes own;
  own.wait = workers_.slept().value_or(0.0) - slept_at_begin_;
  own.store = caller_.seconds_storing();
  const double not_own = workers_.evaluates() ? seconds_in_next_ - workers_.seconds_asked() : own.wait;
  own.coordinate = now - begin_ - own.store - not_own;
  report_.account = accounting_.close(now, own, workers_.evaluates(),
                                      [this](int w) -> const std::string& { return workers_.host(w); });
  report_.account.schedule = job_.schedule;
  if (report_.account.root) report_.account.root->host = workers_.host(0);
}

std::vector<WorkerActivity> Coordinator::activity() {
  std::vector<WorkerActivity> all;
  const double now = monotonic_seconds();
  for_each_worker([&](int w) {
    const auto point = first_unfinished(w);
    all.push_back({w, workers_.host(w), state(w).evaluated, point, point ? now - state(w).since : 0.0});
  });
  return all;
}

void Coordinator::loop() {
  load_since_ = monotonic_seconds();
  slept_before_ = slept_at_begin_ = workers_.slept().value_or(0.0);
  for (;;) {
    look_around();
    if (!stopping_) hand_out();
    observer_->handed_out(*this);
    if (left_ == 0 || (assignments_ == 0 && !awaits_retry())) break;
    handle_next();
  }
  while (assignments_ > 0) handle_next();  // the last messages, so that none is left for the next job
  if (error_) std::rethrow_exception(error_);
}

void Coordinator::look_around() {
  if (stopping_) return;
  const Direction direction = workers_.ask(*observer_);
  if (direction.stop) return stop();
  cutoff_.set(direction.seconds_left, monotonic_seconds());
  const bool none_may_begin = direction.seconds_left && *direction.seconds_left <= 0.0;
  if (none_may_begin && !std::exchange(recalled_, true)) {
    log::debug("no point may begin any more: what has been handed out is called back");
    for_each_worker([this](int w) { workers_.send(w, kRecall, {}); });
  }
  while (const auto due = retries_.pop(monotonic_seconds())) put_back(due->worker, {due->index, 1, 1});
  if (assignments_ == 0) {  // all are asked once more before the job ends
    supply_has_grown_ = true;
    first_has_to_wait_ = false;
  }
  if (job_.limits_time) tell_time_limit();
}

void Coordinator::tell_time_limit() {
  const double limit = observer_->time_limit();
  if (std::abs(limit - time_limit_) <= 0.1 * time_limit_) return;
  time_limit_ = limit;
  for_each_worker([this](int w) { send_time_limit(w); });
}

void Coordinator::send_time_limit(int w) {
  ByteWriter out;
  out.put(time_limit_);
  workers_.send(w, kTimeLimit, out.bytes());
}

// Nobody has anything to do: whether a point is still to come. If not, and some are left, it is said why.
bool Coordinator::awaits_retry() {
  if (stopping_) return false;
  bool takes_work = false;
  for_each_worker([&](int w) { takes_work = takes_work || state(w).takes_work; });
  if (!takes_work) {
    fail_the_rest();
    return false;
  }
  const double now = monotonic_seconds();
  if (std::isfinite(retries_.next_due()) && retries_.next_due() - now < cutoff_.seconds_left(now)) return true;
  stop();  // what is left does not fit in the time that is left, or is for another job
  return false;
}

void Coordinator::handle_next() {
  const double begin = monotonic_seconds();
  const double wait = stopping_ ? kTickSeconds : std::clamp(retries_.next_due() - begin, 0.0, kTickSeconds);
  auto event = workers_.next(std::chrono::nanoseconds(static_cast<std::int64_t>(wait * 1e9) + 1));
  now_ = monotonic_seconds();
  seconds_in_next_ += now_ - begin;
  if (event) {
    handle(*event);
    heard_of_ = event->worker;
  }
  if (error_) std::rethrow_exception(error_);
  if (groups_) look_after_groups();
  measure_load();
}

void Coordinator::measure_load() {
  if (workers_.evaluates()) return;
  const auto slept = workers_.slept();
  const double now = monotonic_seconds();
  const double wall = now - load_since_;
  if (!slept || wall < kLoadWindowSeconds) return;
  pace_.observe_load(wall - (*slept - slept_before_), wall);
  load_since_ = now;
  slept_before_ = *slept;
}

void Coordinator::stop() {
  log::debug("the workers are to stop");
  stopping_ = report_.stopped = true;
  for_each_worker([this](int w) { workers_.send(w, kStop, {}); });
}

// After an exception: workers that outlive the job must finish what they have, or their messages would meet the next
// one.
void Coordinator::release_quietly() {
  try {
    error_ = nullptr;
    observer_ = &silent_;
    stop();
    while (assignments_ > 0) handle_next();
    for_each_worker([this](int w) { workers_.send(w, kEnd, {}); });
  } catch (const GroupStuck&) {  // which the caller must know of
    give_up_quietly();
    throw;
  } catch (...) {  // the first exception is the one that counts
  }
}

// Some workers will never come back: what is known is kept, and the others are told.
void Coordinator::give_up_quietly() noexcept {
  try {
    caller_.conclude();
    for_each_worker([this](int w) { workers_.send(w, kEnd, {}); });
  } catch (...) {  // the first exception is the one that counts
  }
}

// To whoever the last message came from; or to all, who may have waited for what has been put back: then in turns, so
// that what is scarce goes round.
void Coordinator::hand_out() {
  const int heard_of = std::exchange(heard_of_, -1);
  if (job_.needs) return hand_out_in_order();
  if (std::exchange(waits_for_grant_, false)) supply_has_grown_ = true;  // somebody may have given one back
  if (!std::exchange(supply_has_grown_, false)) return heard_of >= 0 ? hand_out(heard_of, kAnyNumber) : void();
  if (heard_of >= 0) note_room(heard_of);
  hand_out_around(1);
  if (!job_.whole_shares && pace_.ahead(supply_->size()) > 1) hand_out_around(2);
}

// Where one gets nothing for want of failures to grant, the others would get nothing either.
void Coordinator::hand_out_around(std::uint64_t most_ahead) {
  const std::set<int>& wanting = wanting_[most_ahead - 1];
  for (auto at = wanting.begin(); at != wanting.end() && supply_->size() > 0 && !waits_for_grant_;) {
    const int w = *at;
    hand_out(w, most_ahead);
    at = wanting.upper_bound(w);
  }
}

void Coordinator::hand_out(int w, std::uint64_t most_ahead) {
  fill(w, most_ahead);
  note_room(w);
}

void Coordinator::note_room(int w) {
  WorkerState& worker = state(w);
  const std::size_t has = worker.takes_work ? std::min(worker.assignments.size(), wanting_.size()) : wanting_.size();
  if (has == worker.noted) return;  // as nearly always while there are points left
  if (worker.noted < wanting_.size()) wanting_[worker.noted].erase(w);
  if (has < wanting_.size()) wanting_[has].insert(w);
  worker.noted = has;
}

void Coordinator::fill(int w, std::uint64_t most_ahead) {
  WorkerState& worker = state(w);
  while (worker.takes_work && supply_->available(w) > 0) {
    // Of whole shares one at a time: all that a worker has is lost with it.
    const std::uint64_t ahead = job_.whole_shares ? 1 : pace_.ahead(supply_->size());
    if (worker.assignments.size() >= (worker.is_late ? 1 : std::min(ahead, most_ahead))) return;
    if (!assign(w)) return;
  }
}

// One point after another, in the supply's order, each with all that it needs. The first that has to wait holds up the
// others, or smaller ones would take what it waits for, again and again.
void Coordinator::hand_out_in_order() {
  if (first_has_to_wait_) return;
  for (auto idle = first_idle(); idle && supply_->size() > 0; idle = first_idle()) {
    const auto runs = cutoff_.take(*supply_, *idle, 1, 0, monotonic_seconds());
    if (runs.empty()) return;
    const std::uint64_t index = runs.front().first;
    Attempt attempt = groups_ ? begin_group_run(index) : begin_placed(index);
    if (attempt.failure) {
      attempt.failure->host = workers_.host(*idle);
      fail_run(*idle, runs.front(), *attempt.failure);
    } else if (!attempt.begun) {
      supply_->put_back(*idle, runs.front());
      first_has_to_wait_ = true;
      return;
    }
  }
}

std::optional<int> Coordinator::first_idle() const {
  return groups_ ? groups_->first_idle() : placements_->first_idle();
}

Coordinator::Attempt Coordinator::begin_placed(std::uint64_t index) {
  const Placements::Place place = placements_->find(index);
  if (place.worker) {
    send_assignment(*place.worker, {{{index, 1, 1}}, pace_.budget(1)});
    if (state(*place.worker).assignments.empty()) placements_->release(*place.worker);  // it has failed already
  }
  return {place.worker.has_value(), place.failure};
}

// Where a run ends at a number of failures: how many points of the next assignment may fail at most until its rest
// comes back; 0: it has to wait. All together may not fail more points than are left to fail, but for one a worker.
std::optional<std::uint64_t> Coordinator::failures_for(int w) {
  const std::uint64_t left = observer_->failures_left();
  if (left == kAnyNumber) return std::nullopt;
  const auto workers = static_cast<std::uint64_t>(workers_.count() - workers_.first());
  if (left > failures_granted_) return 1 + (left - failures_granted_) / (2 * workers + 1);
  if (state(w).assignments.empty() && failures_granted_ < left + workers) return 1;
  waits_for_grant_ = true;
  return 0;
}

bool Coordinator::assign(int w) {
  const auto failures = failures_for(w);
  if (failures == 0U) return false;
  const std::uint64_t available = supply_->available(w);
  const std::uint64_t most = job_.whole_shares ? available : pace_.chunk(available, supply_->size());
  Assignment assignment{cutoff_.take(*supply_, w, most, cutoff_.is_set() ? outstanding(w) : 0, monotonic_seconds()),
                        pace_.budget(most)};
  if (assignment.runs.empty()) return false;
  if (failures) {
    const std::uint64_t at_most = std::min(*failures, count_points(assignment.runs));
    assignment.failures = FailureGrant(failures_granted_, at_most);
  }
  send_assignment(w, std::move(assignment));
  return true;
}

void Coordinator::send_assignment(int w, Assignment assignment, const GroupRuns::Start* group) {
  const double now = monotonic_seconds();
  cutoff_.note_begin(now);
  if (state(w).assignments.empty()) state(w).since = now;
  const bool ship = job_.ships_parameters && workers_.is_remote(w);
  const Bytes parameters = ship ? take_parameters(w, assignment.runs) : Bytes();
  if (assignment.runs.empty()) return;
  const Slots slots = placements_ ? placements_->of(w) : Slots();
  const double patience = pace_.patience(workers_.knows_point_of(w));
  ByteWriter out;
  out.put(AssignmentHead{ship ? 1U : 0U, assignment.runs.size(), assignment.budget, patience,
                         pace_.gives_back() && !placements_ && group == nullptr ? 1U : 0U, slots.size(),
                         group != nullptr ? group->members.size() : 0, job_.whole_shares ? 1U : 0U,
                         assignment.failures.count(), may_share_clock() ? 1U : 0U});
  for (const IndexRun& run : assignment.runs) out.put(run);
  for (const HostSlots& some : slots) {
    out.put_text(some.host);
    out.put(some.slots);
  }
  if (group != nullptr) {
    out.put(group->head);
    for (const int member : group->members) out.put(member);
  }
  out.put_bytes(parameters);
  log::debug("worker {} is given {} points, the first is {}", w, count_points(assignment.runs),
             assignment.runs.front().first);
  state(w).assignments.push_back(std::move(assignment));
  ++assignments_;
  workers_.send(w, kAssign, out.bytes());
}

// Nobody learns from what a single point takes, and each is evaluated by one worker, by itself.
bool Coordinator::may_share_clock() const {
  return job_.shares_clock && !job_.costs && !job_.limits_time && !job_.whole_shares && !job_.needs;
}

// One after another, each with its length. Points whose parameter cannot be sent fail, and are taken out of the runs.
Bytes Coordinator::take_parameters(int w, std::vector<IndexRun>& runs) {
  ByteWriter out;
  ByteWriter parameter;  // whose memory serves for all
  std::vector<IndexRun> sent;
  for (const IndexRun& run : runs) {
    IndexRun next{run.first, 0, run.step};
    for (std::uint64_t i = 0; i < run.count; ++i) {
      const std::uint64_t index = run.first + i * run.step;
      try {
        parameter.clear();
        observer_->parameter(index, parameter);
        out.put(static_cast<std::uint64_t>(parameter.size()));
        out.put_bytes(parameter.bytes());
        pace_.observe_parameter(parameter.size());
        ++next.count;
      } catch (...) {
        TaskFailure failure = TaskFailure::exception(exception_text(std::current_exception()));
        failure.rank = w;
        failure.host = workers_.host(w);
        fail_run(w, {index, 1, 1}, std::move(failure));
        if (next.count > 0) sent.push_back(next);
        next = {index + run.step, 0, run.step};
      }
    }
    if (next.count > 0) sent.push_back(next);
  }
  if (sent.empty()) supply_has_grown_ = true;  // the worker may have others
  runs = std::move(sent);
  return out.take();
}

std::uint64_t Coordinator::outstanding(int w) {
  std::uint64_t points = 0;
  for (const Assignment& assignment : state(w).assignments) {
    points += count_points(unfinished(assignment));
  }
  return points;
}

JobReport coordinate(Workers& workers, JobSpec job, JobObserver& observer) {
  return Coordinator(workers, std::move(job), observer).run();
}

}  // namespace windrow::detail
