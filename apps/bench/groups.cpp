// What evaluations by groups of ranks cost: bench-groups [--anyway]
//
// No-op evaluations by groups of 2 on 8 ranks, beside MPI_Comm_split into pairs and MPI_Comm_free, which a program
// would do by itself for each of them; and with 1 rank for an evaluation beside an ordinary sweep. Rounds alternate; on
// fewer than 8 cores the ranks share them.
#include <mpi.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <vector>

#include "measure.hpp"
#include "windrow/mpi.hpp"

namespace {

constexpr int kRanks = 8;
constexpr int kRounds = 11;
constexpr std::size_t kGroupPoints = 4000;
constexpr std::size_t kSinglePoints = 400000;
constexpr int kSplits = 1000;

windrow::Design points(std::size_t count) {
  return windrow::grid({windrow::linear("x", 0.0, 1.0, count)}, 1);
}

int nothing() {
  return 0;
}

double in_groups(windrow::ParallelManager& manager, int ranks, std::size_t count) {
  windrow::GroupSweep sweep(points(count), nothing, [](int&, const windrow::Point&, MPI_Comm) { return 1.0; },
                            {{"result"}}, {.ranks = ranks});
  manager.sync();
  const double seconds = bench::seconds_of([&] { sweep.run(manager); });
  return seconds / static_cast<double>(count) * (kRanks / ranks);
}

double in_sweep(windrow::ParallelManager& manager) {
  windrow::Sweep sweep(points(kSinglePoints), nothing, [](int&, const windrow::Point&) { return 1.0; });
  manager.sync();
  return bench::seconds_of([&] { sweep.run(manager); }) / static_cast<double>(kSinglePoints) * kRanks;
}

double in_splits(windrow::ParallelManager& manager) {
  manager.sync();
  return bench::seconds_of([&] {
           for (int i = 0; i < kSplits; ++i) {
             MPI_Comm pair = MPI_COMM_NULL;
             MPI_Comm_split(MPI_COMM_WORLD, manager.rank() / 2, manager.rank(), &pair);
             MPI_Comm_free(&pair);
           }
         }) /
         kSplits;
}

int run_rank(int argc, char** argv) {
  return windrow::launch(argc, argv, [](windrow::ParallelManager& manager) {
    for (int round = 0; round <= kRounds; ++round) {  // the first one warms up
      const std::array<double, 4> seconds = {in_groups(manager, 2, kGroupPoints), in_splits(manager),
                                             in_groups(manager, 1, kSinglePoints), in_sweep(manager)};
      if (round == 0 || !manager.is_root()) continue;
      for (const double value : seconds) fmt::print("{:.9f}\n", value);
    }
    return 0;
  });
}

}  // namespace

int main(int argc, char** argv) {
  if (argc > 1 && std::strcmp(argv[1], "--rank") == 0) return run_rank(argc, argv);
  if (!bench::may_measure(bench::anyway_given(argc, argv))) return 1;
  bench::set_defaults_of_open_mpi();
  const auto numbers =
      bench::numbers_printed_by(fmt::format("mpirun --oversubscribe --bind-to none -n {} {} --rank", kRanks, argv[0]));
  constexpr std::array<const char*, 4> names = {"a group of 2, a no-op evaluation",
                                                "MPI_Comm_split into pairs + MPI_Comm_free",
                                                "GroupSweep, 1 rank an evaluation", "Sweep"};
  fmt::print("{} ranks on {} cores, medians of {} rounds (minimum to maximum), time of a group for an evaluation\n",
             kRanks, ::sysconf(_SC_NPROCESSORS_ONLN), kRounds);
  std::vector<double> ratios;
  for (std::size_t i = 0; i < names.size(); ++i) {
    std::vector<double> values;
    for (std::size_t at = i; at < numbers.size(); at += names.size()) values.push_back(numbers[at] * 1e6);
    const auto figures = bench::figures_of(values);
    fmt::print("{:<45} {:9.3f} us ({:.3f} to {:.3f})\n", names[i], figures.median, figures.low, figures.high);
  }
  for (std::size_t at = 0; at + 1 < numbers.size(); at += names.size()) ratios.push_back(numbers[at] / numbers[at + 1]);
  const auto figures = bench::figures_of(ratios);
  fmt::print("a group over a split and free                 {:9.3f}    ({:.3f} to {:.3f})\n", figures.median,
             figures.low, figures.high);
}
