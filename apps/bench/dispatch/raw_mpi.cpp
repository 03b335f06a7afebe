// What somebody writes by hand to hand out tasks over MPI, done well: small messages, 16 of them in flight.
#include <fmt/format.h>
#include <mpi.h>

#include <cstdlib>
#include <vector>

#include "dispatch/programs.hpp"
#include "measure.hpp"

namespace bench {
namespace {

constexpr int kInFlight = 16;
constexpr int kTag = 1;

struct Message {
  int task = 0;  // negative: no more
  double value = 0.0;
  char rest[48] = {};
};
static_assert(sizeof(Message) == 64);

void send(const Message& message, int rank) {
  MPI_Send(&message, sizeof message, MPI_BYTE, rank, kTag, MPI_COMM_WORLD);
}

Message receive(int rank) {
  Message message;
  MPI_Recv(&message, sizeof message, MPI_BYTE, rank, kTag, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
  return message;
}

std::vector<double> manage(int tasks) {
  std::vector<double> values(static_cast<std::size_t>(tasks));
  int sent = 0;
  for (int done = 0; done < tasks; ++done) {
    for (; sent < tasks && sent - done < kInFlight; ++sent) send({.task = sent}, 1);
    const Message result = receive(1);
    values[static_cast<std::size_t>(result.task)] = result.value;
  }
  return values;
}

void work() {
  while (true) {
    Message message = receive(0);
    if (message.task < 0) return;
    message.value = message.task;
    send(message, 0);
  }
}

}  // namespace

int raw_mpi(int argc, char** argv, int tasks) {
  MPI_Init(&argc, &argv);
  int rank = 0;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  if (rank == 0) {
    manage(1000);
    std::vector<double> values;
    const double seconds = seconds_of([&] { values = manage(tasks); });
    for (int i = 0; i < tasks; ++i) {
      if (values[static_cast<std::size_t>(i)] != i) std::abort();
    }
    send({.task = -1}, 1);
    fmt::print("{}\n", 1e6 * seconds / tasks);
  } else {
    work();
  }
  MPI_Finalize();
  return 0;
}

}  // namespace bench
