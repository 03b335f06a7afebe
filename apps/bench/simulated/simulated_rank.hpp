#pragma once

#include "charged_mpi.hpp"

/// A rank under SMPI, and its time. What it computes between two looks at the others cannot be told apart by them, so
/// it is added up and slept at once: a chunk of a thousand short points costs the simulator one event.
namespace simulated {

struct Rank {
  double owed = 0.0;  ///< seconds spent that simulated time has yet to catch up with
  MessageCounts messages;
  std::uint64_t waiting = 0;  ///< messages sent to it that it has not received
};

/// All ranks live in one process: what belongs to one of them is here. @pre MPI is initialized
Rank& this_rank();
Rank& rank_of(int number);  ///< in MPI_COMM_WORLD

/// The calling rank computes that long.
void spend(double seconds);
/// Lets simulated time catch up with what the calling rank has spent: to be called before it looks, receives or sends.
void settle();

}  // namespace simulated
