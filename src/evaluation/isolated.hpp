#pragma once

#include <memory>
#include <vector>

#include "evaluation/interface/evaluation_kind.hpp"

namespace windrow::detail {

/// Functions in child processes.
/// @pre options.isolated
/// @throws SpecError for limits that nothing can meet
std::shared_ptr<EvaluationKind> isolated_kind(FunctionSource functions, std::vector<Column> outputs,
                                              FunctionOptions options);

}  // namespace windrow::detail
