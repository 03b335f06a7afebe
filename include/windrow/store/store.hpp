#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "windrow/design/value.hpp"
#include "windrow/parallel/index_set.hpp"
#include "windrow/parallel/outcome.hpp"

namespace windrow {

/// A column of a study's results.
struct Column {
  std::string name;
  std::string unit;         ///< may be empty
  std::string type;         ///< "number", "integer", "boolean" or "string"; parameters: of their values
  std::string description;  ///< may be empty
};

/// What a store holds the results of.
struct StudyIdentity {
  std::string name;
  std::uint64_t points = 0;
  std::vector<Column> parameters;
  std::vector<Column> outputs;
  /// Everything that the results depend on, as (name, canonical text): a study is the same exactly if these are equal.
  std::vector<std::pair<std::string, std::string>> definition;
};

/// One finished evaluation, as it is recorded.
struct Record {
  std::uint64_t index = 0;
  std::vector<Value> parameters;
  Outcome<std::vector<Value>> outcome{std::vector<Value>{}};
  int rank = 0;
  std::string host;
  int attempts = 1;
  double started = 0.0;  ///< seconds since the Unix epoch, by the clock of `host`
  double elapsed = 0.0;  ///< seconds
};

/// What a store says of its study as a whole.
struct StoreStatus {
  std::string name;
  std::uint64_t points = 0;
  std::uint64_t succeeded = 0;
  std::uint64_t failed = 0;
  std::vector<std::pair<std::string, std::uint64_t>> failures;  ///< kind -> how many, most frequent first
  double busy_seconds = 0.0;                                    ///< sum of elapsed
  bool running = false;                                         ///< a writer has the store open
};

/// The results of one study in one SQLite file, written by one process.
///
/// Records are committed in groups: at the latest with the next record() or tick() after a time in proportion to what a
/// commit costs (2 ms to 1 s), so that slow points are durable as they finish and fast ones cost next to nothing.
/// A process that is killed loses at most that last group; the file itself is never damaged.
class Store {
 public:
  /// Opens the study's store in `directory`, creating both if need be. `provenance` (version, command line, host, the
  /// study file's text, ...) is kept with the run.
  /// @throws StoreError if the directory cannot be written, another process has the store open, the file is damaged or of
  ///         a newer version, or it belongs to another study (the differences are named)
  Store(const std::filesystem::path& directory, const StudyIdentity& identity,
        const std::vector<std::pair<std::string, std::string>>& provenance);
  ~Store();
  Store(Store&&) noexcept;
  Store& operator=(Store&&) noexcept;

  const std::filesystem::path& directory() const;
  /// Indices with a recorded outcome.
  IndexSet succeeded() const;
  IndexSet failed() const;

  /// Records an evaluation; a later record of the same index replaces the earlier.
  /// @throws StoreError (disk full, ...); everything committed before stays
  void record(const Record& record);
  /// Commits if it is time; to be called now and then while nothing finishes.
  void tick();
  void commit();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// Reads a store, also while a run is writing it.
class StoreReader {
 public:
  /// @param directory  the study's directory, or the SQLite file itself
  /// @throws StoreError if there is no store, it is damaged, or of a newer version
  explicit StoreReader(const std::filesystem::path& directory);
  ~StoreReader();
  StoreReader(StoreReader&&) noexcept;
  StoreReader& operator=(StoreReader&&) noexcept;

  const StudyIdentity& identity() const;
  /// Provenance of every run that wrote to the store, oldest first.
  std::vector<std::vector<std::pair<std::string, std::string>>> runs() const;
  StoreStatus status() const;
  std::optional<Record> find(std::uint64_t index) const;
  /// Calls `visit` for every record in index order; memory does not grow with their number.
  void for_each(const std::function<void(const Record&)>& visit) const;
  /// The first `limit` failures in index order.
  std::vector<TaskFailure> failures(std::size_t limit) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace windrow
