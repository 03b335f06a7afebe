#pragma once

#include <functional>
#include <string>
#include <vector>

#include "generations.hpp"
#include "row_hash.hpp"
#include "sqlite.hpp"
#include "sums.hpp"
#include "windrow/store/store.hpp"

/// Records as rows of `results` and `evaluations`.
///
/// A value is stored as what SQLite calls the same: a number as REAL, an integer as INTEGER, a text as TEXT, and NaN as
/// NULL, since SQLite has none. A truth value is the INTEGER 0 or 1 in a column of type "boolean". What would not read
/// back as itself that way - a truth value elsewhere, an integer in a "boolean" column - is a BLOB of the text that it
/// renders as. An array is the text of array_cell().
namespace windrow::detail {

/// A value for a column, which a hash takes, too, as SQLite will give it back. @throws StoreError for an array
void bind_value(Statement& statement, int parameter, const Value& value, bool boolean_column, RowHash* hash = nullptr);

/// The kind of a failure by its status. @throws StoreError if there is none
FailureKind read_kind(const std::string& status, const std::filesystem::path& file);
/// The value of a BLOB. @throws StoreError if it is none
Value read_rendered(const std::string& text, const std::filesystem::path& file);
/// What bind_value() has put into a column. @param file  to be named if it is damaged
Value read_value(const Statement& statement, int column, bool boolean_column, const std::filesystem::path& file);

/// Names of the outputs that are arrays.
std::vector<std::string> names_of_arrays(const StudyIdentity& identity);

/// Writes records, each in the place of an earlier one of its index.
class RecordWriter {
 public:
  /// @param identity, sums  must stay where they are
  RecordWriter(Connection& connection, const StudyIdentity& identity, RowSums& sums);
  /// @param arrays  where the arrays of a result are, in the order of their outputs
  void write(const Record& record, const std::vector<ArrayFile>& arrays);

 private:
  void bind_results(const Record& record, const std::vector<ArrayFile>& arrays);
  void bind_evaluation(const Record& record);

  Connection& connection_;
  const StudyIdentity& identity_;
  RowSums& sums_;
  std::int64_t results_salt_;
  std::int64_t evaluations_salt_;
  RowHash hash_{0};
  std::size_t former_;  // columns of outputs that the study has no more
  Statement results_;
  Statement evaluations_;
};

/// What the row of a point says of its arrays (array_cell); none if it failed.
std::vector<std::string> read_array_cells(Connection& connection, const StudyIdentity& identity, std::uint64_t index);
/// Gives `to` the outcome of `from`, in the place of what it has.
void copy_outcome(Connection& connection, const StudyIdentity& identity, RowSums& sums, std::uint64_t from,
                  std::uint64_t to);
/// Adds an attempt, numbered after those that the point has.
void write_attempt(Connection& connection, const Attempt& attempt);
/// The same of the outcome that a point has, if it was evaluated itself.
void keep_as_attempt(Connection& connection, std::uint64_t index);

/// Reads records, each checked against its checksums.
class RecordReader {
 public:
  /// @param identity  must stay where it is
  RecordReader(Connection& connection, const StudyIdentity& identity);

  /// "SELECT ... FROM results JOIN evaluations", for read(); conditions can follow.
  const std::string& select() const { return select_; }
  /// @param total  if given: what the rows of `results` add up to, so far
  Record read(const Statement& row, Total* total = nullptr);

 private:
  void check(const Statement& row, Total* total);

  const StudyIdentity& identity_;
  std::filesystem::path file_;
  bool has_sums_;
  std::int64_t results_salt_ = 0;
  std::int64_t evaluations_salt_ = 0;
  int values_;  // columns of parameters and outputs, former ones, too
  std::string select_;
  RowHash hash_{0};
};

/// The attempts at a point, oldest first.
std::vector<Attempt> read_attempts(Connection& connection, std::uint64_t index);
/// The first failures in index order.
std::vector<TaskFailure> read_failures(Connection& connection, std::size_t limit);
/// All failures, in any order; `visit` must not write.
void for_each_failure(Connection& connection, const StudyIdentity& identity,
                      const std::function<void(const Record&)>& visit);
/// Failures in groups. @param with_levels  what the points of a group share, too, which takes a pass over all results
std::vector<FailureGroup> read_failure_groups(Connection& connection, const StudyIdentity& identity, bool with_levels);
/// Which points have an outcome.
KnownOutcomes read_known(Connection& connection);
/// The same of a file of which all rows have been checked, as those of an open store have: as many rows as there are
/// numbers from the first index to the last are all of these, and nobody has to read them.
KnownOutcomes read_checked(Connection& connection);
/// How many failures there are of each kind, most frequent first. @throws StoreError if the rows are not right
std::vector<std::pair<std::string, std::uint64_t>> count_failures(Connection& connection);
struct TimesTaken {
  std::uint64_t evaluations = 0;
  double seconds = 0.0;
};
/// Of many evaluations as the commits have counted them (elapsed.hpp), else by reading the rows.
/// @throws StoreError if rows that are read are not right
TimesTaken add_up_times(Connection& connection);
/// Whether no row is missing or doubled. @throws StoreError if one is
void require_whole(Connection& connection);
/// Those that failed alone, which are few and found at once.
IndexSet read_failed(Connection& connection);
/// Those of one kind.
IndexSet read_failed(Connection& connection, FailureKind kind);

/// Visits rows in index order until `visit` returns false. They are read in pages, between which nothing is locked: a
/// slow visitor never makes the writer wait, and may use the connection.
/// @param select  its parameters are the index to begin at and how many
/// @return whether all were visited
template <typename Read, typename Visit>
bool for_each_in_pages(Statement& select, std::size_t page, Read read, Visit visit) {
  std::vector<decltype(read(select))> rows;
  std::uint64_t next = 0;
  do {
    rows.clear();
    {
      const ResetAtEnd end(select);
      select.with(next, page);
      while (select.step()) rows.push_back(read(select));
    }
    if (!rows.empty()) next = rows.back().index + 1;
    for (const auto& row : rows) {
      if (!visit(row)) return false;
    }
  } while (rows.size() == page);
  return true;
}

/// Visits every outcome's time.
void for_each_time(Connection& connection, const std::function<void(const PointTime&)>& visit);

/// A point that has an outcome.
struct StoredPoint {
  std::uint64_t index = 0;
  bool failed = false;
  bool flag = false;  ///< what was asked of its row of results
  std::vector<Value> values;
};
/// Visits those of a generation in index order until `visit` returns false.
/// @param flag  an SQL expression over rows of results
/// @return whether all were visited
bool for_each_point(Connection& connection, const Generation& generation,
                    const std::function<bool(const StoredPoint&)>& visit, const std::string& flag = "0");

/// Writes where the time of the last run went, a row for each worker. The first run that writes one makes the table:
/// programs that do not know it lose nothing, so it needs no version of the file's format.
void write_account(Connection& connection, const TimeAccount& account);
std::vector<RunTimes> read_run_times(Connection& connection);

/// Visits evaluations and attempts that began in [from, to], by worker and then by begin; `visit` must not write.
void for_each_evaluation(Connection& connection, double from, double to,
                         const std::function<void(const EvaluationTime&)>& visit);

}  // namespace windrow::detail
