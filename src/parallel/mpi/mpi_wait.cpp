#include "parallel/mpi/mpi_wait.hpp"

#include <fmt/format.h>

#include <array>
#include <climits>
#include <thread>

#include "windrow/error.hpp"

namespace windrow::detail {

void BackOff::sleep() {
  std::this_thread::sleep_for(next());
}

void check_mpi(int code, const char* call) {
  if (code == MPI_SUCCESS) return;
  std::array<char, MPI_MAX_ERROR_STRING> text{};
  int length = 0;
  MPI_Error_string(code, text.data(), &length);
  throw ParallelError(fmt::format("{} failed: {}", call, std::string(text.data(), static_cast<std::size_t>(length))));
}

void wait_mpi(MPI_Request& request) {
  BackOff pause;
  for (int done = 0;;) {
    check_mpi(MPI_Test(&request, &done, MPI_STATUS_IGNORE), "MPI_Test");
    if (done != 0) return;
    pause.sleep();
  }
}

int mpi_count(std::size_t size) {
  if (size > static_cast<std::size_t>(INT_MAX)) {
    throw ParallelError(fmt::format("a message of {} bytes is over MPI's limit of 2^31 - 1", size));
  }
  return static_cast<int>(size);
}

}  // namespace windrow::detail
