#pragma once

#include <string>

#include "windrow/parallel/account.hpp"

namespace [[gnu::visibility("default")]] windrow {

/// Where a run's time went, for people, in at most five lines: shares of the workers' time, efficiency, imbalance,
/// overhead, the longest points, and one sentence on what dominates and what would help. Empty for runs that
/// evaluated nothing.
std::string account_summary(const TimeAccount& account);

/// That sentence alone, without a line end; empty if there is nothing to say.
std::string account_advice(const TimeAccount& account);

}  // namespace windrow
