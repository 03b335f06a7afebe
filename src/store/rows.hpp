#pragma once

#include <functional>
#include <string>
#include <vector>

#include "generations.hpp"
#include "sqlite.hpp"
#include "windrow/store/store.hpp"

/// Records as rows of `results` and `evaluations`.
///
/// A value is stored as what SQLite calls the same: a number as REAL, an integer as INTEGER, a text as TEXT, and NaN as
/// NULL, since SQLite has none. A truth value is the INTEGER 0 or 1 in a column of type "boolean". What would not read
/// back as itself that way - a truth value elsewhere, an integer in a "boolean" column - is a BLOB of the text that it
/// renders as. An array is the text of array_cell().
namespace windrow::detail {

void bind_value(Statement& statement, int parameter, const Value& value, bool boolean_column);

/// @throws StoreError for a BLOB that bind_value does not write
Value read_value(const Statement& statement, int column, bool boolean_column, const std::filesystem::path& file);

/// Names of the outputs that are arrays.
std::vector<std::string> names_of_arrays(const StudyIdentity& identity);

/// "INSERT OR REPLACE INTO results ...", for bind_results().
std::string insert_results_sql(const StudyIdentity& identity);
inline constexpr const char* insert_evaluation_sql =
    "INSERT OR REPLACE INTO evaluations VALUES(?, ?, ?, ?, ?, ?, ?, ?)";

/// @param arrays  where the arrays of a result are, in the order of their outputs
void bind_results(Statement& insert, const Record& record, const StudyIdentity& identity,
                  const std::vector<ArrayFile>& arrays);
void bind_evaluation(Statement& insert, const Record& record);

/// "SELECT ... FROM results JOIN evaluations", for read_record(); conditions can follow.
std::string select_records_sql(const StudyIdentity& identity);
Record read_record(const Statement& row, const StudyIdentity& identity, const std::filesystem::path& file);

/// A point that has an outcome.
struct StoredPoint {
  std::uint64_t index = 0;
  bool failed = false;
  std::vector<Value> values;
};
/// Visits those of a generation in index order until `visit` returns false; between pages nothing is locked.
/// @return whether all were visited
bool for_each_point(Connection& connection, const Generation& generation,
                    const std::function<bool(const StoredPoint&)>& visit);

/// "INSERT INTO attempts ...", numbered after those that the point has, for bind_attempt().
inline constexpr const char* insert_attempt_sql =
    "INSERT INTO attempts SELECT ?1, coalesce(max(attempt), 0) + 1, ?2, ?3, ?4, ?5, ?6, ?7, ?8 FROM attempts "
    "WHERE \"index\" = ?1";
void bind_attempt(Statement& insert, const Attempt& attempt);
/// The same, of the point's outcome; its parameter is the index.
inline constexpr const char* outcome_to_attempt_sql =
    "INSERT INTO attempts SELECT ?1, (SELECT coalesce(max(attempt), 0) + 1 FROM attempts WHERE \"index\" = ?1), "
    "r.status, e.rank, e.host, e.started, e.elapsed, e.code, e.message "
    "FROM results r CROSS JOIN evaluations e USING(\"index\") WHERE r.\"index\" = ?1";

/// "SELECT ..." of the attempts at a point, for read_attempt(); its parameter is the index.
std::string select_attempts_sql();
Attempt read_attempt(const Statement& row, const std::filesystem::path& file);

/// "SELECT ..." of times from an index on; its parameters are that index and how many.
std::string select_times_sql();
PointTime read_time(const Statement& row);

/// "SELECT ..." of failures in index order, for read_failure(); its parameter is how many.
std::string select_failures_sql();
TaskFailure read_failure(const Statement& row, const std::filesystem::path& file);

}  // namespace windrow::detail
