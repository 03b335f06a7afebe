#pragma once

#include <functional>

#include "windrow/parallel/account.hpp"
#include "windrow/store/store.hpp"

namespace windrow::detail {

/// Visits the evaluations that an account is of, by worker and then by begin.
/// @param visit  is also told the begin, in seconds since the begin of the run, by the root's clock
void for_each_evaluation_of(const StoreReader& store, const TimeAccount& account,
                            const std::function<void(const EvaluationTime&, double begin)>& visit);

}  // namespace windrow::detail
