#pragma once

#include <mpi.h>

#include <memory>

#include "windrow/parallel/manager.hpp"

namespace [[gnu::visibility("default")]] windrow {

namespace detail {
class Workers;
class RankWatch;
}  // namespace detail

/// The ranks of an MPI communicator. For programs that have MPI already; launch() makes one otherwise.
///
/// The communicator is duplicated, and the caller's never used again. Waiting ranks leave their core to others after
/// every test, and soon sleep between tests. The root evaluates on a second thread, which makes no MPI calls:
/// MPI_THREAD_FUNNELED suffices as long as evaluations on the root make none of their own. With MPI_THREAD_MULTIPLE
/// they may, and a rank that is inside a long evaluation gives back at once what it has not begun.
///
/// Under `mpirun --enable-recovery` jobs, sweeps included, survive the death of ranks other than the root: a dead
/// rank's points run elsewhere, its collective calls never will. From then on collective calls, and what begins with
/// one (a sweep), throw ParallelError on every rank. MPI_Finalize would wait for a lost rank, now and then even for a
/// dead one: so under that flag this library sets Open MPI's `async_mpi_finalize` when it is loaded, and a program
/// whose ranks still need each other says so with a barrier of its own. Where the library is loaded after MPI_Init, the
/// command is `mpirun --enable-recovery --mca async_mpi_finalize 1`.
class MpiManager : public ParallelManager {
 public:
  /// Collective over `comm`.
  /// @param launcher  started before MPI_Init, for studies that run programs; may be null
  /// @throws ParallelError if MPI is not initialized, or is finalized already
  explicit MpiManager(MPI_Comm comm, std::shared_ptr<Launcher> launcher = nullptr);
  ~MpiManager() override;

  Backend backend() const override { return Backend::mpi; }
  int rank() const override;
  int size() const override;
  /// If MPI_THREAD_MULTIPLE is provided.
  bool may_change_thread() const override;
  std::shared_ptr<Launcher> launcher() override;
  std::shared_ptr<detail::RankGroups> rank_groups() override;
  void sync() override;
  detail::JobReport run_job(detail::JobSpec job, detail::Evaluation& evaluation,
                            detail::JobObserver& observer) override;

  /// For executors: the other ranks as the root sees them, which serve() until they are told to end.
  std::unique_ptr<detail::Workers> other_ranks();
  /// @return what the root concluded
  Bytes serve(detail::Evaluation& evaluation);
  /// For launch(): this rank makes no more calls; returns when none does, and throws if one waits for this rank in a
  /// call. Collective.
  void leave();
  /// For launch(): what notices ranks that die; null where the job does not outlive them.
  detail::RankWatch* watch();

 private:
  void wait(MPI_Request& request);
  void broadcast_bytes(std::span<const std::byte> data, detail::Room& room) override;
  void gather_bytes(std::span<const std::byte> data, detail::Room& room) override;
  void all_gather_bytes(std::span<const std::byte> data, detail::Room& room) override;
  void all_reduce_bytes(std::span<const std::byte> in, std::span<std::byte> out,
                        const detail::Reduction& reduction) override;

  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace windrow
