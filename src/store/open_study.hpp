#pragma once

#include <filesystem>
#include <optional>

#include "sqlite.hpp"
#include "windrow/store/store.hpp"

namespace windrow::detail {

/// Makes a directory for results, if need be. @return its absolute path. @throws StoreError
std::filesystem::path prepared_directory(const std::filesystem::path& directory);

/// SQLite takes an empty file for a new one, and throws away the log beside it.
/// @throws StoreError if that would happen to `file`
void require_not_emptied(const std::filesystem::path& file);

/// Makes the tables of a new file, or brings one to the present version and study. To be called with the writer lock.
/// @param identity  index_matters is taken over from the store
/// @param points    as for Store
/// @return what was found if the study has changed. @throws StoreError as Store does
std::optional<Resumption> open_study(Connection& connection, const std::filesystem::path& directory,
                                     StudyIdentity& identity, const PointValues& points);

}  // namespace windrow::detail
