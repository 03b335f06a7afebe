#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "evaluation/interface/array_route.hpp"
#include "evaluation/interface/evaluation_kind.hpp"
#include "root_run.hpp"
#include "windrow/run/interrupt.hpp"
#include "windrow/run/sweep.hpp"

namespace windrow::detail {

/// One run of a sweep on one rank: what goes before the first point, and the rest.
class SweepRun {
 public:
  /// Collective.
  /// @param design, kind, options  live as long as this
  /// @throws what Sweep::run throws
  SweepRun(const Design& design, EvaluationKind& kind, StudyIdentity identity, ParallelManager& manager,
           const SweepOptions& options);
  SweepRun(const SweepRun&) = delete;
  SweepRun& operator=(const SweepRun&) = delete;

  /// At the root, before finish(); elsewhere nothing.
  Progress progress() const { return root_ ? root_->progress() : Progress{}; }
  /// Once, and by another thread only if the manager may_change_thread(). @throws what Sweep::run throws
  SweepResult finish();

 private:
  void prepare(EvaluationKind& kind, StudyIdentity identity, const SweepOptions& options);

  const Design& design_;
  const EvaluationKind& kind_;
  ParallelManager& manager_;
  std::optional<InterruptGuard> guard_;
  std::unique_ptr<SweepEvaluation> evaluation_;
  std::optional<SweepOptions> inside_loops_;  // of the sweep's own store; outlives the root's run
  std::optional<RootRun> root_;
  JobObserver nobody_;
  std::optional<ArrayRoute> arrays_;
  std::function<JobReport()> job_;
};

}  // namespace windrow::detail
