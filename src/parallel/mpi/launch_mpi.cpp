#include "parallel/launch_mpi.hpp"

#include <fmt/format.h>
#include <mpi.h>

#include <boost/mpi/environment.hpp>
#include <cstdlib>
#include <memory>
#include <string>

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

}  // namespace

bool mpi_has_begun() {
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
  boost::mpi::environment environment(argc, argv, boost::mpi::threading::multiple);
  check_size();
  if (environment.thread_level() < boost::mpi::threading::funneled) {
    throw ParallelError("this MPI does not provide MPI_THREAD_FUNNELED, which windrow needs");
  }
  MpiManager manager(MPI_COMM_WORLD, std::move(launcher));
  try {
    const int code = body(manager);
    manager.sync();  // asleep, rather than spinning in MPI_Finalize
    return code;
  } catch (const RootFailed&) {  // the root tells, and ends the job if it does not go on
    manager.sync();
  } catch (...) {
    MPI_Abort(MPI_COMM_WORLD, report_exception(manager.rank()));
  }
  return 1;
}

}  // namespace windrow::detail
