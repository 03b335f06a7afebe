// A program that has MPI already and hands windrow a communicator.
#include <mpi.h>

#include <windrow/mpi.hpp>

#include "pendulum.hpp"

int main(int argc, char** argv) {
  MPI_Init(&argc, &argv);
  int code = 0;
  {
    windrow::MpiManager manager(MPI_COMM_WORLD);
    code = sweep_pendulums(manager);
  }
  MPI_Finalize();
  return code;
}
