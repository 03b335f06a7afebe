#pragma once

/// The core: designs, managers of ranks, sweeps, timers. What goes into programs of one's own beside it (executors,
/// processes, channels, shared memory) is in windrow/tools.hpp, MPI's own types are in windrow/mpi.hpp.
#include "windrow/base/serialize.hpp"
#include "windrow/design/correlated.hpp"
#include "windrow/design/derived.hpp"
#include "windrow/design/design.hpp"
#include "windrow/design/filtered.hpp"
#include "windrow/design/table.hpp"
#include "windrow/parallel/fork_manager.hpp"
#include "windrow/parallel/gather_timings.hpp"
#include "windrow/parallel/launch.hpp"
#include "windrow/parallel/manager.hpp"
#include "windrow/parallel/serial_manager.hpp"
#include "windrow/report/account_summary.hpp"
#include "windrow/report/run_timing.hpp"
#include "windrow/run/ask_tell.hpp"
#include "windrow/run/build_once.hpp"
#include "windrow/run/sweep.hpp"
#include "windrow/timing/report.hpp"
#include "windrow/timing/timer.hpp"
#include "windrow/timing/trace.hpp"
