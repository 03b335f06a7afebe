#include "charged_mpi.hpp"

#include <mpi.h>

#include "simulated_rank.hpp"

namespace simulated {
namespace {

MessageCosts costs;

}  // namespace

void charge(const MessageCosts& new_costs) {
  costs = new_costs;
}

const MessageCounts& messages() {
  return this_rank().messages;
}

}  // namespace simulated

using simulated::costs;
using simulated::rank_of;
using simulated::settle;
using simulated::spend;
using simulated::this_rank;

// The dispatcher's calls pass here, by MPI's profiling interface; all in MPI_COMM_WORLD.
extern "C" {

int MPI_Iprobe(int source, int tag, MPI_Comm comm, int* flag, MPI_Status* status) {
  settle();
  spend(costs.look);
  *flag = 0;
  if (this_rank().waiting == 0) return MPI_SUCCESS;  // most looks are in vain, and SMPI's are slow
  return PMPI_Iprobe(source, tag, comm, flag, status);
}

int MPI_Test(MPI_Request* request, int* flag, MPI_Status* status) {
  spend(costs.look);  // slept later: whether a message of its own has left depends on no other rank's last microsecond
  return PMPI_Test(request, flag, status);
}

int MPI_Recv(void* data, int count, MPI_Datatype type, int source, int tag, MPI_Comm comm, MPI_Status* status) {
  settle();
  const int code = PMPI_Recv(data, count, type, source, tag, comm, status);
  spend(costs.receive);
  ++this_rank().messages.received;
  --this_rank().waiting;
  return code;
}

int MPI_Isend(const void* data, int count, MPI_Datatype type, int target, int tag, MPI_Comm comm,
              MPI_Request* request) {
  spend(costs.send);
  settle();
  ++this_rank().messages.sent;
  ++rank_of(target).waiting;
  return PMPI_Isend(data, count, type, target, tag, comm, request);
}

}  // extern "C"
