#include "parallel/coordinator.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <deque>
#include <exception>
#include <string>
#include <utility>

#include "parallel/clock.hpp"
#include "parallel/cutoff.hpp"
#include "parallel/group_runs.hpp"
#include "parallel/ledger.hpp"
#include "parallel/pace.hpp"
#include "parallel/placements.hpp"
#include "parallel/retries.hpp"
#include "parallel/supply.hpp"
#include "parallel/wire.hpp"
#include "windrow/error.hpp"

namespace windrow::detail {
namespace {

constexpr double kTick = 0.1;         // seconds
constexpr double kLoadWindow = 0.05;  // seconds over which the coordinator's own load is measured
constexpr std::uint64_t kAnyNumber = ~std::uint64_t{0};
constexpr int kFruitlessDeaths = 3;  // deaths in a row without any point before a worker's place is given up

/// Points handed out together that have no outcome yet, in order.
struct Assignment {
  std::vector<IndexRun> runs;
  double budget = 0.0;  // seconds
  std::size_t at = 0;   // runs before it are done
};

struct WorkerState {
  std::deque<Assignment> assignments;  // handed out, not yet finished
  bool takes_work = true;              // neither lost for good nor impossible to build
  bool is_late = false;                // in a point that takes longer than was expected of all it had
  int fruitless_deaths = 0;
  std::uint64_t evaluated = 0;  // evaluations that it told of
  double since = 0.0;           // when it told of the last one, or got something to do
};

class Coordinator {
 public:
  Coordinator(Workers& workers, Job& job)
      : workers_(workers),
        job_(job),
        left_(job.pending.size()),
        owned_(job.schedule == Schedule::static_split || job.schedule == Schedule::cyclic),
        supply_(make_supply(job, workers.first(), workers.count())),
        pace_(job.schedule, std::max(1, workers.count() - workers.first())),
        cutoff_(pace_, job.costs),
        retries_(job.retry),
        ledger_(workers.first(), workers.count(), begin_),
        states_(static_cast<std::size_t>(workers.count())) {
    if (job.slots_needed) placements_.emplace(job, workers);
    if (job.ranks_needed) groups_.emplace(job, workers);
    job.activity = [this] { return activity(); };
  }
  ~Coordinator() { job_.activity = nullptr; }
  Coordinator(const Coordinator&) = delete;
  Coordinator& operator=(const Coordinator&) = delete;

  JobReport run() {
    try {
      loop();
      if (job_.conclude) report_.conclusion = job_.conclude();
    } catch (const GroupStuck&) {
      give_up_quietly();
      throw;
    } catch (...) {
      if (!workers_.disposable()) release_quietly();
      throw;
    }
    close_account();
    if (groups_) note_unused();
    for_each_worker([this](int w) { workers_.send(w, kEnd, report_.conclusion); });
    report_.unfinished = left_;
    return std::move(report_);
  }

 private:
  WorkerState& state(int worker) { return states_[static_cast<std::size_t>(worker)]; }

  template <typename Action>
  void for_each_worker(Action action) {
    for (int w = workers_.first(); w < workers_.count(); ++w) action(w);
  }

  void close_account() {
    const double now = monotonic_seconds();
    ActivityTimes own;
    own.wait = workers_.slept().value_or(0.0) - slept_at_begin_;
    own.store = job_.seconds_storing ? job_.seconds_storing() : 0.0;
    const double not_own = workers_.evaluates() ? seconds_in_next_ - workers_.ticked() : own.wait;
    own.coordinate = now - begin_ - own.store - not_own;
    report_.account =
        ledger_.close(now, own, workers_.evaluates(), [this](int w) -> const std::string& { return workers_.host(w); });
    report_.account.schedule = job_.schedule;
    if (report_.account.root) report_.account.root->host = workers_.host(0);
  }

  std::vector<WorkerActivity> activity() {
    std::vector<WorkerActivity> all;
    const double now = monotonic_seconds();
    for_each_worker([&](int w) {
      const auto point = first_unfinished(w);
      all.push_back({w, workers_.host(w), state(w).evaluated, point, point ? now - state(w).since : 0.0});
    });
    return all;
  }

  void loop() {
    load_since_ = monotonic_seconds();
    slept_before_ = slept_at_begin_ = workers_.slept().value_or(0.0);
    for (;;) {
      look_around();
      if (!stopping_) hand_out();
      if (job_.on_handed_out) job_.on_handed_out();
      if (left_ == 0 || (assignments_ == 0 && !awaits_retry())) break;
      handle_next();
    }
    while (assignments_ > 0) handle_next();  // the last messages, so that none is left for the next job
    if (error_) std::rethrow_exception(error_);
  }

  void look_around() {
    if (stopping_) return;
    if (job_.on_tick) {
      const Direction direction = job_.on_tick();
      if (direction.stop) return stop();
      cutoff_.set(direction.seconds_left, monotonic_seconds());
    }
    while (const auto due = retries_.pop(monotonic_seconds())) put_back(due->worker, {due->index, 1, 1});
    if (assignments_ == 0) supply_has_grown_ = true;  // all are asked once more before the job ends
    if (job_.time_limit) tell_time_limit();
  }

  void tell_time_limit() {
    const double limit = job_.time_limit();
    if (std::abs(limit - time_limit_) <= 0.1 * time_limit_) return;
    time_limit_ = limit;
    for_each_worker([this](int w) { send_time_limit(w); });
  }

  void send_time_limit(int w) {
    ByteWriter out;
    out.put(time_limit_);
    workers_.send(w, kTimeLimit, out.bytes());
  }

  // Nobody has anything to do: whether a point is still to come. If not, and some are left, it is said why.
  bool awaits_retry() {
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

  void handle_next() {
    const double begin = monotonic_seconds();
    const double wait = stopping_ ? kTick : std::clamp(retries_.next_due() - begin, 0.0, kTick);
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

  void measure_load() {
    if (workers_.evaluates()) return;
    const auto slept = workers_.slept();
    const double now = monotonic_seconds();
    const double wall = now - load_since_;
    if (!slept || wall < kLoadWindow) return;
    pace_.observe_load(wall - (*slept - slept_before_), wall);
    load_since_ = now;
    slept_before_ = *slept;
  }

  void stop() {
    stopping_ = report_.stopped = true;
    for_each_worker([this](int w) { workers_.send(w, kStop, {}); });
  }

  // After an exception: workers that outlive the job must come to rest, or their messages would meet the next one.
  void release_quietly() {
    try {
      error_ = nullptr;
      job_.on_completed = nullptr;
      job_.on_piece = nullptr;
      job_.on_tick = nullptr;
      job_.on_handed_out = nullptr;
      stop();
      while (assignments_ > 0) handle_next();
      for_each_worker([this](int w) { workers_.send(w, kEnd, {}); });
    } catch (const GroupStuck&) {  // which the caller must know of
      give_up_quietly();
      throw;
    } catch (...) {  // the first exception is the one that counts
    }
  }

  // Some workers will never come to rest: what is known is kept, and the others are told.
  void give_up_quietly() noexcept {
    try {
      if (job_.conclude) job_.conclude();
      for_each_worker([this](int w) { workers_.send(w, kEnd, {}); });
    } catch (...) {  // the first exception is the one that counts
    }
  }

  // To whoever the last message came from; or to all, who may have waited for what has been put back: then in turns, so
  // that what is scarce goes round.
  void hand_out() {
    const int heard_of = std::exchange(heard_of_, -1);
    if (placements_) return hand_out_placed();
    if (groups_) return hand_out_to_groups();
    if (!std::exchange(supply_has_grown_, false)) return heard_of >= 0 ? hand_out(heard_of, kAnyNumber) : void();
    for (const std::uint64_t ahead : {1U, 2U}) {
      for_each_worker([&](int w) {
        if (state(w).assignments.size() < ahead) hand_out(w, ahead);
      });
    }
  }

  void hand_out(int w, std::uint64_t most_ahead) {
    WorkerState& worker = state(w);
    while (worker.takes_work && supply_->available(w) > 0) {
      // Of whole shares one at a time: all that a worker has is lost with it.
      const std::uint64_t ahead = job_.task.evaluate_share ? 1 : pace_.ahead(supply_->size());
      if (worker.assignments.size() >= (worker.is_late ? 1 : std::min(ahead, most_ahead))) return;
      if (!assign(w)) return;
    }
  }

  // One point after another, in the supply's order, each with its slots. The first that has to wait for slots holds up
  // the others, or smaller ones would take what it waits for, again and again.
  void hand_out_placed() {
    for (std::vector<int> idle = idle_workers(); !idle.empty() && supply_->size() > 0; idle = idle_workers()) {
      const auto runs = cutoff_.take(*supply_, idle.front(), 1, 0, monotonic_seconds());
      if (runs.empty()) return;
      Placements::Place place = placements_->find(runs.front().first, idle);
      if (place.failure) {
        place.failure->host = workers_.host(idle.front());
        fail_run(idle.front(), runs.front(), *place.failure);
      } else if (place.worker) {
        send_assignment(*place.worker, {runs, pace_.budget(1)});
      } else {
        return supply_->put_back(idle.front(), runs.front());
      }
    }
  }

  std::vector<int> idle_workers() {
    std::vector<int> idle;
    for_each_worker([&](int w) {
      const bool busy = !state(w).assignments.empty() || (groups_ && groups_->busy(w));
      if (state(w).takes_work && !busy) idle.push_back(w);
    });
    return idle;
  }

  // As with slots: the first point that has to wait for workers holds up the others.
  void hand_out_to_groups() {
    for (std::vector<int> idle = idle_workers(); !idle.empty() && supply_->size() > 0; idle = idle_workers()) {
      const auto runs = cutoff_.take(*supply_, idle.front(), 1, 0, monotonic_seconds());
      if (runs.empty()) return;
      std::size_t able = 0;
      for_each_worker([&](int w) { able += state(w).takes_work ? 1U : 0U; });
      GroupRuns::Place place = groups_->find(runs.front().first, idle, able);
      if (place.failure) {
        place.failure->host = workers_.host(idle.front());
        fail_run(idle.front(), runs.front(), *place.failure);
      } else if (place.start) {
        send_to_group(*place.start);
      } else {
        return supply_->put_back(idle.front(), runs.front());
      }
    }
  }

  void send_to_group(const GroupRuns::Start& start) {
    for (const GroupRuns::Freed& group : groups_->take_freed()) {
      ByteWriter out;
      out.put(group.id);
      for (const int w : group.members) workers_.send(w, kFreeGroup, out.bytes());
    }
    for (const int w : start.members) send_assignment(w, {{{start.index, 1, 1}}, pace_.budget(1)}, &start);
  }

  // A message of one member of a group: the point's outcome is known when all of them have sent theirs.
  void handle_group_results(int w, std::span<const std::byte> message) {
    ResultReader in(message);
    ledger_.heard(w, in.times(), now_);
    for (Result result; in.next(result);) {
      pop_outstanding(state(w), result.index);
      ++state(w).evaluated;
      groups_->take(w, result, now_);
    }
    state(w).since = now_;
    if (in.finished() == 0) return;
    assignments_ -= state(w).assignments.size();
    state(w).assignments.clear();
    if (groups_->came_back(w)) end_group_run(w);
  }

  void end_group_run(int w) {
    GroupRuns::Ended ended = groups_->end(w);
    if (ended.again) return send_to_group(*ended.again);
    if (ended.interrupted) put_back(ended.leader, {ended.index, 1, 1});
    if (ended.has_outcome) complete_group_run(ended);
  }

  void complete_group_run(GroupRuns::Ended& ended) {
    const int w = ended.leader;
    ledger_.evaluated(ended.index, ended.elapsed, w, ended.failure.has_value());
    Completed completed{ended.index, w, workers_.host(w), ended.payload, nullptr, ended.started, ended.elapsed};
    if (ended.failure) {
      completed.payload = {};
      completed.failure = &*ended.failure;
      if (ended.started == 0.0) completed.started = unix_seconds() - ended.elapsed;
      return complete_or_retry(completed, *ended.failure, ended.failure->kind == FailureKind::lost);
    }
    ledger_.count(w, 1, 1);
    pace_.observe(ended.elapsed, ended.payload.size());
    cutoff_.observe(ended.index, ended.elapsed);
    if (job_.costs && !error_) job_.costs->observe(ended.index, ended.elapsed);
    completed.earlier_attempts = retries_.settle(ended.index);
    complete(completed);
  }

  void look_after_groups() {
    while (auto overdue = groups_->take_overdue(now_)) complete_group_run(*overdue);
    if (error_) std::rethrow_exception(error_);
    groups_->check_patience(now_);
  }

  void handle_group_loss(int w, const WorkerLoss& loss) {
    TaskFailure failure = failure_of(w, loss);
    assignments_ -= state(w).assignments.size();
    state(w).assignments.clear();
    give_up(state(w), w);
    if (groups_->lose(w, failure, now_)) end_group_run(w);
  }

  void note_unused() {
    for_each_worker([this](int w) {
      if (state(w).evaluated == 0) report_.unused_workers.push_back(w);
    });
  }

  bool assign(int w) {
    const std::uint64_t available = supply_->available(w);
    const std::uint64_t most = job_.task.evaluate_share ? available : pace_.chunk(available, supply_->size());
    Assignment assignment{cutoff_.take(*supply_, w, most, cutoff_.is_set() ? outstanding(w) : 0, monotonic_seconds()),
                          pace_.budget(most)};
    if (assignment.runs.empty()) return false;
    send_assignment(w, std::move(assignment));
    return true;
  }

  void send_assignment(int w, Assignment assignment, const GroupRuns::Start* group = nullptr) {
    const double now = monotonic_seconds();
    cutoff_.note_begin(now);
    if (state(w).assignments.empty()) state(w).since = now;
    const bool ship = job_.parameter && workers_.is_remote(w);
    const Slots slots = placements_ ? placements_->of(w) : Slots();
    ByteWriter out;
    out.put(AssignmentHead{ship ? 1U : 0U, assignment.runs.size(), assignment.budget, pace_.patience(),
                           pace_.gives_back() && !placements_ && group == nullptr ? 1U : 0U, slots.size(),
                           group != nullptr ? group->members.size() : 0});
    for (const IndexRun& run : assignment.runs) out.put(run);
    for (const HostSlots& some : slots) {
      out.put_text(some.host);
      out.put(some.slots);
    }
    if (group != nullptr) {
      out.put(group->head);
      for (const int member : group->members) out.put(member);
    }
    for (const IndexRun& run : assignment.runs) {
      for (std::uint64_t i = 0; ship && i < run.count; ++i) {
        const Bytes parameter = job_.parameter(run.first + i * run.step);
        out.put(static_cast<std::uint64_t>(parameter.size()));
        out.put_bytes(parameter);
      }
    }
    state(w).assignments.push_back(std::move(assignment));
    ++assignments_;
    workers_.send(w, kAssign, out.bytes());
  }

  std::uint64_t outstanding(int w) {
    std::uint64_t points = 0;
    for (const Assignment& assignment : state(w).assignments) {
      for (const IndexRun& run : unfinished(assignment)) points += run.count;
    }
    return points;
  }

  void handle(const WorkerEvent& event) {
    if (const auto* loss = std::get_if<WorkerLoss>(&event.what)) return handle_loss(event.worker, *loss);
    const Frame& frame = std::get<Frame>(event.what);
    if (frame.tag == kResults || frame.tag == kGivenBack) {
      return handle_results(event.worker, frame.payload, frame.tag == kGivenBack);
    }
    if (frame.tag == kPiece) {
      if (job_.on_piece && !error_) guarded([&] { job_.on_piece(event.worker, frame.payload); });
      return workers_.send(event.worker, kPieceTaken, {});  // in any case, or the worker waits for ever
    }
    if (frame.tag == kBuildFailed) {
      ByteReader in(frame.payload);
      return handle_build_failure(event.worker, get_failure(in));
    }
    throw ParallelError(fmt::format("worker {} sent message {}, which is not for the root", event.worker, frame.tag));
  }

  void handle_results(int w, std::span<const std::byte> message, bool gives_back) {
    if (groups_) return handle_group_results(w, message);
    WorkerState& worker = state(w);
    const std::string& host = workers_.host(w);
    ResultReader in(message);
    ledger_.heard(w, in.times(), now_);
    std::uint64_t succeeded = 0;
    for (Result result; in.next(result);) {
      pop_outstanding(worker, result.index);
      ledger_.evaluated(result.index, result.elapsed, w, result.failed);
      worker.fruitless_deaths = 0;
      ++worker.evaluated;
      pace_.observe(result.elapsed, result.payload.size());
      if (result.failed) {
        ByteReader failure_bytes(result.payload);
        TaskFailure failure = get_failure(failure_bytes);
        complete_or_retry({result.index, w, host, {}, &failure, result.started, result.elapsed}, failure, false);
      } else {
        ++succeeded;
        cutoff_.observe(result.index, result.elapsed);
        if (job_.costs && !error_) job_.costs->observe(result.index, result.elapsed);
        complete({result.index, w, host, result.payload, nullptr, result.started, result.elapsed,
                  retries_.settle(result.index)});
      }
    }
    ledger_.count(w, succeeded, succeeded);
    worker.since = now_;
    worker.is_late = gives_back;
    gives_back ? keep_first_point(w, in.finished()) : finish_assignments(w, in.finished());
  }

  // Of the first `count` of a worker's assignments it keeps the point that it is at.
  void keep_first_point(int w, std::uint64_t count) {
    WorkerState& worker = state(w);
    std::vector<Assignment> given_back;
    for (; count > 0 && !worker.assignments.empty(); --count) {
      given_back.push_back(std::move(worker.assignments.front()));
      worker.assignments.pop_front();
      --assignments_;
    }
    Assignment kept;
    if (!given_back.empty()) pace_.observe_running(given_back.front().budget);
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
  void complete_or_retry(Completed completed, TaskFailure& failure, bool lost_worker) {
    ledger_.count(completed.worker, 1, 0);
    if (error_) return complete(completed);
    const TaskFailure this_one = failure;
    if (!retries_.take(failure, completed.worker, lost_worker, monotonic_seconds())) {
      ledger_.count(completed.worker, 0, 1);
      completed.earlier_attempts = failure.attempts - this_one.attempts;
      return complete(completed);
    }
    completed.failure = &this_one;
    if (job_.on_retried) guarded([&] { job_.on_retried(completed); });
  }

  // An exception waits until the message with this outcome is taken in whole, or nobody would know who still works.
  void complete(const Completed& completed) {
    --left_;
    if (job_.on_completed && !error_) guarded([&] { job_.on_completed(completed); });
  }

  template <typename Action>
  void guarded(Action action) {
    try {
      action();
    } catch (...) {
      error_ = std::current_exception();
    }
  }

  // Outcomes come in the order of the assignments.
  static void pop_outstanding(WorkerState& worker, std::uint64_t index) {
    for (Assignment& assignment : worker.assignments) {
      if (assignment.at == assignment.runs.size()) continue;
      IndexRun& run = assignment.runs[assignment.at];
      if (run.first != index) break;
      run.first += run.step;
      if (--run.count == 0) ++assignment.at;
      return;
    }
    throw ParallelError(fmt::format("an outcome for point {} arrived that was not asked for", index));
  }

  // The first `count` of a worker's assignments. What is left of them was not evaluated: given back, or after a stop.
  void finish_assignments(int w, std::uint64_t count) {
    WorkerState& worker = state(w);
    for (; count > 0 && !worker.assignments.empty(); --count) {
      for (const IndexRun& run : unfinished(worker.assignments.front())) put_back(w, run);
      worker.assignments.pop_front();
      --assignments_;
    }
    if (placements_ && worker.assignments.empty()) placements_->release(w);
  }

  static std::span<const IndexRun> unfinished(const Assignment& assignment) {
    return std::span(assignment.runs).subspan(assignment.at);
  }

  void put_back(int w, const IndexRun& run) {
    supply_->put_back(w, run);
    supply_has_grown_ = true;
  }

  // A worker that cannot be built takes no more points. A share of its own is its own to fail; otherwise others take
  // over, and only when no worker is left do the points fail.
  void handle_build_failure(int w, TaskFailure failure) {
    WorkerState& worker = state(w);
    failure.message = "build failed: " + failure.message;
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

  void give_up(WorkerState& worker, int w) {
    if (placements_ && worker.takes_work) placements_->lose(w);
    worker.takes_work = false;
    supply_->disown(w);
    supply_has_grown_ = true;
  }

  void fail_run(int w, const IndexRun& run, TaskFailure failure) {
    for (std::uint64_t i = 0; i < run.count; ++i) {
      failure.index = run.first + i * run.step;
      const int earlier_attempts = retries_.settle(failure.index);
      failure.attempts = 1 + earlier_attempts;
      ledger_.count(w, 0, 1);
      complete({failure.index, w, workers_.host(w), {}, &failure, unix_seconds(), 0.0, earlier_attempts});
    }
  }

  void handle_loss(int w, const WorkerLoss& loss) {
    WorkerState& worker = state(w);
    report_.lost_workers.push_back(loss.description);
    last_loss_ = loss;
    ledger_.lost(w, first_unfinished(w).has_value(), now_);
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

  std::optional<std::uint64_t> first_unfinished(int w) {
    for (const Assignment& assignment : state(w).assignments) {
      const auto runs = unfinished(assignment);
      if (!runs.empty()) return runs.front().first;
    }
    return std::nullopt;
  }

  TaskFailure failure_of(int w, const WorkerLoss& loss) const {
    TaskFailure failure;
    failure.kind = loss.kind;
    failure.code = loss.code;
    failure.message = loss.description;
    failure.rank = w;
    failure.host = workers_.host(w);
    return failure;
  }

  // Fails the point that a lost worker was at (or has it tried again), or all of a share that was evaluated as a whole.
  // Outcomes before it may have been lost with the worker; those points run again. @return whether there was any
  bool fail_evaluated(int w, const WorkerLoss& loss, std::uint64_t index) {
    TaskFailure failure = failure_of(w, loss);
    bool any = false;
    for (Assignment& assignment : state(w).assignments) {
      std::vector<IndexRun> rest;
      for (const IndexRun& run : unfinished(assignment)) {
        const bool holds = index >= run.first && index <= run.last() && (index - run.first) % run.step == 0;
        any = any || holds || job_.task.evaluate_share;
        if (job_.task.evaluate_share) {
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
  void fail_the_rest() {
    TaskFailure failure;
    if (last_build_failure_) {
      failure = *last_build_failure_;
      report_.build_failures.clear();  // told with the points
    } else {
      failure.kind = last_loss_ ? last_loss_->kind : FailureKind::lost;
      failure.code = last_loss_ ? last_loss_->code : 0;
      failure.message = "no worker is left" + (last_loss_ ? "; the last: " + last_loss_->description : std::string());
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

  double begin_ = monotonic_seconds();
  Workers& workers_;
  Job& job_;
  std::uint64_t left_;  // points without an outcome
  bool owned_;          // points belong to workers beforehand
  std::unique_ptr<Supply> supply_;
  Pace pace_;
  Cutoff cutoff_;
  Retries retries_;
  std::optional<Placements> placements_;  // of points that need slots
  std::optional<GroupRuns> groups_;       // of points that several workers evaluate together
  Ledger ledger_;
  double now_ = begin_;           // when next() returned last
  double seconds_in_next_ = 0.0;  // in all
  double slept_at_begin_ = 0.0;
  double time_limit_ = 0.0;  // of an evaluation, as the workers have been told
  std::vector<WorkerState> states_;
  std::uint64_t assignments_ = 0;  // of all workers, not finished
  int heard_of_ = -1;              // the worker that sent the last message, until it has been answered
  bool supply_has_grown_ = true;   // so that somebody who got nothing may get something now
  bool stopping_ = false;
  std::optional<TaskFailure> last_build_failure_;
  std::optional<WorkerLoss> last_loss_;
  std::exception_ptr error_;  // the first that on_completed or on_retried threw
  double load_since_ = 0.0;
  double slept_before_ = 0.0;
  JobReport report_;
};

}  // namespace

JobReport coordinate(Workers& workers, Job& job) {
  return Coordinator(workers, job).run();
}

}  // namespace windrow::detail
