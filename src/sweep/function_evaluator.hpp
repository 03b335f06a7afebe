#pragma once

#include <atomic>
#include <memory>
#include <vector>

#include "evaluator.hpp"
#include "windrow/parallel/outcome.hpp"

namespace windrow::detail {

/// Evaluates points by functions, in whatever process. A model that has evaluated points may carry something over from
/// one of them; a fresh one does not.
class FunctionEvaluator {
 public:
  FunctionEvaluator(const std::vector<Column>& outputs, SweepFunctions functions)
      : outputs_(outputs), functions_(std::move(functions)) {}

  void build();
  /// @throws what the functions throw, if the model was fresh
  Outcome<Evaluated> evaluate(Point point);

 private:
  void rebuild();
  Outcome<Evaluated> evaluate_fresh(const Point& point);
  Outcome<Evaluated> checked(std::vector<Value> values, int attempts) const;

  const std::vector<Column>& outputs_;
  SweepFunctions functions_;
  std::shared_ptr<std::atomic<bool>> index_read_ = std::make_shared<std::atomic<bool>>(false);
  bool fresh_ = false;
  bool spoiled_ = false;
};

}  // namespace windrow::detail
