#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

#include "windrow/parallel/manager.hpp"
#include "windrow/process/fork_server.hpp"

namespace [[gnu::visibility("default")]] windrow {

struct LaunchOptions {
  /// Explicit choice. Otherwise the environment's WINDROW_BACKEND; else MPI when started by mpirun or srun; else fork
  /// when more than one worker is asked for; else serial.
  std::optional<Backend> backend = std::nullopt;
  /// Workers (ranks, for forked peers); 0: the environment's WINDROW_WORKERS, else 1. Ignored under MPI.
  int workers = 0;
  /// Fork backend: every rank runs the body as a peer. Otherwise the body runs on the root alone, which forks workers
  /// when there is something to evaluate and replaces those that die.
  bool peers = true;
  /// The body runs programs: under MPI the helper that starts them must be made before MPI_Init.
  bool runs_programs = false;
  /// Sweeps of the body have Isolation::process: the fork server is started here, as by prepare(), and
  /// ends with the body.
  bool isolates_evaluations = false;
};

/// Starts the fork server that evaluations with `isolation = process` run in. For programs that call MPI_Init
/// themselves, which must call this before it; any program is best off calling it early, since each evaluation is
/// forked from what this process is now: functions see global variables as they are now, and pay for no memory that is
/// allocated later. Again: does nothing. The server ends with this process.
/// @throws ParallelError if MPI is initialized
/// @throws SystemError   if there is no room for another process
void prepare();

/// Whether this process was started by mpirun, or by srun with an MPI plugin. SLURM_PROCID alone is no sign of it.
bool started_by_mpi();

/// Runs `body` on every rank: MPI ranks, forked peers on this machine, or just here. The whole main of a program.
/// @return what the root's body returned; after an exception 2 for a SpecError and 1 for others
/// An exception that leaves the body on any rank is printed with its rank and host, and ends all ranks: nothing is left
/// waiting for a rank that threw. Under `mpirun --enable-recovery` only an exception of the root ends all ranks;
/// another rank that throws, or dies, is lost: its points run elsewhere, collective calls throw from then on. mpirun's
/// own exit code is 0 there, whatever this returns.
int launch_ranks(int argc, char** argv, const std::function<int(ParallelManager&)>& body, const LaunchOptions& options);

namespace detail {

/// The one that prepare() or launch() started; null if there is none. Its sessions are for forked children, too.
std::shared_ptr<const ForkServer> prepared_fork_server();
/// Whether this process cannot fork a server any more, since MPI has begun (it may have ended since).
bool mpi_has_begun();

}  // namespace detail

/// @param body  (ParallelManager&) -> int (the exit code) or void
template <typename Body>
int launch(int argc, char** argv, Body&& body, const LaunchOptions& options = {}) {
  const auto with_code = [&body](ParallelManager& manager) -> int {
    if constexpr (std::is_void_v<std::invoke_result_t<Body&, ParallelManager&>>) {
      body(manager);
      return 0;
    } else {
      return body(manager);
    }
  };
  return launch_ranks(argc, argv, with_code, options);
}

}  // namespace windrow
