#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <exception>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <utility>
#include <vector>

#include "parallel/cutoff.hpp"
#include "parallel/group_runs.hpp"
#include "parallel/interface/wire.hpp"
#include "parallel/interface/workers.hpp"
#include "parallel/job_accounting.hpp"
#include "parallel/pace.hpp"
#include "parallel/placements.hpp"
#include "parallel/retries.hpp"
#include "parallel/supply.hpp"
#include "windrow/base/clock.hpp"
#include "windrow/parallel/job.hpp"

namespace windrow::detail {

/// How many points of an assignment may still fail until the rest of it comes back; those of all are added up.
class FailureGrant {
 public:
  FailureGrant() = default;
  FailureGrant(std::uint64_t& sum, std::uint64_t count) : sum_(&sum), count_(count) { *sum_ += count_; }
  ~FailureGrant() { clear(); }
  FailureGrant(FailureGrant&& other) noexcept : sum_(other.sum_), count_(std::exchange(other.count_, 0)) {}
  FailureGrant& operator=(FailureGrant&& other) noexcept {
    clear();
    sum_ = other.sum_;
    count_ = std::exchange(other.count_, 0);
    return *this;
  }
  std::uint64_t count() const { return count_; }
  void spend() {
    if (count_ == 0) return;
    --count_;
    --*sum_;
  }

 private:
  void clear() {
    if (count_ > 0) *sum_ -= std::exchange(count_, 0);
  }

  std::uint64_t* sum_ = nullptr;
  std::uint64_t count_ = 0;
};

/// Points handed out together that have no outcome yet, in order.
struct Assignment {
  std::vector<IndexRun> runs;
  double budget = 0.0;         // seconds
  std::size_t at = 0;          // runs before it are done
  FailureGrant failures = {};  // none: any number may fail
};

struct WorkerState {
  std::deque<Assignment> assignments;  // handed out, not yet finished
  bool takes_work = true;              // neither lost for good nor impossible to build
  bool is_late = false;                // in a point that takes longer than was expected of all it had
  std::size_t noted = 0;               // assignments, as Coordinator::wanting_ knows
  int fruitless_deaths = 0;
  std::uint64_t evaluated = 0;  // evaluations that it has reported
  double since = 0.0;           // when it reported the last one, or got something to do
};

/// What coordinate() does, for one job.
class Coordinator : private RunningJob {
 public:
  Coordinator(Workers& workers, JobSpec job, JobObserver& observer);
  Coordinator(const Coordinator&) = delete;
  Coordinator& operator=(const Coordinator&) = delete;

  JobReport run();

 private:
  WorkerState& state(int worker) { return states_[static_cast<std::size_t>(worker)]; }

  template <typename Action>
  void for_each_worker(Action action) {
    for (int w = workers_.first(); w < workers_.count(); ++w) action(w);
  }

  void close_account();
  std::vector<WorkerActivity> activity() override;
  void loop();
  void look_around();
  void tell_time_limit();
  void send_time_limit(int w);
  bool awaits_retry();
  void handle_next();
  void measure_load();
  void stop();
  void release_quietly();
  void give_up_quietly() noexcept;

  // Handing out.
  void hand_out();
  void hand_out(int w, std::uint64_t most_ahead);
  void hand_out_around(std::uint64_t most_ahead);
  void fill(int w, std::uint64_t most_ahead);
  void note_room(int w);
  /// What came of beginning a point.
  struct Attempt {
    bool begun = false;                    // if not, and it has not failed, it has to wait
    std::optional<TaskFailure> failure{};  // why it will never begin
  };
  void hand_out_in_order();
  std::optional<int> first_idle() const;
  Attempt begin_placed(std::uint64_t index);
  bool assign(int w);
  void send_assignment(int w, Assignment assignment, const GroupRuns::Start* group = nullptr);
  bool may_share_clock() const;
  Bytes take_parameters(int w, std::vector<IndexRun>& runs);
  std::uint64_t outstanding(int w);
  std::optional<std::uint64_t> failures_for(int w);

  // What workers say: coordinator_outcomes.cpp.
  void handle(const WorkerEvent& event);
  void handle_results(int w, std::span<const std::byte> message, bool gives_back);
  void keep_first_point(int w, std::uint64_t count);
  void take_failure(int w, const Result& result, Assignment& assignment);
  void take_results(int w, const ResultGroup& group);
  void complete_or_retry(Completed completed, TaskFailure& failure, bool lost_worker);
  void complete(const Completed& completed);

  template <typename Action>
  void guarded(Action action) {
    try {
      action();
    } catch (...) {
      error_ = std::current_exception();
    }
  }

  // What they have been given.
  static Assignment& pop_outstanding(WorkerState& worker, const ResultGroup& group);
  void finish_assignments(int w, std::uint64_t count);
  static std::span<const IndexRun> unfinished(const Assignment& assignment);
  void put_back(int w, const IndexRun& run);
  std::optional<std::uint64_t> first_unfinished(int w);

  // Those that cannot go on: coordinator_losses.cpp.
  void handle_build_failure(int w, TaskFailure failure);
  void give_up(WorkerState& worker, int w);
  void fail_run(int w, const IndexRun& run, TaskFailure failure);
  void handle_loss(int w, const WorkerLoss& loss);
  bool fail_evaluated(int w, const WorkerLoss& loss, std::uint64_t index);
  void fail_the_rest();

  // Those that evaluate a point together: coordinator_groups.cpp.
  Attempt begin_group_run(std::uint64_t index);
  void send_to_group(const GroupRuns::Start& start);
  void handle_group_results(int w, std::span<const std::byte> message);
  void end_group_run(int w);
  void complete_group_run(GroupRuns::Ended& ended);
  void look_after_groups();
  void handle_group_loss(int w, const WorkerLoss& loss);
  void note_unused();

  double begin_ = monotonic_seconds();
  Workers& workers_;
  JobSpec job_;
  JobObserver& caller_;
  JobObserver silent_{};
  JobObserver* observer_;  // the caller's, or the silent one once an exception has ended the job
  std::uint64_t left_;     // points without an outcome
  bool owned_;             // points belong to workers beforehand
  std::unique_ptr<Supply> supply_;
  Pace pace_;
  Cutoff cutoff_;
  Retries retries_;
  std::optional<Placements> placements_;  // of points that need slots
  std::optional<GroupRuns> groups_;       // of points that several workers evaluate together
  JobAccounting accounting_;
  double now_ = begin_;           // when next() returned last
  double seconds_in_next_ = 0.0;  // in all
  double slept_at_begin_ = 0.0;
  double time_limit_ = 0.0;             // of an evaluation, as the workers have been told
  std::uint64_t failures_granted_ = 0;  // the sum of all assignments' grants
  std::vector<WorkerState> states_;
  // Who could do with more: workers without an assignment, and with one. So nobody looks through all of them.
  std::array<std::set<int>, 2> wanting_;
  std::uint64_t assignments_ = 0;   // of all workers, not finished
  int heard_of_ = -1;               // the worker that sent the last message, until it has been answered
  bool supply_has_grown_ = true;    // so that somebody who got nothing may get something now
  bool waits_for_grant_ = false;    // somebody got nothing for want of failures to grant
  bool first_has_to_wait_ = false;  // the first point of the supply, until somebody becomes idle or the supply grows
  bool stopping_ = false;
  bool recalled_ = false;  // no point may begin any more
  std::optional<TaskFailure> last_build_failure_;
  std::optional<WorkerLoss> last_loss_;
  std::exception_ptr error_;  // the first that the observer of an outcome threw
  double load_since_ = 0.0;
  double slept_before_ = 0.0;
  JobReport report_;
};

}  // namespace windrow::detail
