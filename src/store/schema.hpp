#pragma once

#include <string>
#include <utility>
#include <vector>

#include "sqlite.hpp"
#include "windrow/store/store.hpp"

/// The tables of a results file:
///
///   study        one row: name, points
///   definition   what identifies the study: position, name, text
///   columns      position, role ("parameter" or "output"), name, unit, type, description, sql_name
///   results      "index", status ("ok" or the kind of failure), then p0, p1, ... and o0, o1, ...
///   evaluations  "index", rank, host, attempts, started, elapsed, code, message
///   runs         run, started; provenance: run, position, name, text
///
/// Values are in columns p0... and o0..., since SQLite takes `T` and `t` for one name; `columns` says which is which.
/// These columns have no SQL type, so that SQLite keeps a value as it is given (a REAL column would lose the sign of
/// -0.0, an INTEGER one would turn 2.0 into 2).
namespace windrow::detail {

/// The file's name in the study's directory.
inline constexpr const char* results_file = "results.sqlite";

enum class Content { nothing, results };

/// What the file holds: nothing yet, or results of a version that this program reads.
/// @throws StoreError if it is damaged, of a newer version, or of another program
Content inspect(Connection& connection);

/// @throws StoreError if the study has more columns or points than the store can hold
void check_limits(const StudyIdentity& identity);

void create_tables(Connection& connection, const StudyIdentity& identity);
StudyIdentity read_identity(Connection& connection);
/// Takes over what may change between runs: the name, units and descriptions.
void update_annotations(Connection& connection, const StudyIdentity& identity);
/// @throws StoreError that names the differences, if the two are different studies
void require_same_study(const std::filesystem::path& directory, const StudyIdentity& stored,
                        const StudyIdentity& wanted);

void add_run(Connection& connection, const std::vector<std::pair<std::string, std::string>>& provenance);
void add_to_last_run(Connection& connection, const std::string& name, const std::string& text);
std::vector<std::vector<std::pair<std::string, std::string>>> read_runs(Connection& connection);

}  // namespace windrow::detail
