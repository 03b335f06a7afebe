#pragma once

#include <filesystem>

#include "sqlite.hpp"

/// The directories of single points, which commands keep: `points/INDEX` in the store's directory. When points get
/// other indices, `points` becomes `points.N` (N: the generation that the outcomes were in until then), and from there
/// and from earlier ones the directories of points that are still in the design move to `points`.
namespace windrow::detail {

/// Whether there are any, or were when the study was changed before.
bool has_point_files(const std::filesystem::path& directory);

/// Does what the table `moves` says, if it is there, and removes it. Goes on where a run was killed that was doing it.
/// @throws StoreError if a directory cannot be renamed; the next call continues
void move_point_files(Connection& connection, const std::filesystem::path& directory);

}  // namespace windrow::detail
