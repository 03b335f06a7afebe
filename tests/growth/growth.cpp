// What a rank holds as their number grows, and what the root's messages cost: growth SCENARIO
#include <mpi.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "parallel/mpi/mpi_wait.hpp"
#include "windrow/mpi.hpp"

namespace {

std::atomic<int> tests = 0;  // of messages that may have left

}  // namespace

// By MPI's profiling interface.
extern "C" int MPI_Test(MPI_Request* request, int* flag, MPI_Status* status) {
  ++tests;
  return PMPI_Test(request, flag, status);
}

namespace windrow {
namespace {

constexpr int kMostSockets = 20;
constexpr int kMostMebibytes = 24;

int wrong = 0;

void expect(bool condition, const std::string& what) {
  if (condition) return;
  ++wrong;
  std::fprintf(stderr, "wrong: %s\n", what.c_str());
}

int sockets() {
  int count = 0;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
    std::error_code error;  // the directory's own descriptor
    count += std::filesystem::read_symlink(entry, error).string().starts_with("socket:") ? 1 : 0;
  }
  return count;
}

int resident_mebibytes() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("VmRSS:")) return static_cast<int>((std::stol(line.substr(6)) + 1023) / 1024);
  }
  return 0;
}

int nothing() {
  return 0;
}

/// The most that a figure is on this rank: when the ranks have started, in the points of a sweep, and after calls that
/// concern all.
int most_of(int (*figure)(), ParallelManager& manager) {
  int most = figure();
  const auto points = static_cast<std::size_t>(10 * manager.size());
  Sweep sweep(grid({linear("x", 0.0, 1.0, points)}, 1), nothing,
              [&](int&, const Point&) {
                most = std::max(most, figure());
                ::usleep(1000);
                return 1.0;
              },
              {{"result"}});
  const SweepResult result = sweep.run(manager);
  expect(result.failed == 0, "points have failed");
  manager.sync();
  expect(manager.all_reduce(1) == manager.size(), "a sum over all ranks");
  expect(manager.all_gather(manager.rank()).size() == static_cast<std::size_t>(manager.size()), "all ranks");
  return std::max(most, figure());
}

void expect_at_most(int bound, int more_at_root, const char* what, int (*figure)(), ParallelManager& manager) {
  const std::vector<int> all = manager.gather(most_of(figure, manager));
  if (!manager.is_root()) return;
  const int most = *std::max_element(all.begin() + 1, all.end());
  std::printf("%s of a rank: at most %d, of the root %d\n", what, most, all.front());
  expect(most <= bound, "a rank has too many");
  expect(all.front() <= bound + more_at_root, "the root has too many");
}

// Nobody is connected with everybody but the root, which hands out the points.
void count_sockets(ParallelManager& manager) {
  expect_at_most(kMostSockets, manager.size(), "sockets", sockets, manager);
}

void measure_memory(ParallelManager& manager) {
  expect_at_most(kMostMebibytes, kMostMebibytes, "MiB", resident_mebibytes, manager);
}

// Of many messages that cannot leave yet, a send looks at few.
void send_to_sleeper(ParallelManager& manager) {
  constexpr int kMessages = 1000;
  const int sleeper = manager.broadcast(manager.all_gather(static_cast<int>(::getpid())).back());
  if (manager.rank() == 1) {
    for (int i = 0; i < kMessages; ++i) {
      int got[64] = {};
      MPI_Recv(got, 64, MPI_INT, 0, 7, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
      expect(got[0] == i && got[63] == i, "a message is lost, or overtaken");
    }
    return;
  }
  ::kill(sleeper, SIGSTOP);
  detail::Outbox outbox(MPI_COMM_WORLD);
  const int before = tests;
  for (int i = 0; i < kMessages; ++i) {
    const std::vector<int> message(64, i);
    outbox.send(1, 7, std::as_bytes(std::span(message)));
  }
  const int taken = tests - before;
  expect(!outbox.empty(), "nothing had to wait");
  ::kill(sleeper, SIGCONT);
  std::printf("%d tests of messages for %d sends\n", taken, kMessages);
  expect(taken <= 2 * kMessages, "too many tests");
}

int run(const std::string& scenario, ParallelManager& manager) {
  const std::map<std::string, void (*)(ParallelManager&)> scenarios = {
      {"messages_to_a_rank_that_sleeps", send_to_sleeper}, {"sockets", count_sockets}, {"memory", measure_memory}};
  scenarios.at(scenario)(manager);
  const std::vector<int> all = manager.gather(wrong);
  const bool is_well = std::all_of(all.begin(), all.end(), [](int count) { return count == 0; });
  if (manager.is_root() && is_well) std::printf("all is well\n");
  return wrong == 0 ? 0 : 1;
}

}  // namespace
}  // namespace windrow

int main(int argc, char** argv) {
  return windrow::launch(argc, argv, [&](windrow::ParallelManager& manager) { return windrow::run(argv[1], manager); });
}
