#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "windrow/store/leftovers.hpp"

namespace [[gnu::visibility("default")]] windrow {

struct CleanOptions {
  bool dry_run = false;  ///< remove nothing, tell what would be
};

/// What a killed run has left, and what became of it.
struct Cleaned {
  std::filesystem::path path;
  LeftoverKind kind = LeftoverKind::temporary;
  std::uint64_t bytes = 0;  ///< of all files in it
  std::string problem;      ///< why it is still there, though it was to go
};

struct CleanReport {
  std::vector<Cleaned> leftovers;     ///< store by store
  std::vector<std::string> problems;  ///< stores that could not be looked at, and why

  /// Of all of them.
  std::uint64_t bytes() const;
  /// Nothing is there that could not be judged or removed.
  bool complete() const;
};

/// Removes from a results directory what killed runs have left and no outcome owns (find_leftovers), also of shards and
/// of stores in folders NAME=VALUE. Takes each store's writer's lock meanwhile.
/// @throws StoreError if there are no results, or if a run is writing any of them: nothing is removed then
CleanReport clean_results(const std::filesystem::path& directory, const CleanOptions& options = {});

}  // namespace windrow
