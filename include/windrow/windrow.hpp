#pragma once

/// Everything but MPI's own types; for MpiManager include windrow/mpi.hpp.
#include "windrow/design/design.hpp"
#include "windrow/parallel/fork_manager.hpp"
#include "windrow/parallel/launch.hpp"
#include "windrow/parallel/manager.hpp"
#include "windrow/parallel/serial_manager.hpp"
#include "windrow/sweep/sweep.hpp"
