#include "parallel/launch_mpi.hpp"
#include "windrow/error.hpp"
#include "windrow/parallel/launch.hpp"

namespace windrow {
namespace {

// Never destroyed: the server ends with the process, whatever order static objects end in.
std::shared_ptr<const ForkServer>& prepared() {
  static auto& server = *new std::shared_ptr<const ForkServer>();
  return server;
}

}  // namespace

void prepare() {
  if (prepared()) return;
  if (detail::mpi_has_begun()) {
    throw ParallelError(
        "prepare() is called after MPI_Init, when this process can no longer be forked safely: call windrow::prepare() "
        "first, before MPI_Init");
  }
  prepared() = std::make_shared<const ForkServer>();
}

std::shared_ptr<const ForkServer> detail::prepared_fork_server() {
  return prepared();
}

detail::PreparedForBody::PreparedForBody(bool wanted) : started_here_(wanted && !prepared()) {
  if (started_here_) prepare();
}

detail::PreparedForBody::~PreparedForBody() {
  if (started_here_) prepared().reset();
}

bool detail::mpi_has_begun() {
  const MpiBackend* const mpi = linked_mpi_backend();
  return mpi != nullptr && mpi->has_begun();
}

}  // namespace windrow
