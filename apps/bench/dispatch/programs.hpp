#pragma once

/// The programs that bench-dispatch times: itself, started again for each measurement, under mpirun where that is
/// meant.
namespace bench {

/// `bench-dispatch --measure PROGRAM ARGUMENTS... SEED`. Prints figures at the root.
int measure(int argc, char** argv);

/// A manager and a worker over MPI by hand: 64 bytes for a task and for its result, 16 tasks in flight.
/// Prints microseconds a task at the manager. Not built without MPI.
int raw_mpi(int argc, char** argv, int tasks);

}  // namespace bench
