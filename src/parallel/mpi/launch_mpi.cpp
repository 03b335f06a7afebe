#include "parallel/launch_mpi.hpp"

#include <fmt/format.h>
#include <mpi.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <boost/mpi/environment.hpp>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <optional>
#include <string>

#include "parallel/mpi/rank_guard.hpp"
#include "parallel/mpi/rank_watch.hpp"
#include "windrow/parallel/mpi/mpi_manager.hpp"
#include "windrow/process/launcher.hpp"

namespace windrow::detail {
namespace {

// A launcher of another MPI starts N processes that each believe to be alone: N copies of the whole study.
void check_size() {
  int size = 0;
  MPI_Comm_size(MPI_COMM_WORLD, &size);
  for (const char* name : {"OMPI_COMM_WORLD_SIZE", "PMI_SIZE"}) {
    const char* text = std::getenv(name);
    if (text == nullptr || size == std::atoi(text)) continue;
    throw ParallelError(
        fmt::format("the launcher started {} processes, but MPI sees {}: it belongs to another MPI than the one "
                    "windrow was built with (Open MPI); under Slurm use mpirun or `srun --mpi=pmix`",
                    text, size));
  }
}

// Where it has no shared memory with them, the root holds a connection to every rank, and one more if the job is to
// outlive them; the usual 1,024 descriptors would be used up by as many. Programs are started by the launcher, which
// keeps its own limit.
void make_room_for_connections() {
  int rank = 0;
  int size = 0;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &size);
  rlimit limit{};
  if (rank != 0 || ::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  const rlim_t needed = 1024 + 2 * static_cast<rlim_t>(size);
  if (limit.rlim_cur >= needed) return;
  limit.rlim_cur = std::min(needed, limit.rlim_max);
  ::setrlimit(RLIMIT_NOFILE, &limit);  // as far as it goes
}

int run(MpiManager& manager, const std::function<int(ParallelManager&)>& body, const LaunchOptions& options) {
  try {
    const int code = body(manager);
    manager.leave();  // asleep, rather than spinning in MPI_Finalize
    return code;
  } catch (const RootFailed&) {  // the root tells, and ends the job if it does not go on
  } catch (...) {
    MPI_Abort(MPI_COMM_WORLD, report_exception(manager.rank(), options));
  }
  try {
    manager.leave();
  } catch (...) {
    MPI_Abort(MPI_COMM_WORLD, report_exception(manager.rank(), options));
  }
  return 1;
}

// Where the launcher leaves the job alone when a rank ends, MPI_Abort ends nobody else: a rank that throws is lost to
// the others, and without the root they end.
int run_guarded(MpiManager& manager, const std::function<int(ParallelManager&)>& body, const LaunchOptions& options,
                RankGuard& guard) {
  RankWatch* const watch = manager.watch();
  if (watch == nullptr) {
    guard.has_started(-1, {});
  } else {
    const bool speaks = manager.rank() == 1;  // for all
    guard.has_started(watch->root_lifeline(), speaks ? watch->name_of(0) + " is gone: the other ranks end" : "");
  }
  int code = 1;
  try {
    try {
      code = body(manager);
    } catch (const RootFailed&) {
    }
    guard.is_ending();
    manager.leave();
  } catch (...) {
    guard.is_ending();  // the root, which throws the same where calls do not pair, must not cut this short
    const int failure = report_exception(manager.rank(), options);
    std::fflush(nullptr);
    ::_exit(failure);
  }
  return code;
}

bool has_begun() {
  int initialized = 0;
  MPI_Initialized(&initialized);
  return initialized != 0;
}

int launch_mpi(int argc, char** argv, const std::function<int(ParallelManager&)>& body, const LaunchOptions& options) {
  std::shared_ptr<Launcher> launcher;
  if (options.runs_programs) {
    launcher = std::make_shared<Launcher>();
    launcher->start();
  }
  std::optional<RankGuard> guard;
  if (job_outlives_ranks()) guard.emplace(options);
  boost::mpi::environment environment(argc, argv, boost::mpi::threading::multiple);
  check_size();
  if (environment.thread_level() < boost::mpi::threading::funneled) {
    throw ParallelError("this MPI does not provide MPI_THREAD_FUNNELED, which windrow needs");
  }
  make_room_for_connections();
  MpiManager manager(MPI_COMM_WORLD, std::move(launcher));
  return guard ? run_guarded(manager, body, options, *guard) : run(manager, body, options);
}

}  // namespace

const MpiBackend windrow_mpi_backend{&launch_mpi, &has_begun};

}  // namespace windrow::detail
