#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "evaluation/interface/evaluator.hpp"
#include "windrow/evaluation/functions.hpp"
#include "windrow/parallel/outcome.hpp"

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

}  // namespace windrow::detail
