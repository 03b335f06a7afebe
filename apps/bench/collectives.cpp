// What collective calls cost beside MPI's own: bench-collectives [--anyway] [--ranks N] [--fork]
//
// The ranks of one program make the same call by windrow and by MPI in turns, kRounds times; a time is that of the
// slowest rank. What windrow returns, a vector, MPI is given as a new vector, too. With --fork the ranks of windrow are
// forked, and the times of MPI are those of another run. The last columns are what the root had in memory during the
// call beyond what was there before, where that tells anything.
#include <mpi.h>
#include <unistd.h>

#include <cstring>
#include <functional>
#include <string>
#include <vector>

#include "measure.hpp"
#include "windrow/mpi.hpp"

namespace {

constexpr int kRounds = 7;
constexpr std::array<std::size_t, 4> kBytes = {8, 64 << 10, 8 << 20, 80'000'000};
constexpr std::array<const char*, 5> kCalls = {"sync", "broadcast", "all_reduce", "gather", "all_gather"};
constexpr double kMostBytesOfAll = 3e9;       // in memory, on all ranks
constexpr std::size_t kLargeBytes = 1 << 20;  // from here on memory is looked at

using Call = std::function<void(std::vector<double>&)>;

std::vector<Call> calls_of_windrow(windrow::ParallelManager& manager) {
  return {[&](std::vector<double>&) { manager.sync(); }, [&](std::vector<double>& data) { manager.broadcast(data); },
          [&](std::vector<double>& data) { manager.all_reduce(data); },
          [&](std::vector<double>& data) { static_cast<void>(manager.gather(data)); },
          [&](std::vector<double>& data) { static_cast<void>(manager.all_gather(data)); }};
}

std::vector<Call> calls_of_mpi(int rank, std::size_t ranks) {
  const auto count = [](const std::vector<double>& data) { return static_cast<int>(data.size()); };
  return {[](std::vector<double>&) { MPI_Barrier(MPI_COMM_WORLD); },
          [=](std::vector<double>& data) { MPI_Bcast(data.data(), count(data), MPI_DOUBLE, 0, MPI_COMM_WORLD); },
          [=](std::vector<double>& data) {
            MPI_Allreduce(MPI_IN_PLACE, data.data(), count(data), MPI_DOUBLE, MPI_SUM, MPI_COMM_WORLD);
          },
          [=](std::vector<double>& data) {
            std::vector<double> all(rank == 0 ? ranks * data.size() : 0);
            MPI_Gather(data.data(), count(data), MPI_DOUBLE, all.data(), count(data), MPI_DOUBLE, 0, MPI_COMM_WORLD);
          },
          [=](std::vector<double>& data) {
            std::vector<double> all(ranks * data.size());
            MPI_Allgather(data.data(), count(data), MPI_DOUBLE, all.data(), count(data), MPI_DOUBLE, MPI_COMM_WORLD);
          }};
}

struct Cost {
  double seconds, mebibytes;
};

Cost cost_of(windrow::ParallelManager& manager, const Call& call, std::size_t bytes) {
  const int repeats = bytes < 1024 ? 300 : bytes < kLargeBytes ? 60 : 1;
  std::vector<double> data(bytes / sizeof(double), 1e-3);
  manager.sync();
  std::ofstream("/proc/self/clear_refs") << 5;  // the peak begins anew
  const double before = bench::memory_mib("VmRSS");
  const double seconds = bench::seconds_of([&] {
                           for (int i = 0; i < repeats; ++i) call(data);
                         }) /
                         repeats;
  const double mebibytes = bench::memory_mib("VmHWM") - before;
  return {manager.all_reduce(seconds, windrow::op::max), mebibytes};
}

/// Of each kind of calls in turns; the first round warms up.
void take_turns(windrow::ParallelManager& manager, const std::vector<std::vector<Call>>& kinds) {
  const double ranks = manager.size();
  for (const std::size_t bytes : kBytes) {
    for (std::size_t call = 0; call < kCalls.size(); ++call) {
      const bool fits = static_cast<double>(bytes) * ranks * (call == 4 ? ranks : 2.0) < kMostBytesOfAll;
      if (!fits || (call == 0 && bytes != kBytes.front())) continue;
      for (int round = 0; round <= kRounds; ++round) {
        for (const auto& calls : kinds) {
          const Cost cost = cost_of(manager, calls[call], bytes);
          if (round > 0 && manager.is_root())
            fmt::print("{} {} {:.9f} {:.1f}\n", call, bytes, cost.seconds, cost.mebibytes);
        }
      }
    }
  }
}

int run_rank(int argc, char** argv) {
  return windrow::launch(argc, argv, [](windrow::ParallelManager& manager) {
    std::vector<std::vector<Call>> kinds = {calls_of_windrow(manager)};
    if (manager.backend() == windrow::Backend::mpi) {
      kinds.push_back(calls_of_mpi(manager.rank(), static_cast<std::size_t>(manager.size())));
    }
    take_turns(manager, kinds);
    return 0;
  });
}

struct Row {
  double call = 0.0, bytes = 0.0;
  std::vector<double> seconds, mebibytes;
};

/// The figures of one call and size of kind `kind` among `kinds`, out of what ranks print.
std::vector<Row> rows_of(const std::vector<double>& numbers, std::size_t kind, std::size_t kinds) {
  std::vector<Row> rows;
  for (std::size_t at = 4 * kind; at + 3 < numbers.size(); at += 4 * kinds) {
    if (rows.empty() || rows.back().call != numbers[at] || rows.back().bytes != numbers[at + 1]) {
      rows.push_back({numbers[at], numbers[at + 1], {}, {}});
    }
    rows.back().seconds.push_back(numbers[at + 2]);
    rows.back().mebibytes.push_back(numbers[at + 3]);
  }
  return rows;
}

void print_rows(int ranks, const std::vector<Row>& ours, const std::vector<Row>& mpi) {
  for (std::size_t i = 0; i < ours.size(); ++i) {
    std::vector<double> ratios;
    for (std::size_t round = 0; round < ours[i].seconds.size(); ++round) {
      ratios.push_back(ours[i].seconds[round] / mpi[i].seconds[round]);
    }
    const auto ratio = bench::figures_of(ratios);
    fmt::print("{:>5}  {:<10} {:>9.0f} {:>13.2f} {:>13.2f} {:>8.2f} ({:.2f} to {:.2f})", ranks,
               kCalls[static_cast<std::size_t>(ours[i].call)], ours[i].bytes,
               bench::figures_of(ours[i].seconds).median * 1e6, bench::figures_of(mpi[i].seconds).median * 1e6,
               ratio.median, ratio.low, ratio.high);
    if (ours[i].bytes >= static_cast<double>(kLargeBytes)) {
      fmt::print("   {:.1f} / {:.1f} MiB", bench::figures_of(ours[i].mebibytes).median,
                 bench::figures_of(mpi[i].mebibytes).median);
    }
    fmt::print("\n");
  }
}

void compare(const char* program, int ranks, bool forked) {
  const auto beside =
      bench::numbers_printed_by(fmt::format("mpirun --oversubscribe --bind-to none -n {} {} --rank", ranks, program));
  auto ours = rows_of(beside, 0, 2);
  if (forked) {
    ours = rows_of(
        bench::numbers_printed_by(fmt::format("WINDROW_BACKEND=fork WINDROW_WORKERS={} {} --rank", ranks, program)), 0,
        1);
  }
  print_rows(ranks, ours, rows_of(beside, 1, 2));
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> words(argv + 1, argv + argc);
  const auto word = [&](const char* name) { return std::find(words.begin(), words.end(), name); };
  if (word("--rank") != words.end()) return run_rank(argc, argv);
  if (!bench::may_measure(bench::anyway_given(argc, argv))) return 1;
  bench::set_defaults_of_open_mpi();
  const auto given = word("--ranks");
  const bool one = given != words.end() && given + 1 != words.end();
  fmt::print("{} cores, medians of {} rounds; {} ranks\n", ::sysconf(_SC_NPROCESSORS_ONLN), kRounds,
             word("--fork") == words.end() ? "MPI's" : "forked");
  fmt::print(
      "ranks  call           bytes    windrow us        MPI us    ratio (range)   root's memory: windrow / MPI\n");
  for (const int ranks : one ? std::vector{std::stoi(given[1])} : std::vector{2, 4, 8}) {
    compare(argv[0], ranks, word("--fork") != words.end());
  }
}
