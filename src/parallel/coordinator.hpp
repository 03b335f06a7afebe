#pragma once

#include "parallel/interface/workers.hpp"
#include "windrow/parallel/job.hpp"

namespace [[gnu::visibility("default")]] windrow {
namespace detail {

/// Runs a job from the root: hands out the pending points as the schedule says, passes outcomes on as they arrive,
/// gives the points of a lost worker to others. Returns when every point has its outcome, or, after a stop, when all
/// workers are idle.
/// @throws whatever the observer throws, after the workers have been released
JobReport coordinate(Workers& workers, JobSpec job, JobObserver& observer);

}  // namespace detail
}  // namespace windrow
