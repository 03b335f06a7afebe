// Groups of ranks whose evaluation never ends: group_faults HOW <directory>
//
// `stuck`: one rank of a group throws while another waits for it in a collective call, under launch(); `host`: the same
// in a program that has MPI of its own; `kill`: one is killed instead; `loud`: the callback at the end throws, too.
// `again after HOW` is the next run, which finds what the run before kept.
#include <mpi.h>
#include <signal.h>
#include <unistd.h>

#include <chrono>
#include <cmath>
#include <cstdio>
#include <stdexcept>
#include <string>
#include <thread>

#include "windrow/mpi.hpp"

namespace windrow {
namespace {

constexpr int kPoints = 12;
constexpr int kBad = 4;

Design points() {
  return grid({linear("i", 0.0, kPoints - 1.0, kPoints)}, 1);
}

void be_bad(const std::string& how, MPI_Comm comm) {
  int rank = 0;
  MPI_Comm_rank(comm, &rank);
  if (rank == 1 && how == "kill") ::kill(::getpid(), SIGKILL);
  if (rank == 1) throw std::runtime_error("no licence on this node");
  MPI_Barrier(comm);
}

SweepResult sweep(ParallelManager& manager, const std::string& how, const char* directory) {
  std::fprintf(stderr, "rank %d has pid %d\n", manager.rank(), static_cast<int>(::getpid()));
  GroupSweep sweep(
      points(), [] { return 0; },
      [how](int&, const Point& p, MPI_Comm comm) {
        const auto i = std::lround(p["i"].number());
        if (i == kBad && !how.starts_with("again")) be_bad(how, comm);
        if (i > kBad) std::this_thread::sleep_for(std::chrono::milliseconds(20));
        MPI_Barrier(comm);
        return static_cast<double>(i);
      },
      {{"result"}}, {.ranks = 2, .patience = std::chrono::milliseconds(how.starts_with("again") ? 30000 : 2500)});
  SweepOptions options{.store = directory};
  if (how == "loud") {
    options.on_progress = [](const Progress& progress) {
      if (progress.finished) throw std::runtime_error("the screen is gone");
    };
  }
  return sweep.run(manager, options);
}

// Of a killed rank the point is not to blame.
int check_again(const SweepResult& result, const ParallelManager& manager, bool killed) {
  if (!manager.is_root()) return 0;
  std::fprintf(stderr, "%s", result.summary().c_str());
  const std::uint64_t failed = killed ? 0 : 1;
  bool good = result.failed == failed && result.succeeded == kPoints - failed && result.reused >= failed;
  StoreReader(result.store).for_each([&](const Record& record) {
    if (record.outcome.ok()) return;
    const std::string& message = record.outcome.failure().message;
    std::fprintf(stderr, "kept: %s\n", message.c_str());
    good = good && record.index == kBad && message.find("no licence on this node") != std::string::npos &&
           message.find("had not come back") != std::string::npos;
  });
  std::puts(good ? "all is well" : "wrong");
  return good ? 0 : 1;
}

// Where only one thread may call MPI, the root's evaluations cannot: it only coordinates, and says so.
int check_funneled(ParallelManager& manager) {
  const auto in_groups_of = [&manager](int ranks) {
    return GroupSweep(
        points(), [] { return 0; },
        [&manager](int&, const Point& p, MPI_Comm comm) {
          if (manager.is_root()) throw std::runtime_error("on the root");
          MPI_Barrier(comm);
          return p["i"].number();
        },
        {{"result"}}, {.ranks = ranks});
  };
  bool good = true;
  for (const int ranks : {1, 2}) {
    const SweepResult result = in_groups_of(ranks).run(manager);
    good = good && result.succeeded == kPoints && result.workers == manager.size() - 1;
    if (!manager.is_root()) continue;
    good = good && result.notes.size() == 1 && result.notes[0].find("the root only coordinated") == 0;
  }
  try {
    in_groups_of(manager.size()).run(manager);
    good = false;
  } catch (const SpecError& error) {
    std::fprintf(stderr, "%s\n", error.what());
  } catch (const RootFailed&) {
  }
  good = manager.all_reduce(good ? 0 : 1) == 0;
  if (manager.is_root()) std::puts(good ? "all is well" : "wrong");
  return good ? 0 : 1;
}

int run_host(const std::string& how, const char* directory) {
  int provided = 0;
  MPI_Init_thread(nullptr, nullptr, how == "host" ? MPI_THREAD_MULTIPLE : MPI_THREAD_FUNNELED, &provided);
  int code = 0;
  {
    MpiManager manager(MPI_COMM_WORLD);
    if (how == "funneled") code = check_funneled(manager);
    try {
      if (how == "host") sweep(manager, how, directory);
    } catch (const RootFailed&) {
      MPI_Barrier(MPI_COMM_WORLD);  // until the root ends all
    } catch (const ParallelError& error) {
      std::fprintf(stderr, "the sweep ended: %s\n", error.what());
      MPI_Abort(MPI_COMM_WORLD, 3);
    }
  }
  MPI_Finalize();
  return code;
}

}  // namespace
}  // namespace windrow

int main(int argc, char** argv) {
  const std::string how = argc > 2 ? argv[1] : "";
  if (how.empty()) return 2;
  if (how == "host" || how == "funneled") return windrow::run_host(how, argv[2]);
  return windrow::launch(argc, argv, [&](windrow::ParallelManager& manager) {
    const auto result = windrow::sweep(manager, how, argv[2]);
    if (!how.starts_with("again")) return result.exit_code();
    return windrow::check_again(result, manager, how == "again after kill");
  });
}
