// The store with a million outcomes: how fast they are recorded, how soon a run goes on from them, and how much memory
// that takes; how long it takes to join them from shards; and what it costs a sweep of points of 1 ms. `bench-store
// [--anyway] [DIRECTORY]`: stores go to a directory of their own below DIRECTORY (default: the one for temporary files)
// and are removed.
#include "windrow/store/store.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "dispatch/work.hpp"
#include "measure.hpp"
#include "windrow/parallel/fork_manager.hpp"
#include "windrow/run/sweep.hpp"
#include "windrow/shards/shards.hpp"

namespace {

namespace fs = std::filesystem;
using windrow::Design;
using windrow::Store;

constexpr std::uint64_t kPoints = 1'000'000;
constexpr int kRepetitions = 7;

/// `levels` x 1,000 points.
Design design_of(std::uint64_t levels) {
  return windrow::grid(
      {windrow::linear("a", 0.0, static_cast<double>(levels - 1), levels), windrow::linear("b", 0.0, 1.0, 1000)});
}

/// The same points, and as many between them.
Design finer_design() {
  return windrow::grid({windrow::linear("a", 0.0, 999.0, 1999), windrow::linear("b", 0.0, 1.0, 1000)});
}

Store open(const fs::path& directory, const Design& design) {
  windrow::StudyIdentity identity{"bench", design.size(), {}, {{"y", "", "number", ""}}, design.definition()};
  for (const auto& parameter : design.parameters()) identity.parameters.push_back({parameter.name(), "", "number", ""});
  return {directory, identity, {}, windrow::Journal::automatic, [&design](std::uint64_t index) {
            return design.point(index).values();
          }};
}

/// One row: seconds of the repetitions, and by how much the first of them raised the most memory ever held.
struct Row {
  std::string what;
  std::vector<double> seconds = {};
  double memory = 0.0;

  template <typename Call>
  void measure(Call&& call) {
    const double before = bench::memory_mib("VmHWM");
    seconds.push_back(bench::seconds_of(call));
    if (seconds.size() == 1) memory = bench::memory_mib("VmHWM") - before;
  }
  void print() const {
    const auto [median, low, high] = bench::figures_of(seconds);
    fmt::print("{:<58} {:7.3f} s  ({:.3f} to {:.3f})  peak memory {:+6.1f} MiB\n", what, median, low, high, memory);
  }
};

void record_all(const fs::path& directory, const windrow::IndexSet& indices = windrow::IndexSet::first(kPoints)) {
  const Design design = design_of(kPoints / 1000);
  Store store = open(directory, design);
  windrow::Record record;
  record.host = "localhost";
  for (const windrow::IndexRange& range : indices.ranges()) {
    for (record.index = range.first; record.index < range.first + range.count; ++record.index) {
      record.parameters = design.point(record.index).values();
      record.outcome = std::vector<windrow::Value>{static_cast<double>(record.index)};
      store.record(record);
    }
  }
  store.commit();
}

/// Opens the store as a run does.
void resume(const fs::path& directory, const Design& design, std::uint64_t expected) {
  const Store store = open(directory, design);
  windrow::IndexSet done = store.succeeded();
  for (const windrow::IndexRange& range : store.failed().ranges()) done.insert(range);
  const std::uint64_t left = done.complement(design.size()).size();
  if (left != expected) throw windrow::Error(fmt::format("{} points are left instead of {}", left, expected));
}

void measure_store(const fs::path& directory) {
  Row record{"record 1,000,000 outcomes, durable (group commit)"};
  Row same{"open and resume, the same design"};
  Row longer{"... 500 levels added at the end"};
  Row finer{"... the first 1,000 levels refined (all indices change)"};
  Row again{"... the same again"};
  const Design longer_design = design_of(1500);
  const Design refined = finer_design();
  for (int i = 0; i < kRepetitions; ++i) {
    record.measure([&] { record_all(directory); });
    same.measure([&] { resume(directory, design_of(1000), 0); });
    longer.measure([&] { resume(directory, longer_design, 500'000); });
    finer.measure([&] { resume(directory, refined, 999'000); });
    again.measure([&] { resume(directory, refined, 999'000); });
    fs::remove_all(directory);
  }
  for (const Row* row : {&record, &same, &longer, &finer, &again}) row->print();
  const auto [median, low, high] = bench::figures_of(record.seconds);
  const auto rate = [](double seconds) { return static_cast<double>(kPoints) / seconds; };
  fmt::print("  {:.0f} outcomes/s  ({:.0f} to {:.0f})\n", rate(median), rate(high), rate(low));
}

void measure_merge(const fs::path& directory) {
  constexpr std::uint32_t shards = 4;
  Row merge{"merge 1,000,000 outcomes of 4 shards"};
  for (int i = 0; i < kRepetitions; ++i) {
    for (std::uint32_t number = 1; number <= shards; ++number) {
      const windrow::Shard shard{number, shards};
      record_all(windrow::shard_directory(directory, shard), windrow::points_of(shard, kPoints));
    }
    merge.measure([&] {
      if (!windrow::merge_shards(directory).complete()) throw windrow::Error("points are missing");
    });
    fs::remove_all(directory);
  }
  merge.print();
}

/// A sweep of 4,000 points of 1 ms of work on the two cores, with a store or without.
void sweep(const std::optional<fs::path>& store, double steps) {
  windrow::ForkManager manager(2);
  windrow::Sweep sweep(
      windrow::zip({windrow::linear("x", 0.0, 1.0, 4000)}), [] { return 0; },
      [steps](int&, const windrow::Point& point) {
        return point["x"].number() + bench::spin(static_cast<std::uint64_t>(1000.0 * steps));
      });
  windrow::SweepOptions options;
  if (store) options.store = *store;
  const windrow::SweepResult result = sweep.run(manager, options);
  if (result.succeeded != result.points) throw windrow::Error("points failed: " + result.summary());
}

void measure_sweeps(const fs::path& directory) {
  const double steps = bench::steps_per_microsecond();
  Row without{"4,000 points of 1 ms on 2 workers, outcomes in memory"};
  Row with{"the same with a store"};
  std::vector<double> costs;
  for (int i = 0; i < kRepetitions; ++i) {
    without.measure([&] { sweep(std::nullopt, steps); });
    with.measure([&] { sweep(directory, steps); });
    costs.push_back(100.0 * (with.seconds.back() / without.seconds.back() - 1.0));
    fs::remove_all(directory);
  }
  without.print();
  with.print();
  const auto [median, low, high] = bench::figures_of(costs);
  fmt::print("  the store costs {:.1f} %  ({:.1f} to {:.1f})\n", median, low, high);
}

}  // namespace

int main(int argc, char** argv) {
  if (!bench::may_measure(bench::anyway_given(argc, argv))) return 1;
  fs::path parent = fs::temp_directory_path();
  for (int i = 1; i < argc; ++i) {
    if (argv[i][0] != '-') parent = argv[i];
  }
  const fs::path directory = parent / fmt::format("bench-store-{}", ::getpid());
  fmt::print("median of {} (minimum to maximum); memory is that of the first repetition\n", kRepetitions);
  measure_merge(directory);  // first: what it adds to the memory shows only where nothing took more before
  measure_store(directory);
  measure_sweeps(directory);
}
