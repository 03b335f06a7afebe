#include "shards/interface/shard_stores.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <system_error>
#include <tuple>

#include "windrow/error.hpp"

namespace windrow::detail {

namespace fs = std::filesystem;

std::vector<Shard> found_shards(const fs::path& store) {
  constexpr std::string_view middle = "-of-";
  std::vector<Shard> shards;
  std::error_code error;
  for (fs::directory_iterator entry(store / "shards", error), end; !error && entry != end; entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    const std::size_t at = name.find(middle);
    if (at == std::string::npos) continue;
    try {
      const Shard shard = parse_shard(fmt::format("{}/{}", name.substr(0, at), name.substr(at + middle.size())));
      if (shard_directory(store, shard) == entry->path()) shards.push_back(shard);
    } catch (const SpecError&) {
      // Something else: what is left of a shard that was merged, for example.
    }
  }
  std::ranges::sort(shards, {}, [](const Shard& shard) { return std::tuple(shard.count, shard.number); });
  return shards;
}

Shard latest_of(const fs::path& store, const std::vector<Shard>& shards) {
  const auto touched = [&](const Shard& shard) {  // a run writes its name to the lock, and takes it away at its end
    std::error_code ignored;
    return fs::last_write_time(shard_directory(store, shard) / "lock", ignored);
  };
  return *std::ranges::max_element(shards, {}, touched);
}

bool has_store(const fs::path& directory) {
  std::error_code ignored;
  if (!fs::exists(directory / "results.sqlite", ignored)) return false;
  try {
    StoreReader reader(directory);
  } catch (const StoreEmpty&) {
    return false;
  } catch (const StoreError&) {  // whoever reads it is told
  }
  return true;
}

ReadStore read_store(const fs::path& directory) {
  ReadStore read;
  try {
    read.reader.emplace(directory);
  } catch (const StoreError& error) {
    read.problem = error.what();
  }
  return read;
}

std::string difference_of(const StudyIdentity& theirs, const StudyIdentity& ours) {
  std::vector<std::string> lines = differences(theirs.definition, ours.definition);
  // How many points mostly follows from the parameters.
  const auto says_more = [](const std::string& line) { return !line.starts_with("design.points:"); };
  const auto best = std::ranges::find_if(lines, says_more);
  if (best != lines.end()) return *best;
  return lines.empty() ? "its points or outputs differ" : lines.front();
}

std::string study_file_of(const StoreReader& store) {
  std::string file;
  const auto runs = store.runs();
  if (runs.empty()) return file;
  for (const auto& [name, text] : runs.back()) {
    if (name == "study_file") file = text;
  }
  return file;
}

KnownOutcomes known_elsewhere(const fs::path& store, const Shard& shard, const StudyIdentity& study,
                              const PointValues& points) {
  KnownOutcomes known;
  if (has_store(store)) known = StoreReader(store).known(study, points);
  for (const Shard& other : found_shards(store)) {
    if (other.count == shard.count) continue;
    try {
      const KnownOutcomes more = StoreReader(shard_directory(store, other)).known(study);
      known.succeeded = known.succeeded.united(more.succeeded);
      known.failed = known.failed.united(more.failed);
    } catch (const StoreError&) {
      // `merge` and `status` say so; its points are evaluated.
    }
  }
  known.failed = known.failed.without(known.succeeded);
  return known;
}

}  // namespace windrow::detail
