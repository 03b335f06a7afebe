#include "function.hpp"

#include "isolated.hpp"

namespace windrow::detail {
namespace {

class FunctionKind : public EvaluationKind {
 public:
  FunctionKind(FunctionSource functions, std::vector<Column> outputs, std::string version)
      : EvaluationKind(std::move(outputs), std::move(version)), functions_(std::move(functions)) {}

  std::unique_ptr<SweepEvaluation> evaluation(const Design& design, ParallelManager&) override {
    return std::make_unique<FunctionEvaluation>(design, outputs(), functions_.make());
  }

 private:
  FunctionSource functions_;
};

}  // namespace

std::shared_ptr<EvaluationKind> function_kind(FunctionSource functions, std::vector<Column> outputs,
                                              FunctionOptions options) {
  if (options.isolated) return isolated_kind(std::move(functions), std::move(outputs), std::move(options));
  return std::make_shared<FunctionKind>(std::move(functions), std::move(outputs), std::move(options.version));
}

}  // namespace windrow::detail
