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

/// A column of a study's results. Any kind of Value may be recorded in it and reads back equal (and -0.0, infinities
/// and every text with it); the type says what is usual, and how a failed point is exported.
struct Column {
  std::string name;
  std::string unit;         ///< may be empty
  std::string type;         ///< "number", "integer", "boolean" or "string"; a parameter of several kinds: "mixed"
  std::string description;  ///< may be empty
};

/// What a store holds the results of. The name, units and descriptions may change between runs; what else differs tells
/// two studies apart.
struct StudyIdentity {
  std::string name;
  std::uint64_t points = 0;
  std::vector<Column> parameters;
  std::vector<Column> outputs;
  /// Everything that the results depend on, as (name, canonical text): two studies are the same only if these are
  /// equal.
  std::vector<std::pair<std::string, std::string>> definition;
};

/// One finished evaluation, as it is recorded. Where and how long are the record's own: those of its TaskFailure are
/// not looked at, and read back the same as the record's.
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

/// How long a point took.
struct PointTime {
  std::uint64_t index = 0;
  double seconds = 0.0;
  bool succeeded = true;
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

/// How a store survives a crash in the middle of a commit.
enum class Journal {
  automatic,  ///< `wal`, or `rollback` on a network file system (NFS, SMB, Lustre, GPFS, BeeGFS, Ceph, AFS, 9p, FUSE,
              ///< ...)
  wal,        ///< write-ahead log: fast, readers and the writer never wait for each other; needs a local file system
  rollback,   ///< rollback journal: works wherever file locks do
};

/// What differs between two definitions, for a user to read: "parameters.x: linear(0, 1, 5) -> linear(0, 1, 6)", or
/// nothing if they are equal.
std::vector<std::string> differences(const std::vector<std::pair<std::string, std::string>>& stored,
                                     const std::vector<std::pair<std::string, std::string>>& wanted);

/// The results of one study in one SQLite file, written by one process.
///
/// Records are committed in groups: at the latest with the next record() or tick() after a time in proportion to what a
/// commit costs (2 ms to 1 s), so that slow points are durable as they finish and fast ones cost next to nothing.
/// A process that is killed loses at most that last group; the file itself is never damaged. What was committed
/// survives a power cut as well.
///
/// For one thread at a time. In a forked copy of the process nothing but the destructor may be called (which does
/// nothing there); other calls throw StoreError.
class Store {
 public:
  /// Opens the study's store in `directory`, creating both if need be. `provenance` (version, command line, host, the
  /// study file's text, ...) is kept with the run; the journal that was chosen is added as ("journal", "wal" or
  /// "delete").
  /// @throws StoreError if the directory cannot be written, another process has the store open, the file is damaged or
  /// of
  ///         a newer version, or it belongs to another study (the differences are named)
  Store(const std::filesystem::path& directory, const StudyIdentity& identity,
        const std::vector<std::pair<std::string, std::string>>& provenance, Journal journal = Journal::automatic);
  /// Commits; an error of that is lost, so call commit() to learn of it.
  ~Store();
  Store(Store&&) noexcept;
  Store& operator=(Store&&) noexcept;

  const std::filesystem::path& directory() const;
  /// Indices with a recorded outcome.
  IndexSet succeeded() const;
  IndexSet failed() const;

  /// Records an evaluation; a later record of the same index replaces the earlier.
  /// @pre as many parameters and outputs as the identity has columns, and an index below its number of points
  /// @throws StoreError if the precondition does not hold (nothing has changed then), or if writing failed (disk full,
  ///         ...): everything committed before stays, the records since are gone, and every later call throws the same
  ///         error again, so that no hole can go unnoticed; a new Store continues
  void record(const Record& record);
  /// Adds to the provenance of this run, and commits: what is known at its end.
  void note(const std::string& name, const std::string& text);
  /// Commits if it is time; to be called now and then while nothing finishes.
  void tick();
  void commit();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// Reads a store, also while a run is writing it, and in a directory that cannot be written. Never changes a result.
/// For one thread at a time.
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
  /// Calls `visit` for every record in index order; memory does not grow with their number. While a run is writing,
  /// records that it adds meanwhile may be visited or not.
  void for_each(const std::function<void(const Record&)>& visit) const;
  /// The same for the times alone, which is much faster where there are many parameters and outputs.
  void for_each_time(const std::function<void(const PointTime&)>& visit) const;
  /// The first `limit` failures in index order.
  std::vector<TaskFailure> failures(std::size_t limit) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace windrow
