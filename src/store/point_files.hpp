#pragma once

#include <filesystem>

#include "sqlite.hpp"

/// What lies beside the results file for single points: the directories that commands keep, `points/INDEX`, and arrays,
/// `arrays/OUTPUT/INDEX.npy`. When points get other indices, `points` becomes `points.N` (N: the generation that the
/// outcomes were in until then), and from there and from earlier ones the directories of points that are still in the
/// design move to `points`; arrays do the same.
namespace windrow::detail {

inline constexpr const char* points_name = "points";

/// Whether there is any, or was when the study was changed before.
bool has_point_files(const std::filesystem::path& directory);

/// Does what the table `moves` says, if it is there, and removes it. Goes on where a run was killed that was doing it.
/// @throws StoreError if something cannot be renamed; the next call continues
void move_point_files(Connection& connection, const std::filesystem::path& directory);

/// Puts the directory of a point in the place `to`, instead of what is there; never half.
/// @param move  it need not stay where it is
/// @throws StoreError; the next call continues
void take_point_directory(const std::filesystem::path& from, const std::filesystem::path& to, bool move);

}  // namespace windrow::detail
