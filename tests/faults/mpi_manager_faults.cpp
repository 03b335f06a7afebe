// A program that has MPI already, and its communicators: mpi_manager_faults
#include <mpi.h>

#include <array>
#include <cstdio>
#include <string>
#include <vector>

#include "windrow/parallel/mpi/mpi_manager.hpp"

namespace windrow {
namespace {

int wrong = 0;

void expect(bool condition, const char* what) {
  if (condition) return;
  ++wrong;
  std::fprintf(stderr, "wrong: %s\n", what);
}

void expect_refusal(const char* when) {
  try {
    MpiManager manager(MPI_COMM_WORLD);
    expect(false, when);
  } catch (const ParallelError& error) {
    expect(std::string(error.what()).find(when) != std::string::npos, error.what());
  }
}

std::vector<int> numbers(int count) {
  std::vector<int> all(static_cast<std::size_t>(count));
  for (int i = 0; i < count; ++i) all[static_cast<std::size_t>(i)] = i;
  return all;
}

void expect_scatter(ParallelManager& manager, int count, Schedule schedule) {
  auto results =
      manager.scatter([] { return 1; }, [](int& one, int p) { return p + one; }, numbers(count), {.schedule = schedule})
          .gather();
  int points = 0;
  for (const auto& local : results) {
    for (std::size_t i = 0; i < local.indices.size(); ++i, ++points) {
      expect(local.outcomes[i].value() == static_cast<int>(local.indices[i]) + 1, "a result");
    }
  }
  if (manager.is_root()) expect(points == count, "a number of points");
}

int rank_in(MPI_Comm comm) {
  int rank = 0;
  MPI_Comm_rank(comm, &rank);
  return rank;
}

// Messages of the caller's, with tags and sizes like windrow's own, under way in all directions while windrow works.
void callers_traffic_is_not_disturbed() {
  const int rank = rank_in(MPI_COMM_WORLD);
  int size = 0;
  MPI_Comm_size(MPI_COMM_WORLD, &size);
  constexpr int tags = 6;  // 0 .. 5: those of a job's messages are among them
  std::vector<int> sent;
  for (int tag = 0; tag < tags; ++tag) sent.push_back(rank * 100 + tag);
  std::vector<MPI_Request> requests;
  for (int other = 0; other < size; ++other) {
    for (int tag = 0; tag < tags; ++tag) {
      MPI_Isend(&sent[static_cast<std::size_t>(tag)], 1, MPI_INT, other, tag, MPI_COMM_WORLD, &requests.emplace_back());
    }
  }
  int large = rank;
  MPI_Request early;
  MPI_Irecv(&large, 1, MPI_INT, MPI_ANY_SOURCE, MPI_ANY_TAG, MPI_COMM_WORLD, &early);
  {
    MpiManager manager(MPI_COMM_WORLD);
    for (int round = 0; round < 20; ++round) {
      expect_scatter(manager, 100, all_schedules[static_cast<std::size_t>(round) % all_schedules.size()]);
      expect(manager.all_reduce(1) == size, "a sum");
    }
  }
  MPI_Status status;
  MPI_Wait(&early, &status);
  expect(large == status.MPI_SOURCE * 100 + status.MPI_TAG, "the message that any receive took");
  for (int i = 1; i < size * tags; ++i) {
    int value = 0;
    MPI_Recv(&value, 1, MPI_INT, MPI_ANY_SOURCE, MPI_ANY_TAG, MPI_COMM_WORLD, &status);
    expect(value == status.MPI_SOURCE * 100 + status.MPI_TAG, "a message of the caller's");
  }
  MPI_Waitall(static_cast<int>(requests.size()), requests.data(), MPI_STATUSES_IGNORE);
  int left = 0;
  MPI_Iprobe(MPI_ANY_SOURCE, MPI_ANY_TAG, MPI_COMM_WORLD, &left, MPI_STATUS_IGNORE);
  expect(left == 0, "nothing that the caller did not send");
}

void each_half_of_the_ranks_is_on_its_own() {
  const int rank = rank_in(MPI_COMM_WORLD);
  MPI_Comm half;
  MPI_Comm_split(MPI_COMM_WORLD, rank % 2, -rank, &half);  // in reverse order
  int size = 0;
  MPI_Comm_size(half, &size);
  MpiManager manager(half);
  MPI_Comm_free(&half);  // the manager has its own
  expect(manager.size() == size, "the size of a half");
  const auto ranks = manager.all_gather(rank);
  for (const int other : ranks) expect(other % 2 == rank % 2, "a rank of the other half");
  expect(ranks[static_cast<std::size_t>(manager.rank())] == rank, "the order of ranks");
  for (int round = 0; round < 10 + 5 * (rank % 2); ++round) expect_scatter(manager, 50, Schedule::dynamic);
}

void two_managers_side_by_side() {
  MpiManager first(MPI_COMM_WORLD);
  MpiManager second(MPI_COMM_WORLD);
  for (int round = 0; round < 10; ++round) {
    expect_scatter(first, 30, Schedule::dynamic);
    expect_scatter(second, 40, Schedule::static_split);
    first.sync();
    expect(second.broadcast(round) == round, "a broadcast");
  }
}

void many_managers_one_after_another() {
  for (int i = 0; i < 300; ++i) {
    MpiManager manager(MPI_COMM_WORLD);
    manager.sync();
  }
}

}  // namespace
}  // namespace windrow

int main(int argc, char** argv) {
  using namespace windrow;
  expect_refusal("MPI is not initialized");
  int provided = 0;
  MPI_Init_thread(&argc, &argv, MPI_THREAD_FUNNELED, &provided);
  const bool is_root = rank_in(MPI_COMM_WORLD) == 0;
  callers_traffic_is_not_disturbed();
  each_half_of_the_ranks_is_on_its_own();
  two_managers_side_by_side();
  many_managers_one_after_another();
  MPI_Finalize();
  expect_refusal("MPI is finalized");
  if (is_root && wrong == 0) std::printf("all is well\n");
  return wrong == 0 ? 0 : 1;
}
