// The store with a million outcomes: how fast they are recorded, how soon a run goes on from them, and how much memory
// that takes. `bench-store [--anyway] [DIRECTORY]`: the store goes to a directory of its own below DIRECTORY (default:
// the one for temporary files) and is removed.
#include "windrow/store/store.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <string>
#include <vector>

#include "measure.hpp"
#include "windrow/design/design.hpp"

namespace {

namespace fs = std::filesystem;
using windrow::Design;
using windrow::Store;

constexpr std::uint64_t kPoints = 1'000'000;

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

void report(const char* what, double seconds, double memory_before) {
  fmt::print("{:<58} {:7.3f} s  peak memory {:+6.1f} MiB\n", what, seconds, bench::memory_mib("VmHWM") - memory_before);
}

double record_all(const fs::path& directory) {
  const Design design = design_of(kPoints / 1000);
  return bench::seconds_of([&] {
    Store store = open(directory, design);
    windrow::Record record;
    record.host = "localhost";
    for (record.index = 0; record.index < kPoints; ++record.index) {
      record.parameters = design.point(record.index).values();
      record.outcome = std::vector<windrow::Value>{static_cast<double>(record.index)};
      store.record(record);
    }
    store.commit();
  });
}

/// Opens the store as a run does. @return how many points are left to run
std::uint64_t resume(const fs::path& directory, const Design& design) {
  const Store store = open(directory, design);
  windrow::IndexSet done = store.succeeded();
  for (const windrow::IndexRange& range : store.failed().ranges()) done.insert(range);
  return done.complement(design.size()).size();
}

void resume_and_report(const char* what, const fs::path& directory, const Design& design, std::uint64_t expected) {
  const double memory = bench::memory_mib("VmHWM");
  std::uint64_t left = 0;
  const double seconds = bench::seconds_of([&] { left = resume(directory, design); });
  report(what, seconds, memory);
  if (left != expected) fmt::print("WRONG: {} points are left instead of {}\n", left, expected);
}

}  // namespace

int main(int argc, char** argv) {
  if (!bench::may_measure(bench::anyway_given(argc, argv))) return 1;
  fs::path parent = fs::temp_directory_path();
  for (int i = 1; i < argc; ++i) {
    if (argv[i][0] != '-') parent = argv[i];
  }
  const fs::path directory = parent / fmt::format("bench-store-{}", ::getpid());

  double memory = bench::memory_mib("VmHWM");
  const double seconds = record_all(directory);
  report("record 1,000,000 outcomes, durable (group commit)", seconds, memory);
  fmt::print("  {:.0f} outcomes/s\n", static_cast<double>(kPoints) / seconds);
  const Design same = design_of(1000);
  const Design longer = design_of(1500);
  const Design finer = finer_design();
  resume_and_report("open and resume, the same design", directory, same, 0);
  resume_and_report("... 500 levels added at the end", directory, longer, 500'000);
  resume_and_report("... the first 1,000 levels refined (all indices change)", directory, finer, 999'000);
  resume_and_report("... the same again", directory, finer, 999'000);
  fs::remove_all(directory);
  return 0;
}
