#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "array_route.hpp"
#include "windrow/base/setting.hpp"
#include "windrow/design/design.hpp"
#include "windrow/evaluation/functions.hpp"
#include "windrow/parallel/job.hpp"
#include "windrow/parallel/manager.hpp"
#include "windrow/store/store.hpp"

namespace windrow::detail {

/// The worker's side of one run of a sweep, on each rank. The design and the kind that made it outlive it.
class SweepEvaluation : public Evaluation {
 public:
  /// Called on every rank once the root has agreed to the run, before the job. Collective.
  /// @param arrays  lives as long as the job
  virtual void begin(ParallelManager&, const ArrayRoute& arrays) { arrays_ = &arrays; }
  /// What a user should know of how points were evaluated.
  virtual std::vector<std::string> notes(const JobReport&, int /*workers*/) const { return notes_; }
  void note(std::string text) { notes_.push_back(std::move(text)); }

 protected:
  explicit SweepEvaluation(const Design& design) : design_(design) {}
  const Design& design() const { return design_; }
  const ArrayRoute& arrays() const { return *arrays_; }

 private:
  const Design& design_;
  const ArrayRoute* arrays_ = nullptr;
  std::vector<std::string> notes_;
};

/// Of single evaluations, as the root must know them.
struct EvaluationLimits {
  std::chrono::nanoseconds grace{0};  ///< that one has to end after it was told to
  std::optional<double> relative_timeout{};
};

/// What points take besides a worker, as a job is told (JobSpec).
struct JobNeeds {
  std::shared_ptr<PointNeeds> points{};  ///< null: nothing
  Slots slots{};
  std::chrono::nanoseconds patience = std::chrono::seconds(30);
};

/// What a sweep evaluates at its points, and how. Lives as long as the sweep, the same on every rank.
class EvaluationKind {
 public:
  /// @param version  of what functions compute
  /// @throws SpecError for outputs that cannot be
  EvaluationKind(std::vector<Column> outputs, std::string version);
  virtual ~EvaluationKind() = default;

  const std::vector<Column>& outputs() const { return outputs_; }
  /// Adds what results depend on beside the design. Here: what functions say of themselves.
  virtual void identify(StudyIdentity& identity) const;
  /// To be kept with a run.
  virtual std::vector<Setting> provenance() const { return {}; }
  /// Reads outputs of points from files that were kept; empty: there are no such files.
  /// @param design  lives as long as it
  virtual ReadOutputs reader(const Design&) const { return {}; }
  virtual EvaluationLimits limits() const { return {}; }
  /// Whether equal points are one evaluation: it depends on the values of the parameters alone.
  virtual bool computes_equal_points_once() const { return false; }
  /// What the root does, where it cannot be as asked.
  virtual RootRole root_role(RootRole asked, const ParallelManager&) const { return asked; }

  /// For one run, on each rank. On the thread that runs the sweep, before the job's threads and workers. Not
  /// collective.
  /// @throws Error  if this rank cannot evaluate so
  virtual std::unique_ptr<SweepEvaluation> evaluation(const Design& design, ParallelManager& manager) = 0;
  /// At the root, before its store is touched.
  /// @param design  lives as long as the job
  /// @throws SpecError as Sweep::run() says
  virtual JobNeeds needs(const Design&, const ParallelManager&, Schedule, RootRole) const { return {}; }
  /// Called at the root once it has the results directory to itself, and at the end: removes what workers that were
  /// killed had for a time. Takes no longer for many points.
  virtual void tidy() const {}

 private:
  std::vector<Column> outputs_;
  std::string version_;
};

/// @param what  "programs with ranks share slots"
/// @throws SpecError for a schedule that shares out points beforehand
void require_shared_schedule(Schedule schedule, std::string_view what);

}  // namespace windrow::detail
