// FIRST ERROR: 'windrow::GroupOptions' has no non-static data member named 'isolated'
// FIRST ERROR: field designator 'isolated' does not refer to any field in type 'windrow::GroupOptions'
#include "windrow/run/mpi/group_sweep.hpp"

double evaluate(int& model, const windrow::Point& point, MPI_Comm comm);

void declare(windrow::Design design) {
  windrow::GroupSweep sweep(
      design, [](MPI_Comm) { return 0; }, evaluate, {{"heat", "W"}},
      windrow::GroupOptions{.isolated = windrow::Isolated{}});
}
