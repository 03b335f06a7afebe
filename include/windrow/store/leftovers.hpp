#pragma once

#include <filesystem>
#include <string_view>
#include <vector>

namespace [[gnu::visibility("default")]] windrow {

enum class LeftoverKind {
  point,      ///< the directory of a point that has no outcome
  array,      ///< the file of an array of such a point
  temporary,  ///< what was there for a time: a directory put aside, a file that was to take the name of another
  shard       ///< a shard that is merged, and was being removed
};

/// "point", "array", "temporary", "shard"
std::string_view name_of(LeftoverKind kind);

/// A file or a directory that a killed run has left, and that no outcome owns.
struct Leftover {
  std::filesystem::path path;
  LeftoverKind kind = LeftoverKind::temporary;
};

/// What there is of that in the directory of a store, of earlier forms of its study too, in the order of the names.
/// Directories of points with an outcome stay, whatever the study now says of keeping them; so does everything whose
/// name is not one that windrow gives, and, where a study's points are no programs, `points`. Takes memory for what it
/// finds alone.
/// @pre nobody writes the store
/// @throws StoreError if there are no results, they cannot be read, or a run was killed while it brought them to a
///         changed study: the next run ends that first
std::vector<Leftover> find_leftovers(const std::filesystem::path& store);

}  // namespace windrow
