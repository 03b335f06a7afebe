#include "windrow/run/clean.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <optional>
#include <system_error>

#include "base/interface/leftover_names.hpp"
#include "shards/interface/shard_stores.hpp"
#include "store/interface/writer_lock.hpp"
#include "windrow/base/files.hpp"
#include "windrow/error.hpp"
#include "windrow/report/live.hpp"
#include "windrow/shards/shards.hpp"
#include "windrow/store/nested.hpp"
#include "windrow/store/store.hpp"

namespace windrow {

namespace fs = std::filesystem;

namespace {

/// Whatever may have a writer's lock: the directory, those of loops in it, and all their shards.
std::vector<fs::path> places_below(const fs::path& directory) {
  std::vector<fs::path> places;
  for (const NestedStore& store : find_nested_stores(directory)) {
    places.push_back(store.directory);
    for (const Shard& shard : detail::found_shards(store.directory)) {
      places.push_back(shard_directory(store.directory, shard));
    }
  }
  return places;
}

void require_no_writer(const fs::path& place) {
  const LivenessWatch::Look look = LivenessWatch(place).look();
  if (look.liveness != Liveness::running) return;
  std::string writer = detail::WriterLock::holder(place);
  if (writer.empty() && look.live) writer = fmt::format("process {} on {}", look.live->process, look.live->host);
  throw StoreError(fmt::format("{}: results are being written by {}; wait for it to end, or stop it", place.string(),
                               writer.empty() ? "another process" : writer));
}

std::uint64_t size_of_file(const fs::directory_entry& entry) {
  std::error_code none;
  if (!fs::is_regular_file(entry.symlink_status(none))) return 0;
  const std::uintmax_t size = entry.file_size(none);
  return none ? 0 : size;
}

std::uint64_t size_of_tree(const fs::path& path) {
  std::error_code error;
  std::uint64_t bytes = size_of_file(fs::directory_entry(path, error));
  const auto options = fs::directory_options::skip_permission_denied;
  for (fs::recursive_directory_iterator entry(path, options, error), end; !error && entry != end;
       entry.increment(error)) {
    bytes += size_of_file(*entry);
  }
  return bytes;
}

/// Of shards that are merged, which are this store's as long as its lock is held.
void add_merged_shards(const fs::path& store, std::vector<Leftover>& found) {
  std::error_code error;
  for (fs::directory_iterator entry(store / "shards", error), end; !error && entry != end; entry.increment(error)) {
    const bool is_one = entry->path().extension() == detail::merged_ending && entry->is_directory();
    if (is_one) found.push_back({entry->path(), LeftoverKind::shard});
  }
}

/// @return why not; empty: it is gone
std::string removed(const Leftover& leftover) {
  std::error_code error;
  detail::remove_tree(leftover.path, error);
  return error ? error.message() : "";
}

/// Folders of earlier forms and of shards that are empty now. Those that the next run needs stay.
void remove_emptied_folders(const std::vector<Leftover>& leftovers, const fs::path& store) {
  for (const Leftover& leftover : leftovers) {
    for (fs::path folder = leftover.path.parent_path(); folder != store; folder = folder.parent_path()) {
      const std::string outermost = folder.lexically_relative(store).begin()->string();
      if (outermost == "points" || outermost == "arrays" || rmdir(folder.c_str()) != 0) break;
    }
  }
}

void clean_place(const fs::path& place, const CleanOptions& options, CleanReport& report) {
  std::optional<detail::WriterLock> lock;
  if (!options.dry_run) lock.emplace(place);
  std::vector<Leftover> found;
  if (detail::has_store(place)) found = find_leftovers(place);
  add_merged_shards(place, found);
  for (const Leftover& leftover : found) {
    Cleaned& cleaned = report.leftovers.emplace_back(Cleaned{leftover.path, leftover.kind, 0, {}});
    cleaned.bytes = size_of_tree(leftover.path);
    if (!options.dry_run) cleaned.problem = removed(leftover);
  }
  if (!options.dry_run) remove_emptied_folders(found, place);
}

}  // namespace

std::uint64_t CleanReport::bytes() const {
  std::uint64_t sum = 0;
  for (const Cleaned& one : leftovers) sum += one.bytes;
  return sum;
}

bool CleanReport::complete() const {
  return problems.empty() && std::ranges::all_of(leftovers, [](const Cleaned& one) { return one.problem.empty(); });
}

CleanReport clean_results(const fs::path& directory, const CleanOptions& options) {
  const fs::path absolute = fs::absolute(directory);
  const std::vector<fs::path> places = places_below(absolute);
  if (std::ranges::none_of(places, detail::has_store)) static_cast<void>(StoreReader(absolute));  // says what is there
  for (const fs::path& place : places) require_no_writer(place);
  CleanReport report;
  for (const fs::path& place : places) {
    try {
      clean_place(place, options, report);
    } catch (const StoreError& error) {
      report.problems.emplace_back(error.what());
    }
  }
  return report;
}

}  // namespace windrow
