#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "generations.hpp"
#include "sqlite.hpp"

/// Files beside a results file that no outcome in it owns.
namespace windrow::detail {

/// The names in a directory, sorted; none if there is no such directory.
std::vector<std::string> sorted_names(const std::filesystem::path& directory);

/// Visits the entries `INDEX` + `ending` of a directory whose point has no row.
/// @param table  of the results that the directory belongs to; empty: there are none any more
void for_each_unowned(Connection& connection, const std::filesystem::path& directory, const std::string& ending,
                      const std::string& table, const std::function<void(const std::filesystem::path&)>& visit);

/// Whether the points of a study are programs: others make no directories of points.
bool runs_programs(const StudyIdentity& identity);

/// Removes from the directory `points.N` of an earlier form what was there for a time, and what no outcome owns.
void remove_unowned_points(Connection& connection, const std::filesystem::path& points, std::int64_t generation);

}  // namespace windrow::detail
