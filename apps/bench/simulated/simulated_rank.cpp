#include "simulated_rank.hpp"

#include <simgrid/actor.h>
#include <simgrid/engine.h>
#include <smpi/smpi.h>

#include <deque>

#include "windrow/base/clock.hpp"

namespace simulated {

Rank& this_rank() {
  auto* own = static_cast<Rank*>(smpi_process_get_user_data());
  if (own == nullptr) {
    int number = 0;
    PMPI_Comm_rank(MPI_COMM_WORLD, &number);
    smpi_process_set_user_data(own = &rank_of(number));
  }
  return *own;
}

Rank& rank_of(int number) {
  static std::deque<Rank> ranks;
  const auto at = static_cast<std::size_t>(number);
  if (at >= ranks.size()) ranks.resize(at + 1);
  return ranks[at];
}

void spend(double seconds) {
  this_rank().owed += seconds;
}

void settle() {
  double& owed = this_rank().owed;
  if (owed > 0.0) sg_actor_sleep_for(owed);
  owed = 0.0;
}

}  // namespace simulated

/// In the place of src/parallel/clock.cpp.
namespace windrow::detail {

double monotonic_seconds() {
  return simgrid_get_clock() + simulated::this_rank().owed;  // MPI_Wtime() reads the same clock, by way of a profiler
}

double unix_seconds() {
  return monotonic_seconds();
}

void sleep_seconds(double seconds) {
  simulated::spend(seconds);
  simulated::settle();
}

}  // namespace windrow::detail
