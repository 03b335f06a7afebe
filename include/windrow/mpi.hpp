#pragma once

/// For programs that hand windrow an MPI communicator of their own.
#include "windrow/parallel/mpi/mpi_manager.hpp"
#include "windrow/pool/mpi/mpi_executor.hpp"
#include "windrow/run/mpi/group_sweep.hpp"
#include "windrow/windrow.hpp"
