#pragma once

#include "parallel/interface/workers.hpp"
#include "windrow/parallel/job.hpp"

namespace [[gnu::visibility("default")]] windrow {
namespace detail {

/// Runs a job from the root: hands out the pending points as the schedule says, passes outcomes on as they arrive,
/// gives the points of a lost worker to others. Returns when every point has its outcome, or, after a stop, when all
/// workers are idle.
/// @throws whatever on_completed and on_tick throw, after the workers have been released
JobReport coordinate(Workers& workers, Job& job);

}  // namespace detail
}  // namespace windrow
