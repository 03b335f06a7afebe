// An MPI program as a point of a sweep: every rank says where it is; rank 0 appends to a log when the program began and
// ended and how many ranks it had.
//   mpi_point LOG INDEX SECONDS
#include <mpi.h>
#include <sched.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>

namespace {

double now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

int cores() {
  cpu_set_t set;
  return sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 0;
}

}  // namespace

int main(int argc, char** argv) {
  const double began = now();
  if (argc != 4) return 2;
  MPI_Init(&argc, &argv);
  int rank = 0, size = 0, length = 0;
  char host[MPI_MAX_PROCESSOR_NAME];
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &size);
  MPI_Get_processor_name(host, &length);
  int sum = 0;
  MPI_Allreduce(&rank, &sum, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
  std::printf("rank %d is on host=%s with %d cores\n", rank, host, cores());
  if (rank == 0) {
    std::printf("size=%d\nsum=%d\n", size, sum);
    FILE* begun = std::fopen((std::string(argv[1]) + ".begun").c_str(), "a");
    std::fprintf(begun, "%s\n", argv[2]);
    std::fclose(begun);
  }
  std::fflush(stdout);
  usleep(static_cast<useconds_t>(1e6 * std::atof(argv[3])));
  MPI_Barrier(MPI_COMM_WORLD);
  if (rank == 0) {  // one write: lines of several programs do not mix
    FILE* log = std::fopen(argv[1], "a");
    std::fprintf(log, "%s %d %.6f %.6f\n", argv[2], size, began, now());
    std::fclose(log);
  }
  MPI_Finalize();
}
