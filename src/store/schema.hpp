#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "sqlite.hpp"
#include "windrow/store/store.hpp"

/// The tables of a results file:
///
///   study        one row: name, points, index_matters, generation (how many earlier forms there ever were)
///   definition   what identifies the study: position, name, text
///   columns      position, role ("parameter" or "output"), name, unit, type, description, sql_name
///   results      "index", status ("ok" or the kind of failure), then p0, p1, ... and o0, o1, ..., and a checksum
///   evaluations  "index", rank, host, attempts, started, elapsed, code, message, checksum
///   attempts     "index", attempt (from 1), status, rank, host, started, elapsed, code, message, checksum: evaluations
///                whose outcome did not stand
///   runs         run, started; provenance: run, position, name, text
///   accounts     run, worker (-1: the root's own thread), host, then the numbers of WorkerAccount; only once a run has
///                ended (accounts.cpp)
///   generations  generation, points; earlier_definition, earlier_columns, results_N, evaluations_N, attempts_N:
///                outcomes of earlier forms of the study (generations.hpp)
///   former_outputs  generation (0: the present one), position, name, type, reading, sql_name: outputs that the study
///                had, whose values are kept in columns f0, f1, ... of results; only where there are such
///   again        "index", evaluate: points with an outcome that are to be evaluated again (1), or whose directory may
///                be of an evaluation that did not end (0)
///   totals       table, salt, count, sum; spare: id, checksum, text (sums.hpp)
///   elapsed      how long evaluations took in all (elapsed.hpp)
///   moves        only from a change of the study until the points' directories have followed (point_files.hpp)
///   points       a view of results under the study's own names, for other programs (points_view.hpp)
///
/// Values are in columns p0... and o0..., since SQLite takes `T` and `t` for one name; `columns` says which is which.
/// These columns have no SQL type, so that SQLite keeps a value as it is given (a REAL column would lose the sign of
/// -0.0, an INTEGER one would turn 2.0 into 2).
namespace windrow::detail {

struct FormerOutput;
struct Generation;

/// The file's name in the study's directory.
inline constexpr const char* results_file = "results.sqlite";

enum class Content { nothing, results };

/// What the file holds: nothing yet, or results of a version that this program reads (1 to 5).
/// @throws StoreError if it is damaged, of a newer version, or of another program
Content inspect(Connection& connection);

/// @throws StoreError if the study has more columns or points than the store can hold
void check_limits(const StudyIdentity& identity);

/// ", p0, p1": the columns of values that are called by this letter.
std::string value_columns(char letter, const std::vector<Column>& columns);
void create_tables(Connection& connection, const StudyIdentity& identity);
/// results, evaluations and attempts alone.
/// @param former  outputs that results have room for beside those of the study
void create_data_tables(Connection& connection, const StudyIdentity& identity, const std::vector<FormerOutput>& former);
/// The same of any generation, of which `totals` has the salts already.
void create_data_tables(Connection& connection, const Generation& generation);
/// All other tables, without rows.
void create_empty_tables(Connection& connection);
/// Whether a table that keeps no outcomes is there, with the columns that it was made with.
bool is_as_made(Connection& connection, std::string_view table);
/// What is wrong with the columns of the tables, which no checksum covers; empty: nothing.
std::string problem_of_tables(Connection& connection);
/// Says whose file it is, and of which version.
void mark_file(Connection& connection);
/// Brings a file of an older version to the present one, in one transaction of its own.
void migrate(Connection& connection);
StudyIdentity read_identity(Connection& connection);
/// @param select  gives name and text, in their order
std::vector<std::pair<std::string, std::string>> read_definition(Connection& connection, const std::string& select);
/// @param select  gives role, name, unit, type and description, in their order
void read_columns(Connection& connection, const std::string& select, StudyIdentity& identity);
/// Puts another definition in the place of the one that is stored. The tables are left as they are.
void replace_identity(Connection& connection, const StudyIdentity& identity);
/// Takes over what may change between runs: the name, units and descriptions.
void update_annotations(Connection& connection, const StudyIdentity& identity);
/// What differs between two studies, to be read; nothing if they are the same.
std::vector<std::string> study_differences(const StudyIdentity& stored, const StudyIdentity& wanted);
/// Whether they are the same but for how outputs are read, and for the content of programs, which `stored` does not
/// know.
bool differs_in_reading_alone(const StudyIdentity& stored, const StudyIdentity& wanted);
/// They are below one another, the first few and how many more.
std::string list_differences(const std::vector<std::string>& lines);

using OnChange = std::function<void(const std::string& name, const std::string* old_text, const std::string* new_text)>;
/// Calls `on_change` for each name whose texts differ: those that were there before, sorted, then the new ones. Null is
/// what is not there.
void for_each_change(const std::vector<std::pair<std::string, std::string>>& before,
                     const std::vector<std::pair<std::string, std::string>>& now, const OnChange& on_change);
/// "name: old -> new", each text no longer than is readable and from a little before where the two differ.
std::string difference(const std::string& name, const std::string& old_text, const std::string& new_text,
                       const char* format = "{}: {} -> {}");
/// @throws StoreError that names the differences, if the two are different studies
void require_same_study(const std::filesystem::path& directory, const StudyIdentity& stored,
                        const StudyIdentity& wanted);

void add_run(Connection& connection, const std::vector<std::pair<std::string, std::string>>& provenance);
void add_to_last_run(Connection& connection, const std::string& name, const std::string& text);
std::vector<std::vector<std::pair<std::string, std::string>>> read_runs(Connection& connection);

}  // namespace windrow::detail
