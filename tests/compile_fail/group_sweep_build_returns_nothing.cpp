// FIRST ERROR: build must return the model
#include "windrow/run/mpi/group_sweep.hpp"

void declare(windrow::Design design) {
  windrow::GroupSweep sweep(
      design, [](MPI_Comm) {}, [](const windrow::Point&, MPI_Comm) { return 1.0; });
}
