// Items per second of no-op items, a pool's overhead and nothing else, beside the pools that Python users know (Debian
// packages python3, python3-joblib, python3-mpi4py). One run, interleaved repetitions: median (minimum to maximum) and
// the ratio of medians.
//
//   bench-pool [--anyway]      the table; refused while other processes use the cores, or with a remark anyway
//   bench-pool --measure ...   one measurement; used by the former
#include <fmt/format.h>

#include <cstdlib>
#include <numeric>
#include <string>
#include <vector>

#include "measure.hpp"
#include "windrow/parallel/launch.hpp"
#include "windrow/pool/executor.hpp"
#ifdef WINDROW_HAS_MPI
#include "windrow/pool/mpi/mpi_executor.hpp"
#endif

namespace {

constexpr int kRepetitions = 7;
constexpr int kWorkers = 2;

double rate_of(windrow::Executor& executor, int items, std::size_t chunk) {
  std::vector<int> input(static_cast<std::size_t>(items));
  std::iota(input.begin(), input.end(), 0);
  const auto no_op = [](int i) { return i; };
  executor.map(windrow::MapOptions{chunk}, no_op, std::vector<int>(100));
  std::vector<windrow::Outcome<int>> outcomes;
  const double seconds = bench::seconds_of([&] { outcomes = executor.map(windrow::MapOptions{chunk}, no_op, input); });
  if (outcomes.back().value() != items - 1) std::abort();
  return items / seconds;
}

int measure(int argc, char** argv) {
  const std::string kind = argv[2];
  const int items = std::atoi(argv[3]);
  const auto chunk = static_cast<std::size_t>(std::atoi(argv[4]));
  if (kind == "processes") {
    windrow::ProcessPool pool(kWorkers);
    fmt::print("{}\n", rate_of(pool, items, chunk));
    return 0;
  }
#ifdef WINDROW_HAS_MPI
  return windrow::launch(argc, argv, [&](windrow::ParallelManager& manager) {
    windrow::MpiExecutor::run(
        manager, [&](windrow::Executor& executor) { fmt::print("{}\n", rate_of(executor, items, chunk)); });
  });
#else
  return 1;
#endif
}

struct Row {
  std::string name;
  std::string command;
  std::string family;  // rows of one family are compared with its first
  std::vector<double> rates = {};
};

std::vector<Row> rows(const std::string& self) {
  const std::string python = "/usr/bin/python3 " WINDROW_PEERS " ";
  std::vector<Row> all = {
      {"windrow ProcessPool, chunk 1", self + " --measure processes 300000 1", "processes"},
      {"multiprocessing.Pool.map, chunk 1", python + "multiprocessing 50000 2 1", "processes"},
      {"multiprocessing.Pool.imap_unordered", python + "multiprocessing-imap 30000 2 1", "processes"},
      {"concurrent.futures, chunk 1", python + "concurrent 10000 2 1", "processes"},
      {"joblib, batch 1", python + "joblib 5000 2 1", "processes"}};
#ifdef WINDROW_HAS_MPI
  const std::string mpirun = "mpirun --oversubscribe --bind-to none -n 3 ";
  all.push_back({"windrow MpiExecutor, chunk 1", mpirun + self + " --measure mpi 300000 1", "mpi"});
  all.push_back({"mpi4py.futures, chunk 1", mpirun + python + "mpi4py 10000 2 1", "mpi"});
  all.push_back({"windrow MpiExecutor, chunk 100", mpirun + self + " --measure mpi 300000 100", "mpi100"});
  all.push_back({"mpi4py.futures, chunk 100", mpirun + python + "mpi4py 200000 2 100", "mpi100"});
#endif
  return all;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc > 4 && std::string(argv[1]) == "--measure") return measure(argc, argv);
  if (!bench::may_measure(bench::anyway_given(argc, argv))) return 1;
  auto all = rows(argv[0]);
  for (int repetition = 0; repetition < kRepetitions; ++repetition) {
    for (Row& row : all) row.rates.push_back(bench::numbers_printed_by(row.command).front());
  }
  fmt::print("no-op items per second, {} workers, median of {} interleaved runs (minimum to maximum)\n", kWorkers,
             kRepetitions);
  const Row* first = nullptr;
  for (const Row& row : all) {
    if (first == nullptr || first->family != row.family) first = &row;
    const auto [median, low, high] = bench::figures_of(row.rates);
    fmt::print("{:<38} {:>10.0f}  ({:.0f} to {:.0f})", row.name, median, low, high);
    fmt::print("{}\n", &row == first
                           ? ""
                           : fmt::format("  windrow is {:.1f}x", bench::figures_of(first->rates).median / median));
  }
}
