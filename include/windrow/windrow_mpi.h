/* windrow for C programs that have MPI: a manager of the ranks of a communicator. See windrow/windrow.h. */
#ifndef WINDROW_WINDROW_MPI_H
#define WINDROW_WINDROW_MPI_H

#include <mpi.h>

#include "windrow/windrow.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The ranks of `communicator`, which is duplicated and never used again. MPI_THREAD_FUNNELED suffices; see MpiManager.
 * Collective. */
WINDROW_API windrow_status windrow_manager_create_mpi(windrow_manager** manager, MPI_Comm communicator);
/* The same for a handle of Fortran. */
WINDROW_API windrow_status windrow_manager_create_mpi_fortran(windrow_manager** manager, MPI_Fint communicator);

#ifdef __cplusplus
}
#endif
#endif
