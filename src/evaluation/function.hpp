#pragma once

#include <optional>
#include <utility>
#include <vector>

#include "evaluation/interface/evaluation_kind.hpp"
#include "function_evaluator.hpp"

namespace windrow::detail {

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
