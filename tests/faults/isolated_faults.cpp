// Isolated evaluations under mpirun, one scenario a run: isolated_faults <scenario>
#include <mpi.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <map>
#include <stdexcept>
#include <string>

#include "faults/support.hpp"
#include "windrow/parallel/launch.hpp"
#include "windrow/parallel/mpi/mpi_manager.hpp"
#include "windrow/run/sweep.hpp"

namespace windrow {
namespace {

using std::chrono::seconds;

constexpr std::uint64_t kPoints = 60;

pid_t parent_of(pid_t pid) {
  std::ifstream status("/proc/" + std::to_string(pid) + "/status");
  for (std::string word; status >> word;) {
    if (word == "PPid:" && status >> pid) return pid;
  }
  return 0;
}

template <typename Evaluate>
SweepResult sweep(ParallelManager& manager, Isolation isolation, Evaluate evaluate) {
  Sweep points(zip({linear("x", 0.0, static_cast<double>(kPoints - 1), kPoints)}), [] { return 0; }, evaluate,
               {{"result"}}, {.isolated = Isolated{.where = isolation}});
  return points.run(manager, {.schedule = Schedule::dynamic});
}

double value_of(int&, const Point& p) {
  return p["x"];
}

/// Prints what went wrong on this rank. @return 0 on every rank if nothing did on any
int verdict(ParallelManager& manager, const std::string& wrong) {
  if (!wrong.empty()) std::fprintf(stderr, "rank %d: %s\n", manager.rank(), wrong.c_str());
  const int code = manager.all_reduce(wrong.empty() ? 0 : 1, op::max);
  if (code == 0 && manager.is_root()) std::printf("all is well\n");
  return code;
}

void tell(pid_t pid) {
  std::printf("pid %d\n", static_cast<int>(pid));
  std::fflush(stdout);
}

// Two of three points end their process; whatever ran for the sweep is told, and must be gone when the program is.
int crashes(ParallelManager& manager) {
  tell(detail::prepared_fork_server()->pid());
  std::string wrong;
  for (const Isolation isolation : {Isolation::process, Isolation::fork}) {
    const SweepResult result = sweep(manager, isolation, [](int&, const Point& p) {
      if (p.index() == 0) tell(::getppid());
      if (p.index() % 3 == 1) ::raise(SIGKILL);
      if (p.index() % 3 == 2) std::exit(7);
      return p["x"].number();
    });
    if (result.succeeded != kPoints / 3 || result.failed != 2 * kPoints / 3) wrong = result.summary();
  }
  return verdict(manager, wrong);
}

int server_dies_midway(ParallelManager& manager) {
  const SweepResult result = sweep(manager, Isolation::process, [](int&, const Point& p) {
    if (p.index() == 7) ::kill(parent_of(::getppid()), SIGKILL);
    return p["x"].number();
  });
  return verdict(manager, result.succeeded == kPoints ? "" : result.summary());
}

int model_dies(ParallelManager& manager) {
  const SweepResult result = sweep(manager, Isolation::process, [](int&, const Point& p) {
    if (p.index() == 7) ::kill(::getppid(), SIGKILL);
    while (p.index() == 7) ::pause();
    return p["x"].number();
  });
  const bool right = result.succeeded == kPoints - 1 && result.failed == 1 &&
                     (result.failures.empty() || result.failures.front().kind == FailureKind::lost);
  return verdict(manager, right ? "" : result.summary());
}

// The rank cannot go on, and leaves the points to the others.
int server_and_model_die(ParallelManager& manager) {
  const SweepResult result = sweep(manager, Isolation::process, [](int&, const Point& p) {
    if (p.index() == 7) {
      ::kill(parent_of(::getppid()), SIGKILL);
      ::kill(::getppid(), SIGKILL);
    }
    while (p.index() == 7) ::pause();
    ::usleep(30000);  // the others are at it when the loss is noticed
    return p["x"].number();
  });
  const bool right = result.succeeded == kPoints - 1 && result.failed == 1;
  return verdict(manager, right ? "" : result.summary());
}

// A second server cannot be forked: every rank is told, and the next sweep of another kind works.
int server_dies_before(ParallelManager& manager) {
  const auto server = detail::prepared_fork_server();
  if (manager.rank() == manager.size() - 1) ::kill(server->pid(), SIGKILL);
  std::string wrong = "a sweep without a fork server did not fail";
  if (manager.rank() == manager.size() - 1) test::within(seconds(10), [&] { return !server->is_alive(); });
  manager.sync();
  try {
    sweep(manager, Isolation::process, value_of);
  } catch (const ParallelError& error) {
    const std::string text = error.what();
    wrong = text.find("the fork server was killed") != std::string::npos ? "" : text;
  }
  const SweepResult result = sweep(manager, Isolation::fork, value_of);
  if (result.succeeded != kPoints) wrong += result.summary();
  return verdict(manager, wrong);
}

// Rank 1 is killed while its evaluation, and a child of that in a session of its own, run.
int rank_dies(ParallelManager& manager) {
  tell(detail::prepared_fork_server()->pid());
  sweep(manager, Isolation::process, [](int&, const Point& p) {
    if (p.index() < 10) return p["x"].number();
    const pid_t sleeper = ::fork();
    if (sleeper == 0) {
      ::setsid();
      for (;;) ::pause();
    }
    for (const pid_t pid : {sleeper, ::getpid(), ::getppid()}) tell(pid);
    const pid_t rank = parent_of(parent_of(parent_of(::getppid())));
    if (p.index() == 10) ::kill(rank, SIGKILL);
    for (;;) ::pause();
  });
  return 0;
}

using Scenario = int (*)(ParallelManager&);
const std::map<std::string, Scenario> scenarios = {
    {"crashes", crashes},
    {"server-dies-midway", server_dies_midway},
    {"server-and-model-die", server_and_model_die},
    {"server-dies-before", server_dies_before},
    {"model-dies", model_dies},
    {"rank-dies", rank_dies},
};

/// A program that has MPI of its own.
int host(const std::string& what) {
  if (what == "host-prepared") prepare();
  int provided = 0;
  MPI_Init_thread(nullptr, nullptr, MPI_THREAD_FUNNELED, &provided);
  int code = 1;
  {
    MpiManager manager(MPI_COMM_WORLD);
    if (what == "host-late") {
      try {
        prepare();
      } catch (const ParallelError& error) {
        std::fprintf(stderr, "%s\n", error.what());
      }
    }
    try {
      const SweepResult result = sweep(manager, Isolation::process, value_of);
      code = verdict(manager, result.succeeded == kPoints ? "" : result.summary());
    } catch (const ParallelError& error) {
      std::fprintf(stderr, "%s\n", error.what());
    }
    manager.sync();
  }
  MPI_Finalize();
  return code;
}

}  // namespace
}  // namespace windrow

int main(int argc, char** argv) {
  const std::string scenario = argc > 1 ? argv[1] : "";
  if (scenario.starts_with("host")) return windrow::host(scenario);
  windrow::LaunchOptions options;
  options.isolates_evaluations = true;
  return windrow::launch(
      argc, argv, [&](windrow::ParallelManager& manager) { return windrow::scenarios.at(scenario)(manager); }, options);
}
