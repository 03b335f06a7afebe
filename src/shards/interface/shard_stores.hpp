#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "windrow/shards/shards.hpp"

/// The stores of shards as they lie in the file system.
namespace windrow::detail {

/// The shards that have a directory below `store`, by count and number.
std::vector<Shard> found_shards(const std::filesystem::path& store);
/// The one that was begun or ended last. @pre not empty
Shard latest_of(const std::filesystem::path& store, const std::vector<Shard>& shards);

/// A store that may be absent or unreadable.
struct ReadStore {
  std::optional<StoreReader> reader;
  std::string problem;  ///< why there is none, if there should be
};
ReadStore read_store(const std::filesystem::path& directory);
bool has_store(const std::filesystem::path& directory);

/// "parameters.x: linear(0, 1, 5) -> linear(0, 1, 6)", of several the one that says most.
std::string difference_of(const StudyIdentity& theirs, const StudyIdentity& ours);

/// The study file of the last run, as it was called then; empty if it did not say.
std::string study_file_of(const StoreReader& store);

/// What a study's own store, and shards of other divisions than `shard`, have of `study`. A shard that cannot be read
/// counts as having nothing. @throws StoreError if the study's own store cannot be read
KnownOutcomes known_elsewhere(const std::filesystem::path& store, const Shard& shard, const StudyIdentity& study,
                              const PointValues& points);

}  // namespace windrow::detail
