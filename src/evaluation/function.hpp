#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "evaluation/interface/evaluation_kind.hpp"
#include "evaluation/interface/evaluator.hpp"

namespace windrow::detail {

/// Builds of one worker that fail after its first. Each fails its point; a worker whose builds fail several times in a
/// row would fail one point after another, faster than the others evaluate them, so it is given up.
class Rebuilds {
 public:
  /// @throws Error         "build failed: ..." if `build` throws
  /// @throws WorkerUnable  what the last of several said
  void run(const std::function<void()>& build);
  /// Seconds that builds have taken since this was last asked.
  double take_seconds() { return std::exchange(seconds_, 0.0); }

 private:
  int failed_ = 0;  // in a row
  double seconds_ = 0.0;
};

/// What an evaluation spends on building its model anew is not evaluating.
class ChargeRebuilds {
 public:
  ChargeRebuilds(Rebuilds& rebuilds, WorkerContext& context) : rebuilds_(rebuilds), context_(context) {}
  ~ChargeRebuilds() {
    if (const double seconds = rebuilds_.take_seconds(); seconds > 0.0) context_.spent(&ActivityTimes::build, seconds);
  }
  ChargeRebuilds(const ChargeRebuilds&) = delete;
  ChargeRebuilds& operator=(const ChargeRebuilds&) = delete;

 private:
  Rebuilds& rebuilds_;
  WorkerContext& context_;
};

/// Evaluates points by functions, in whatever process. A model that has evaluated points may carry something over from
/// one of them; a fresh one does not.
class FunctionEvaluator {
 public:
  FunctionEvaluator(const std::vector<Column>& outputs, SweepFunctions functions)
      : outputs_(outputs), functions_(std::move(functions)) {}

  void build();
  /// @throws what the functions throw, if the model was fresh
  Outcome<Evaluated> evaluate(Point point);
  Rebuilds& rebuilds() { return rebuilds_; }

 private:
  void rebuild();
  Outcome<Evaluated> evaluate_fresh(const Point& point);
  Outcome<Evaluated> checked(std::vector<Value> values, int attempts) const;

  const std::vector<Column>& outputs_;
  SweepFunctions functions_;
  std::shared_ptr<std::atomic<bool>> index_read_ = std::make_shared<std::atomic<bool>>(false);
  Rebuilds rebuilds_;
  bool fresh_ = false;
  bool spoiled_ = false;
};

/// Functions in child processes.
/// @pre options.isolated
/// @throws SpecError for limits that nothing can meet
std::shared_ptr<EvaluationKind> isolated_kind(FunctionSource functions, std::vector<Column> outputs,
                                              FunctionOptions options);

/// Functions in the worker's own process.
class FunctionEvaluation : public SweepEvaluation {
 public:
  /// @param outputs  live as long as this
  FunctionEvaluation(const Design& design, const std::vector<Column>& outputs, SweepFunctions functions)
      : SweepEvaluation(design), evaluator_(outputs, std::move(functions)) {}

  void build() override { evaluator_.build(); }
  std::optional<TaskFailure> evaluate(const Assigned& assigned, WorkerContext& context, ByteWriter& result) override {
    const ChargeRebuilds charge(evaluator_.rebuilds(), context);
    return report(evaluator_.evaluate(design().point(assigned.index)), arrays(), context, result);
  }

 private:
  FunctionEvaluator evaluator_;
};

}  // namespace windrow::detail
