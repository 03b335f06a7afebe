#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <iosfwd>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "windrow/arrays/array_file.hpp"
#include "windrow/design/value.hpp"
#include "windrow/parallel/account.hpp"
#include "windrow/parallel/index_set.hpp"
#include "windrow/parallel/outcome.hpp"
#include "windrow/store/failure_groups.hpp"

namespace [[gnu::visibility("default")]] windrow {

/// A column of a study's results. Any kind of Value may be recorded in it and reads back equal (and -0.0, infinities
/// and every text with it); the type says what is usual, and how a failed point is exported.
struct Column {
  std::string name;
  std::string unit = {};
  std::string type = {};  ///< "number" (default of an output), "integer", "boolean" or "string"; a parameter of several
                          ///< kinds: "mixed"; an output also "array"
  std::string description = {};
};

/// What a store holds the results of. Units and descriptions may change at will, and so may the name if nothing else
/// does; other changes decide which outcomes of earlier runs still are those of a point.
///
/// A point is what it computes: the names and values of its parameters, and the evaluation, which is all of the
/// definition but the pairs named "design..." and "parameters...", and the outputs. Its index and the seed belong to it
/// only where the evaluation can see them. Values count by their Value::identity_text(), so that 2 and 2.0 are the
/// same; but what a program gave for 2 is not taken for 2.0, which it is given as another text. Two points of one
/// design may be the same (replicates): each takes one earlier outcome, never two the same one.
///
/// Outputs that are read from files (`outputs_are_read`) are no part of it: how they are read is what their pairs
/// "outputs.NAME" say. Nor are the conditions on them, by which an outcome is a result or a failure: the pairs
/// "command.fail_if", "command.require", "command.valid" and "command.success_codes". Nor is the content of programs,
/// the pairs "command.program...", for results of a windrow that did not know it: they count as results of the program
/// as it is now.
struct StudyIdentity {
  std::string name;
  std::uint64_t points = 0;
  std::vector<Column> parameters;
  std::vector<Column> outputs;
  /// Everything that the results depend on, as (name, canonical text): two studies are the same only if these are
  /// equal.
  std::vector<std::pair<std::string, std::string>> definition;
  bool index_matters = false;    ///< the evaluation sees the index of a point
  bool seed_matters = false;     ///< ... and the seed, which is "design.seed" in the definition
  bool outputs_by_name = false;  ///< outputs in another order are the same, as those of a program; else not
  /// Outputs are read from files that a program leaves. A point whose outputs are read in another way is the same: its
  /// values are taken over where they are read as before, and the others read anew. By other conditions its outcome is
  /// judged again.
  bool outputs_are_read = false;
};

/// The values of the parameters at an index of the present design.
using PointValues = std::function<std::vector<Value>(std::uint64_t)>;

/// What is known of an outcome that stands only once outputs have been read, or conditions been judged again.
struct UnreadOutcome {
  std::uint64_t index = 0;            ///< of its point, in the present design
  std::filesystem::path directory{};  ///< where the files of its program are, if they were kept; they stay as they are
  /// For each output its value, if it is known: of an array the path (a text) of its file. A NaN also stands for what
  /// is optional and missing.
  std::vector<std::optional<Value>> known{};
  bool failed = false;  ///< it is a failure so far
  bool texts = false;   ///< conditions on texts (fail_if, require) have to be judged, too
};

/// By what an outcome can be told.
enum class ReadFrom {
  values,  ///< what is known of it
  files,   ///< ... and the files of its program
  nothing  ///< files that are not there
};

/// Reads outputs of programs from files, and judges outcomes. Both functions, or neither.
struct ReadOutputs {
  std::function<ReadFrom(const UnreadOutcome&)> from{};
  /// @return all outputs (an array is an Array, or the path of a file in NumPy's format), or a failure of the kind
  ///         bad_output
  /// @pre from() is not ReadFrom::nothing
  std::function<Outcome<std::vector<Value>>(const UnreadOutcome&)> read{};

  explicit operator bool() const { return static_cast<bool>(read); }
};

/// One finished evaluation, as it is recorded. Where and how long are the record's own: those of its TaskFailure are
/// not looked at, and read back the same as the record's.
struct Record {
  std::uint64_t index = 0;
  std::vector<Value> parameters;
  /// To be recorded, an output of type "array" is an Array, a text while its file is in `arrays`, or a NaN if it is
  /// optional and missing. As it is read, it is the name of its file below the store's directory, as
  /// "arrays/field/17.npy", or a NaN. Of other types, too, a NaN stands for what is optional and missing.
  Outcome<std::vector<Value>> outcome{std::vector<Value>{}};
  /// To be recorded: files of arrays on the store's file system, in the order of their outputs; the store moves them to
  /// their places. As it is read: the files of all arrays.
  std::vector<ArrayFile> arrays{};
  int rank = 0;
  std::string host;
  int attempts = 1;      ///< 0: it was not evaluated itself, but an equal point (Store::record_equal)
  double started = 0.0;  ///< seconds since the Unix epoch, by the clock of `host`
  double elapsed = 0.0;  ///< seconds
};

/// An evaluation whose outcome did not stand: the point was tried again.
struct Attempt {
  TaskFailure failure;   ///< with index, rank, host and elapsed of this attempt
  double started = 0.0;  ///< seconds since the Unix epoch, by the clock of the host
};

/// What a store of an earlier form of a study holds for the present one.
struct Resumption {
  std::uint64_t points = 0;              ///< of the present design
  std::uint64_t succeeded = 0;           ///< of these, how many have a result from earlier runs
  std::uint64_t failed = 0;              ///< ... and how many a failure
  std::vector<std::string> differences;  ///< "parameters.x: linear(0, 1, 5) -> linear(0, 1, 6)", earlier -> present
  std::uint64_t read = 0;        ///< of those with a result or a failure: read (to be read) from files that were kept
  std::uint64_t judged = 0;      ///< ... and those that are judged again by their values alone
  std::uint64_t unreadable = 0;  ///< of both: failures, since an output is not there, or a condition does not hold
  std::uint64_t without_files = 0;  ///< points to be evaluated again, since the files of their outcome are gone

  /// One line: "120 of 500 points are known from earlier runs; what differs: parameters.x: ... -> ...".
  std::string describe() const;
};

/// Whether a point of a changed study has an outcome of an earlier form, and why not.
struct PointOrigin {
  bool known = false;  ///< the next run will find one
  std::optional<std::uint64_t>
      nearest;                       ///< index, in its design, of the point that it is of, or of the most similar one
  std::vector<std::string> changes;  ///< from that one: "`viscosity` changed from 0.1 to 0.2"; none: it is the same
};

/// Which points of a study have an outcome, and of which kind.
struct KnownOutcomes {
  IndexSet succeeded;
  IndexSet failed;
};

/// What a run of a study would find in its store.
struct Foreseen {
  KnownOutcomes known;              ///< of the points of the present design
  IndexSet again;                   ///< of these, to be evaluated again all the same (Store::mark_again)
  IndexSet of_kinds;                ///< of the failed ones, those that failed in the ways that were asked for
  std::optional<Resumption> found;  ///< if the study has changed since it wrote last
};

/// How long a point took.
struct PointTime {
  std::uint64_t index = 0;
  double seconds = 0.0;
  bool succeeded = true;
};

/// When and where an evaluation was.
struct EvaluationTime {
  std::uint64_t index = 0;
  int worker = 0;
  std::string host;
  double started = 0.0;  ///< seconds since the Unix epoch, by the clock of `host`
  double elapsed = 0.0;  ///< seconds; 0 if its worker was lost
  std::string status;    ///< "ok" or the kind of failure
  bool stands = true;    ///< false: the point was tried again
};

/// A run that wrote to the store.
struct RunTimes {
  std::int64_t run = 0;  ///< 1 for the first
  double started = 0.0;  ///< seconds since the Unix epoch, by the root's clock
  /// Where its time went, less the longest points; none if it was killed, still runs, or was made by a windrow that
  /// kept no accounts.
  std::optional<TimeAccount> account = {};
};

/// What a store says of its study as a whole.
struct StoreStatus {
  std::string name;
  std::uint64_t points = 0;
  std::uint64_t succeeded = 0;
  std::uint64_t failed = 0;
  std::vector<std::pair<std::string, std::uint64_t>> failures;  ///< kind -> how many, most frequent first
  double busy_seconds = 0.0;                                    ///< sum of elapsed
  std::uint64_t earlier = 0;                                    ///< outcomes kept of points that the design has no more
  std::uint64_t again = 0;  ///< points with an outcome that are to be evaluated again all the same (Store::mark_again)
  bool running = false;     ///< a writer has the store open
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

/// Whether the outcomes that a store has of `stored` are those of `wanted`, index by index: it is the same study, or
/// was written by a windrow that did not know programs by their content, and nothing else differs.
bool has_outcomes_of(const StudyIdentity& stored, const StudyIdentity& wanted);

/// The results of one study in one SQLite file, written by one process.
///
/// When the study has changed, outcomes of points that it still has are found by what they compute, whatever index they
/// had; those of other points stay in the file, neither counted nor exported, and are found again if the study is
/// changed back. The files of a point, in `points/INDEX` of the directory, follow it; those of points that left the
/// design move to `points.N/INDEX`. Arrays do the same, in `arrays/OUTPUT/INDEX.npy`.
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
  /// A store of an older version is brought to the present one; points of commands with templates or inputs are new
  /// then, which resumption() explains. Opening a study that has not changed takes the same
  /// time and memory whatever its size; one that has takes time, and 32 bytes, for each outcome that is in the file.
  /// @param points  the present design's, to find earlier outcomes by; without it, a changed study is refused
  /// @param read    of a study whose outputs are read from files: reads them for points whose earlier outcomes lack
  ///                them, where the points' directories were kept, and judges outcomes by changed conditions. Without
  ///                it such outcomes are left where they are
  /// Rows are checked before anything else. Points whose rows are damaged have no outcome any more (damaged_rows).
  /// @throws StoreError if the directory cannot be written, another process has the store open, the file is damaged in
  ///         more than rows or of a newer version, or it belongs to another study: one that differs (it is said in
  ///         what) and has another name, or comes without `points`
  Store(const std::filesystem::path& directory, const StudyIdentity& identity,
        const std::vector<std::pair<std::string, std::string>>& provenance, Journal journal = Journal::automatic,
        const PointValues& points = {}, const ReadOutputs& read = {});
  /// Commits; an error of that is lost, so call commit() to learn of it.
  ~Store();
  Store(Store&&) noexcept;
  Store& operator=(Store&&) noexcept;

  const std::filesystem::path& directory() const;
  /// What was found for the present study when the store was opened; nothing if it is the one that wrote last.
  const std::optional<Resumption>& resumption() const;
  /// Points whose rows were found damaged when the store was opened: they have no outcome any more.
  const IndexSet& damaged_rows() const;
  /// What was damaged, in words: a line for each point, as long as they are few.
  std::vector<std::string> damage() const;
  /// Indices with a recorded outcome.
  IndexSet succeeded() const;
  IndexSet failed() const;
  /// Those that failed in one of these ways.
  IndexSet failed(const std::vector<FailureKind>& kinds) const;
  /// Those that have an outcome and are to be evaluated again all the same: as mark_again() said, in this run or in an
  /// earlier one, less those that were recorded since.
  IndexSet again() const;
  /// These points are to be evaluated again; the outcomes that they have stay until new ones are recorded. Commits.
  /// Outcomes that earlier forms of the study have for them are removed.
  void mark_again(const IndexSet& points);
  /// These points, which have an outcome, are about to be evaluated again: what is in their directories meanwhile is
  /// not what their outcomes are of. Commits.
  void doubt_files(const IndexSet& points);
  /// Reads the outputs of points again that failed because an output was not found in their files, or a condition did
  /// not hold.
  /// @return how many have a result now, and how many have not
  Resumption read_again();
  /// Those that succeeded, but with a file of an array that is missing or not as long as it was. Looks at every file's
  /// directory entry.
  IndexSet damaged() const;
  /// Where files of arrays may be written that record() is to take; anything else there may be removed. There only if
  /// the study has arrays.
  std::filesystem::path incoming() const;

  /// Records an evaluation; a later record of the same index replaces the earlier, which is kept as an attempt if it
  /// was a failure.
  /// @pre as many parameters and outputs as the identity has columns, a file for each array that is not in the
  ///      outcome itself, and an index below its number of points
  /// @throws StoreError if the precondition does not hold (nothing has changed then), or if writing failed (disk full,
  ///         ...): everything committed before stays, the records since are gone, and every later call throws the same
  ///         error again, so that no hole can go unnoticed; a new Store continues
  void record(const Record& record);
  /// Gives a point the outcome that an equal one has, arrays included. Its record has 0 attempts and took 0 s: what was
  /// evaluated is the other.
  /// @return false if nothing was done, since the other has lost an array
  /// @pre point `of` has an outcome, and its parameters have the same values
  /// @throws StoreError as record()
  bool record_equal(std::uint64_t index, std::uint64_t of);
  /// Records an evaluation of failure.index that is not the point's outcome, since it will be tried again; kept with
  /// the point. Errors as for record().
  void record_attempt(const Attempt& attempt);
  /// Keeps for later runs that the evaluation sees the index, where that is only known once it has run.
  void note_index_matters();
  /// Adds to the provenance of this run, and commits: what is known at its end.
  void note(const std::string& name, const std::string& text);
  /// Keeps where the time of this run went, and commits.
  void record_account(const TimeAccount& account);
  /// Commits if it is time; to be called now and then while nothing finishes.
  void tick();
  void commit();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

enum class CsvBytes;  // export.hpp

/// Reads a store, also while a run is writing it, and in a directory that cannot be written. Never changes a result.
/// For one thread at a time.
class StoreReader {
 public:
  /// @param directory  the study's directory, or the SQLite file itself
  /// @throws StoreError if there is no store, it is damaged, or of a newer version
  /// @throws StoreElsewhere if it is seen through a network file system, while its writer, on another machine, uses a
  ///         write-ahead log
  explicit StoreReader(const std::filesystem::path& directory);
  ~StoreReader();
  StoreReader(StoreReader&&) noexcept;
  StoreReader& operator=(StoreReader&&) noexcept;

  const StudyIdentity& identity() const;
  /// Provenance of every run that wrote to the store, oldest first.
  std::vector<std::vector<std::pair<std::string, std::string>>> runs() const;
  StoreStatus status() const;
  /// How many points have an outcome, which takes no time.
  std::uint64_t outcomes() const;
  std::optional<Record> find(std::uint64_t index) const;
  /// The equal point whose outcome a record has that was not evaluated itself (Record::attempts is 0); nothing if that
  /// one has another outcome by now, or is gone. Looks at the times of all points, and at few of their values.
  std::optional<std::uint64_t> evaluated_for(const Record& record) const;
  /// An array of a point.
  /// @throws StoreError if there is no such output, the point has no result, or its file is missing or damaged (the
  ///         file is named), or holds no real numbers
  Array array(std::uint64_t index, const std::string& output) const;
  /// Where it is, and how large; the file is not looked at. @throws StoreError as array()
  ArrayFile array_file(std::uint64_t index, const std::string& output) const;
  /// Calls `visit` for every record in index order; memory does not grow with their number. While a run is writing,
  /// records that it adds meanwhile may be visited or not.
  void for_each(const std::function<void(const Record&)>& visit) const;
  /// The same until `visit` returns false. @return whether all were visited
  bool for_each_while(const std::function<bool(const Record&)>& visit) const;
  /// The same for the times alone, which is much faster where there are many parameters and outputs.
  void for_each_time(const std::function<void(const PointTime&)>& visit) const;
  /// All runs, oldest first.
  std::vector<RunTimes> run_times() const;
  /// Calls `visit` for every evaluation, of attempts too, that began within these seconds since the Unix epoch (by the
  /// clock of its host), by worker and then by begin. Memory does not grow with their number. A writer may have to wait
  /// until all are visited.
  void for_each_evaluation(double from, double to, const std::function<void(const EvaluationTime&)>& visit) const;
  /// Earlier attempts at a point, oldest first by the clocks of their hosts; its outcome is not among them.
  std::vector<Attempt> attempts(std::uint64_t index) const;
  /// Whether this is the study that wrote last.
  bool is_of(const StudyIdentity& study) const;
  /// What a run of `present` would find here; nothing if it is the study that wrote last.
  /// Where outputs have to be read from files, it counts on files that are there.
  /// @param read  as the store's that a run opens; it is asked for what can be told without files
  std::optional<Resumption> preview(const StudyIdentity& present, const PointValues& points,
                                    const ReadOutputs& read = {}) const;
  /// The same, point by point.
  Foreseen foresee(const StudyIdentity& present, const PointValues& points, const std::vector<FailureKind>& kinds = {},
                   const ReadOutputs& read = {}) const;
  /// As Store::again().
  IndexSet again() const;
  /// The points of `present` that have an outcome here, by what they compute. If the study is not the one that wrote
  /// last, that takes `points`, and 32 bytes for each outcome; without `points`, nothing is known then, and without
  /// `read` no outcome that has to be read or judged again.
  KnownOutcomes known(const StudyIdentity& present, const PointValues& points = {}, const ReadOutputs& read = {}) const;
  /// Where the outcome of a point of `present` will be from that has none in find(), or why there is none. Reads all
  /// outcomes.
  PointOrigin origin(const StudyIdentity& present, std::uint64_t index, const PointValues& points,
                     const ReadOutputs& read = {}) const;
  /// The first `limit` failures in index order.
  std::vector<TaskFailure> failures(std::size_t limit) const;
  /// All failures in groups, the largest first. Memory does not grow with their number; a writer may have to wait.
  /// @param with_levels  also what levels the points of a group share that other points do not have: reads all results
  std::vector<FailureGroup> failure_groups(bool with_levels = false) const;

 private:
  friend void export_csv(const StoreReader& store, std::ostream& out, CsvBytes bytes);
  /// The lines of export_csv(), in parts.
  void for_lines(CsvBytes bytes, const std::function<bool(std::string_view)>& visit) const;

  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace windrow
