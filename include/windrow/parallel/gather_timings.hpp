#pragma once

#include <vector>

#include "windrow/parallel/manager.hpp"
#include "windrow/timing/record.hpp"
#include "windrow/timing/timer.hpp"

namespace [[gnu::visibility("default")]] windrow {

/// What every rank's timer has measured so far, for compare(), save_timings(), or to be attached to the root's:
///
///     const auto records = windrow::gather_timings(manager, timer);
///     if (manager.is_root()) timer.attach("ranks", {records.begin() + 1, records.end()});
///     timer.stamp("sweep");
///
/// Durations alone travel, so clocks may differ. What timing costs a rank stays in that rank's record. Collective.
/// @return at the root, the records in rank order, named "rank 3 on node7"; empty elsewhere. Forked workers of a
///         manager on the root alone are no ranks: their time is in the accounts of jobs (TimeAccount)
std::vector<TimingRecord> gather_timings(ParallelManager& manager, Timer& timer = this_thread_timer());

}  // namespace windrow
