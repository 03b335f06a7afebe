#include "windrow/store/export.hpp"

#include <fmt/format.h>

#include <ostream>

#include "common.hpp"
#include "verbs.hpp"

namespace windrow::app {
namespace {

namespace fs = std::filesystem;

/// Says which arrays are not there as they were. @return whether all are
bool complain_of_arrays(const StoreReader& store) {
  constexpr std::uint64_t kShown = 3;
  std::uint64_t damaged = 0;
  for_damaged_arrays(store, [&damaged](const ArrayFile& array) {
    if (++damaged > kShown) return;
    fmt::print(stderr, "windrow: {}: missing, or not as long as it was\n", array.file.string());
  });
  if (damaged > 0) {
    fmt::print(stderr, "windrow: {} of arrays: `windrow run --retry-failed` evaluates their points again\n",
               counted(damaged, "damaged file"));
  }
  return damaged == 0;
}

}  // namespace

int export_results(const ExportArguments& arguments) {
  if (arguments.csv.empty() && arguments.evaluations.empty()) {
    return complain("nothing to export: give --csv FILE, --evaluations FILE or both (- is standard output)");
  }
  const fs::path directory = results_directory(arguments.directory);
  const StoreReader store = open_results(directory);
  if (!arguments.csv.empty()) {
    write_output(arguments.csv, [&](std::ostream& out) { export_csv(store, out); });
    if (arguments.csv != "-") {
      const fs::path columns = fs::path(arguments.csv).replace_extension(".columns.csv");
      write_output(columns.string(), [&](std::ostream& out) { export_columns_csv(store, out); });
    }
  }
  if (!arguments.evaluations.empty()) {
    write_output(arguments.evaluations, [&](std::ostream& out) { export_evaluations_csv(store, out); });
  }
  const bool whole = complain_of_arrays(store);
  const StoreStatus status = store.status();
  if (const std::uint64_t left = status.points - status.succeeded - status.failed; left > 0) {
    fmt::print(stderr, "windrow: {} of {} points have no outcome yet and are not in the export\n", left, status.points);
  }
  if (const std::string shards = unmerged(directory); !shards.empty()) fmt::print(stderr, "windrow: {}\n", shards);
  return whole ? kSuccess : kSomeFailed;
}

}  // namespace windrow::app
