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
#include "evaluation/interface/array_route.hpp"
#include "failure_policy.hpp"
#include "report/interface/live_writer.hpp"
#include "typical_time.hpp"
#include "windrow/parallel/job.hpp"
#include "windrow/run/sweep.hpp"

namespace windrow::detail {

/// The root's side of one run of a sweep: store, counts, retries, progress, stop.
class RootRun {
 public:
  /// @param command  null for a sweep over functions
  /// @throws StoreError as Store does
  RootRun(const Sweep& sweep, const SweepOptions& options, const ParallelManager& manager, const CommandSpec* command);

  /// Its side of the job; this object must stay where it is until the job has ended.
  void fill(Job& job);
  /// To all ranks of a sweep with arrays.
  ArrayOffer offer_arrays();
  /// Of how points are evaluated: for SweepResult::notes.
  void note(const std::string& text) { notes_.push_back(text); }
  SweepResult finish(JobReport report);

 private:
  using Clock = std::chrono::steady_clock;

  void keep_account(TimeAccount account);
  void open_store();
  void learn_times();
  /// What other stores have of a shard's points.
  void add_known_elsewhere(IndexSet& succeeded, IndexSet& failed, const PointValues& points) const;
  std::vector<std::pair<std::string, std::string>> provenance() const;
  void keep(const Completed& completed);
  void keep_attempt(const Completed& completed);
  void remember(const TaskFailure& failure);
  std::optional<double> retry(const TaskFailure& failure, int tries);
  Direction tick();
  Progress progress() const;
  void tell_live(const Progress& progress);
  void tell_why_stopped();
  void commit();
  Bytes conclude();

  const Sweep& sweep_;
  const SweepOptions& options_;
  IndexSet share_;  // the points that this run is about
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
  Job* job_ = nullptr;
  std::optional<ArrayPieces> pieces_;
  IndexSet pending_;
  SweepResult result_;
  std::vector<std::string> notes_;  // of how points are evaluated
  std::map<std::uint64_t, TaskFailure> lowest_failures_;
  Clock::time_point start_;
  Clock::time_point last_tick_;
  Clock::time_point last_progress_;
};

/// What a rank that is not the root knows of the run, by what RootRun told at its end.
/// @throws RootFailed if it did not come to that
SweepResult read_conclusion(const Bytes& conclusion);

}  // namespace windrow::detail
