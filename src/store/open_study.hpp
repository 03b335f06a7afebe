#pragma once

#include <filesystem>
#include <optional>

#include "file_seal.hpp"
#include "sqlite.hpp"
#include "store/interface/writer_lock.hpp"
#include "verify.hpp"
#include "windrow/store/store.hpp"

namespace windrow::detail {

/// The results file in a directory. SQLite takes an empty file for a new one, and throws away the log beside it.
/// @throws StoreError if that would happen
std::filesystem::path results_in(const std::filesystem::path& directory);

/// A study's store in the hands of its one writer: made if need be, or brought to the present version and study.
struct OpenStudy {
  /// @param points, read  as for Store
  /// @throws StoreError as Store does
  OpenStudy(const std::filesystem::path& where, const StudyIdentity& study, const PointValues& points,
            const ReadOutputs& read = {});

  StudyIdentity identity;  ///< index_matters is taken over from the store
  std::filesystem::path directory;
  WriterLock lock;  // before the connection, so that it is given up after it
  Connection connection;
  FileSeal seal;
  Soundness damage;                      ///< what was found, and removed: those points are new
  std::optional<Resumption> resumption;  ///< what was found if the study has changed

 private:
  std::optional<Resumption> take_programs(const StudyIdentity& stored);
  std::optional<Resumption> open(const PointValues& points, const ReadOutputs& read);
  void keep_definition();
};

}  // namespace windrow::detail
