#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "costs/interface/sweep_costs.hpp"
#include "deadline.hpp"
#include "equal_outcomes.hpp"
#include "evaluation/interface/array_route.hpp"
#include "evaluation/interface/evaluation_kind.hpp"
#include "failure_policy.hpp"
#include "report/interface/live_writer.hpp"
#include "store/interface/failure_grouping.hpp"
#include "typical_time.hpp"
#include "windrow/parallel/job.hpp"
#include "windrow/run/sweep.hpp"

namespace windrow::detail {

/// The root's side of one run of a sweep: store, counts, retries, progress, stop. Must stay where it is until the job
/// has ended.
class RootRun : public JobObserver {
 public:
  /// @param design, kind, options  live as long as this
  /// @param root                   what the root does
  /// @throws SpecError, StoreError as Sweep::run
  RootRun(const Design& design, const EvaluationKind& kind, StudyIdentity identity, const SweepOptions& options,
          RootRole root, const ParallelManager& manager);

  /// Of all points that have no outcome yet. To be called once.
  JobSpec job(JobNeeds needs);
  /// To all ranks of a sweep with arrays.
  ArrayOffer offer_arrays();
  SweepResult finish(JobReport report, const SweepEvaluation& evaluation);
  Progress progress() const;

  void completed(const Completed& completed) override;
  std::optional<double> retry_after(const TaskFailure& failure, int tries) override;
  void retried(const Completed& completed) override;
  void piece(int worker, std::span<const std::byte> piece) override;
  Direction tick() override;
  std::uint64_t failures_left() override { return judge_.failures_left(); }
  void handed_out(RunningJob& running) override;
  double time_limit() override { return time_limit_ ? time_limit_->seconds() : 0.0; }
  double seconds_storing() const override { return seconds_storing_; }
  Bytes conclude() override;

 private:
  using Clock = std::chrono::steady_clock;

  void keep_account(TimeAccount account);
  void open_store();
  /// Takes points off `succeeded` and `failed` that are to be evaluated again. @return what has an outcome then
  IndexSet settle(IndexSet& succeeded, IndexSet& failed);
  /// Takes the others off the pending ones.
  void choose();
  void note_changes();
  void doubt_files_of_retried();
  void learn_times();
  /// Of equal points one is evaluated, or none if an outcome is there.
  void spare_equal_points(const IndexSet& succeeded, const IndexSet& failed);
  /// A point has its outcome, and so have those that are equal to it.
  void share_outcome(std::uint64_t index, const Outcome<std::vector<Value>>& outcome);
  /// What other stores have of a shard's points.
  void add_known_elsewhere(IndexSet& succeeded, IndexSet& failed, const PointValues& points) const;
  std::vector<std::pair<std::string, std::string>> provenance() const;
  /// Ends the run, since it cannot go on where it is.
  [[noreturn]] void give_up(const std::string& why);
  void remember(const TaskFailure& failure);
  /// Takes note of outputs that are NaN or infinite.
  void count_not_finite(const std::vector<Value>& outputs, std::uint64_t points);
  std::vector<std::pair<std::string, std::uint64_t>> not_finite() const;
  std::vector<FailureGroup> failure_groups() const;
  void note_surroundings();
  void tell_live(const Progress& progress);
  void tell_why_stopped();
  void commit();

  const Design& design_;
  const EvaluationKind& kind_;
  StudyIdentity identity_;
  const SweepOptions& options_;
  RootRole root_;
  std::uint64_t damaged_rows_ = 0;  // in the store, when it was opened
  IndexSet share_;                  // the points that this run is about
  SweepCosts costs_;
  FailureJudge judge_;
  Deadline deadline_;
  std::optional<RelativeLimit> time_limit_;
  bool stopping_ = false;
  double seconds_storing_ = 0.0;
  bool asked_to_stop_ = false;  // by the program
  std::optional<Store> store_;
  std::optional<LiveWriter> live_;  // with a store
  bool live_is_due_ = false;
  RunningJob* running_ = nullptr;
  std::optional<ArrayPieces> pieces_;
  IndexSet pending_;
  EqualOutcomes equal_;
  SweepResult result_;
  std::map<std::uint64_t, TaskFailure> lowest_failures_;
  FailureGrouping failure_grouping_;
  std::vector<std::size_t> numbers_;       // outputs of type "number"
  std::vector<std::uint64_t> not_finite_;  // of each, how many points
  bool points_hold_slots_ = false;
  bool is_mpi_;
  Clock::time_point start_;
  Clock::time_point last_tick_;
  Clock::time_point last_progress_;
};

/// What a rank that is not the root knows of the run, by what RootRun told at its end.
/// @throws RootFailed if it did not come to that
SweepResult read_conclusion(const Bytes& conclusion);

}  // namespace windrow::detail
