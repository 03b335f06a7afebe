#include "c/handles.hpp"
#include "windrow/parallel/mpi/mpi_manager.hpp"
#include "windrow/windrow_mpi.h"

windrow_status windrow_manager_create_mpi(windrow_manager** manager, MPI_Comm communicator) {
  return windrow::detail::guarded([&] {
    windrow::detail::given(manager, "the place for the manager") =
        new windrow_manager{std::make_unique<windrow::MpiManager>(communicator)};
  });
}

windrow_status windrow_manager_create_mpi_fortran(windrow_manager** manager, MPI_Fint communicator) {
  return windrow_manager_create_mpi(manager, MPI_Comm_f2c(communicator));
}
