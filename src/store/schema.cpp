#include "schema.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <optional>

#include "elapsed.hpp"
#include "generations.hpp"
#include "points_view.hpp"
#include "sums.hpp"
#include "windrow/base/clock.hpp"
#include "windrow/base/text.hpp"
#include "windrow/error.hpp"

namespace windrow::detail {
namespace {

constexpr std::int64_t application_id = 0x574e4452;  // "WNDR"
/// Version 2 added earlier forms of the study and attempts; version 3 knows templates and inputs by XXH3; version 4
/// keeps values of outputs that a study has no more; version 5 has checksums.
constexpr std::int64_t format_version = 5;
static_assert(format_version == first_version_with_sums);

/// SQLite allows 2,000 in a table and in an answer; an answer also holds the columns of `evaluations`, and checksums.
constexpr std::size_t max_columns = 1900;

constexpr const char* fixed_tables = R"(
CREATE TABLE study(name TEXT NOT NULL, points INTEGER NOT NULL, index_matters INTEGER NOT NULL DEFAULT 0,
                   generation INTEGER NOT NULL DEFAULT 0);
CREATE TABLE definition(position INTEGER PRIMARY KEY, name TEXT NOT NULL, text TEXT NOT NULL);
CREATE TABLE columns(position INTEGER PRIMARY KEY, role TEXT NOT NULL, name TEXT NOT NULL, unit TEXT NOT NULL,
                     type TEXT NOT NULL, description TEXT NOT NULL, sql_name TEXT NOT NULL);
CREATE TABLE runs(run INTEGER PRIMARY KEY, started REAL NOT NULL);
CREATE TABLE provenance(run INTEGER NOT NULL, position INTEGER NOT NULL, name TEXT NOT NULL, text TEXT NOT NULL,
                        PRIMARY KEY(run, position)) WITHOUT ROWID;
)";

/// Since version 2.
constexpr const char* earlier_tables = R"(
CREATE TABLE generations(generation INTEGER PRIMARY KEY, points INTEGER NOT NULL);
CREATE TABLE earlier_definition(generation INTEGER NOT NULL, position INTEGER NOT NULL, name TEXT NOT NULL,
                                text TEXT NOT NULL, PRIMARY KEY(generation, position)) WITHOUT ROWID;
CREATE TABLE earlier_columns(generation INTEGER NOT NULL, position INTEGER NOT NULL, role TEXT NOT NULL,
                             name TEXT NOT NULL, type TEXT NOT NULL, sql_name TEXT NOT NULL,
                             PRIMARY KEY(generation, position)) WITHOUT ROWID;
)";

/// After "CREATE TABLE NAME".
constexpr const char* evaluations_columns = R"(("index" INTEGER PRIMARY KEY, rank INTEGER NOT NULL, host TEXT NOT NULL,
                         attempts INTEGER NOT NULL, started REAL, elapsed REAL, code INTEGER NOT NULL,
                         message TEXT NOT NULL, checksum INTEGER);
)";

/// Since version 2.
constexpr const char* attempts_columns =
    R"(("index" INTEGER NOT NULL, attempt INTEGER NOT NULL, status TEXT NOT NULL, rank INTEGER NOT NULL,
                      host TEXT NOT NULL, started REAL, elapsed REAL, code INTEGER NOT NULL, message TEXT NOT NULL,
                      checksum INTEGER, PRIMARY KEY("index", attempt)) WITHOUT ROWID;
)";

/// Since version 5.
constexpr const char* sums_tables = R"(
CREATE TABLE totals("table" TEXT PRIMARY KEY, salt INTEGER NOT NULL, count INTEGER NOT NULL DEFAULT 0,
                    sum INTEGER NOT NULL DEFAULT 0) WITHOUT ROWID;
)";

/// After all others: what damages neighbouring pages leaves either this copy or the other.
constexpr const char* spare_table = R"(
CREATE TABLE spare(id INTEGER PRIMARY KEY, checksum INTEGER NOT NULL, text BLOB NOT NULL);
)";

/// Of version 4.
constexpr const char* former_table = R"(
CREATE TABLE IF NOT EXISTS former_outputs(generation INTEGER NOT NULL, position INTEGER NOT NULL, name TEXT NOT NULL,
                                          type TEXT NOT NULL, reading TEXT NOT NULL, sql_name TEXT NOT NULL,
                                          PRIMARY KEY(generation, position)) WITHOUT ROWID;
)";

/// The columns of tables, in their order.
struct TableForm {
  std::string_view table;
  std::string_view columns;
  bool is_optional = false;
};
constexpr TableForm table_forms[] = {
    {"study", "name,points,index_matters,generation"},
    {"definition", "position,name,text"},
    {"columns", "position,role,name,unit,type,description,sql_name"},
    {"runs", "run,started"},
    {"provenance", "run,position,name,text"},
    {"generations", "generation,points"},
    {"earlier_definition", "generation,position,name,text"},
    {"earlier_columns", "generation,position,role,name,type,sql_name"},
    {"totals", "table,salt,count,sum"},
    {"spare", "id,checksum,text"},
    {"former_outputs", "generation,position,name,type,reading,sql_name", true},
    {"elapsed", "count,sum,seconds,nanoseconds,checksum", true},
    {"again", "index,evaluate", true},
    {"moves", "now,generation,was", true},
    {"accounts",
     "run,worker,host,wall,build,evaluate,transfer,store,coordinate,wait,failed,points,attempts,losses,began,"
     "began_after",
     true},
};

std::string columns_of_table(Connection& connection, std::string_view table) {
  return connection.text(fmt::format(
      "SELECT coalesce(group_concat(name), '') FROM (SELECT name FROM pragma_table_info('{}') ORDER BY cid)", table));
}

std::string evaluations_table(const std::string& name) {
  return "CREATE TABLE " + name + evaluations_columns;
}

std::string attempts_table(const std::string& name) {
  return "CREATE TABLE " + name + attempts_columns;
}

std::string results_table(const StudyIdentity& identity, std::size_t former, const std::string& name = "results") {
  std::string former_columns;
  for (std::size_t i = 0; i < former; ++i) former_columns += fmt::format(", f{}", i);
  // Failures are few: found through an index of their own, they cost no pass over the results.
  const std::string index = name == "results" ? "CREATE INDEX failures ON results(status) WHERE status <> 'ok';" : "";
  return "CREATE TABLE " + name + R"(("index" INTEGER PRIMARY KEY, status TEXT NOT NULL)" +
         value_columns('p', identity.parameters) + value_columns('o', identity.outputs) + former_columns +
         ", checksum INTEGER);" + index;
}

void insert_columns(Statement& insert, std::int64_t first_position, const char* role, char letter,
                    const std::vector<Column>& columns) {
  for (std::size_t i = 0; i < columns.size(); ++i) {
    const Column& column = columns[i];
    insert.run(first_position + static_cast<std::int64_t>(i), role, column.name, column.unit, column.type,
               column.description, fmt::format("{}{}", letter, i));
  }
}

void insert_identity(Connection& connection, const StudyIdentity& identity) {
  Statement definition(connection, "INSERT INTO definition VALUES(NULL, ?, ?)");
  for (const auto& [name, text] : identity.definition) definition.run(name, text);
  Statement columns(connection, "INSERT INTO columns VALUES(?, ?, ?, ?, ?, ?, ?)");
  insert_columns(columns, 0, "parameter", 'p', identity.parameters);
  insert_columns(columns, static_cast<std::int64_t>(identity.parameters.size()), "output", 'o', identity.outputs);
}

void update_columns(Statement& update, const char* role, const std::vector<Column>& columns) {
  for (const Column& column : columns) update.run(column.unit, column.description, role, column.name);
}

/// Of all tables that are there, which have been read without checks until now.
void add_sums(Connection& connection) {
  connection.execute(sums_tables);
  add_other_totals(connection);
  for (const Generation& generation : read_generations(connection)) {
    for (const char* base : {"results", "evaluations", "attempts"}) {
      const std::string table = generation.table(base);
      add_total(connection, table);
      const bool is_new = connection.integer(fmt::format(
                              "SELECT count(*) FROM pragma_table_info('{}') WHERE name = 'checksum'", table)) != 0;
      if (!is_new) connection.execute(fmt::format("ALTER TABLE {} ADD COLUMN checksum INTEGER", table));
      seal(connection, table);
    }
  }
  connection.execute(spare_table);
  renew_totals(connection);
}

}  // namespace

Content inspect(Connection& connection) {
  const std::int64_t id = connection.integer("PRAGMA application_id");
  const std::int64_t version = connection.integer("PRAGMA user_version");
  const std::int64_t objects = connection.integer("SELECT count(*) FROM sqlite_schema");
  if (id == 0 && version == 0 && objects == 0) return Content::nothing;
  if (id != application_id || version < 1) {
    throw StoreError(
        fmt::format("{}: not a results file of windrow; it is left as it is: move it away, or choose another "
                    "directory",
                    connection.file().string()));
  }
  if (version < first_version_with_sums && connection.has_table("totals")) {
    throw StoreError(fmt::format("{}: the file is damaged: it has checksums, but says that it is of version {}; {}",
                                 connection.file().string(), version, how_to_recover(connection.file())));
  }
  if (version > format_version) {
    throw StoreError(
        fmt::format("{}: written by a newer windrow (format {}, this one knows up to {}); use that one, or "
                    "choose another directory",
                    connection.file().string(), version, format_version));
  }
  return Content::results;
}

void check_limits(const StudyIdentity& identity) {
  const std::size_t columns = identity.parameters.size() + identity.outputs.size();
  if (columns > max_columns) {
    throw StoreError(
        fmt::format("{} parameters and outputs are too many: a store holds up to {}; an array counts as one",
                    text::with_thousands(columns), text::with_thousands(max_columns)));
  }
  if (identity.points > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
    throw StoreError(fmt::format("{} points are too many: a store holds up to 2^63 - 1", identity.points));
  }
}

std::string value_columns(char letter, const std::vector<Column>& columns) {
  std::string sql;
  for (std::size_t i = 0; i < columns.size(); ++i) sql += fmt::format(", {}{}", letter, i);
  return sql;
}

void create_data_tables(Connection& connection, const StudyIdentity& identity,
                        const std::vector<FormerOutput>& former) {
  connection.execute(evaluations_table("evaluations") + attempts_table("attempts") +
                     results_table(identity, former.size()));
  for (const char* table : {"results", "evaluations", "attempts"}) add_total(connection, table);
  if (former.empty()) return;
  connection.execute(former_table);
  for (std::size_t i = 0; i < former.size(); ++i) {
    connection.run("INSERT INTO former_outputs VALUES(0, ?, ?, ?, ?, ?)", i, former[i].name, former[i].type,
                   former[i].reading, former[i].sql_name);
  }
}

void create_data_tables(Connection& connection, const Generation& generation) {
  connection.execute(evaluations_table(generation.table("evaluations")) + attempts_table(generation.table("attempts")) +
                     results_table(generation.identity, generation.former.size(), generation.table("results")));
}

void create_empty_tables(Connection& connection) {
  connection.execute(std::string(fixed_tables) + earlier_tables + sums_tables + spare_table + former_table);
}

bool is_as_made(Connection& connection, std::string_view table) {
  const auto form = std::ranges::find(table_forms, table, &TableForm::table);
  return form != std::end(table_forms) && columns_of_table(connection, table) == form->columns;
}

std::string problem_of_tables(Connection& connection) {
  const auto has_columns = [&](const std::string& table, std::size_t columns) {
    const std::string there = columns_of_table(connection, table);
    return !there.empty() && 1 + std::count(there.begin(), there.end(), ',') == static_cast<std::ptrdiff_t>(columns);
  };
  const auto problem = [](std::string_view table) {
    return fmt::format("the table `{}` is not there, or not as it was made", table);
  };
  for (const TableForm& form : table_forms) {
    const bool may_lack = form.is_optional && !connection.has_table(form.table);
    if (!may_lack && !is_as_made(connection, form.table)) return problem(form.table);
  }
  for (const Generation& generation : read_generations(connection)) {
    const StudyIdentity& identity = generation.identity;
    const std::size_t values = identity.parameters.size() + identity.outputs.size() + generation.former.size();
    if (!has_columns(generation.table("results"), values + 3)) return problem(generation.table("results"));
    if (!has_columns(generation.table("evaluations"), 9)) return problem(generation.table("evaluations"));
    if (!has_columns(generation.table("attempts"), 10)) return problem(generation.table("attempts"));
  }
  return {};
}

void mark_file(Connection& connection) {
  connection.execute(
      fmt::format("PRAGMA application_id = {}; PRAGMA user_version = {}", application_id, format_version));
}

void create_tables(Connection& connection, const StudyIdentity& identity) {
  connection.execute(std::string(fixed_tables) + earlier_tables + sums_tables);
  add_other_totals(connection);
  create_data_tables(connection, identity, {});
  require_elapsed(connection);
  connection.run("INSERT INTO study(name, points) VALUES(?, ?)", identity.name, identity.points);
  insert_identity(connection, identity);
  renew_points_view(connection, identity);
  connection.execute(spare_table);
  mark_file(connection);
  renew_spare(connection);
}

void migrate(Connection& connection) {
  const std::int64_t version = connection.integer("PRAGMA user_version");
  if (version >= format_version) return;
  Transaction transaction(connection, "BEGIN IMMEDIATE");
  if (version == 1) {
    connection.execute(
        "ALTER TABLE study ADD COLUMN index_matters INTEGER NOT NULL DEFAULT 0;"
        "ALTER TABLE study ADD COLUMN generation INTEGER NOT NULL DEFAULT 0;"
        "DELETE FROM definition WHERE name = 'command.timeout'");
    connection.execute(earlier_tables);
    connection.execute(attempts_table("attempts"));
  }
  add_sums(connection);
  connection.execute(fmt::format("PRAGMA user_version = {}", format_version));
  renew_spare(connection);
  transaction.commit();
}

void replace_identity(Connection& connection, const StudyIdentity& identity) {
  connection.execute("DELETE FROM definition; DELETE FROM columns");
  insert_identity(connection, identity);
  connection.run("UPDATE study SET points = ?", identity.points);
  renew_points_view(connection, identity);
}

std::vector<std::pair<std::string, std::string>> read_definition(Connection& connection, const std::string& select) {
  std::vector<std::pair<std::string, std::string>> definition;
  connection.for_each_row(select, [&](const Statement& row) { definition.emplace_back(row.text(0), row.text(1)); });
  return definition;
}

void read_columns(Connection& connection, const std::string& select, StudyIdentity& identity) {
  connection.for_each_row(select, [&](const Statement& row) {
    auto& columns = row.text(0) == "parameter" ? identity.parameters : identity.outputs;
    columns.push_back({row.text(1), row.text(2), row.text(3), row.text(4)});
  });
}

StudyIdentity read_identity(Connection& connection) {
  StudyIdentity identity;
  identity.name = connection.text("SELECT name FROM study");
  identity.points = static_cast<std::uint64_t>(connection.integer("SELECT points FROM study"));
  const bool version_1 = connection.integer("PRAGMA user_version") == 1;
  if (!version_1) identity.index_matters = connection.integer("SELECT index_matters FROM study") != 0;
  // Version 1 took a time-out for a part of what is computed.
  identity.definition = read_definition(connection, fmt::format("SELECT name, text FROM definition{} ORDER BY position",
                                                                version_1 ? " WHERE name <> 'command.timeout'" : ""));
  read_columns(connection, "SELECT role, name, unit, type, description FROM columns ORDER BY position", identity);
  return identity;
}

void update_annotations(Connection& connection, const StudyIdentity& identity) {
  connection.run("UPDATE study SET name = ?", identity.name);
  Statement update(connection, "UPDATE columns SET unit = ?, description = ? WHERE role = ? AND name = ?");
  update_columns(update, "parameter", identity.parameters);
  update_columns(update, "output", identity.outputs);
}

void add_run(Connection& connection, const std::vector<std::pair<std::string, std::string>>& provenance) {
  connection.run("INSERT INTO runs VALUES(NULL, ?)", unix_seconds());
  const std::int64_t run = connection.integer("SELECT max(run) FROM runs");
  Statement insert(connection, "INSERT INTO provenance VALUES(?, ?, ?, ?)");
  for (std::size_t i = 0; i < provenance.size(); ++i) insert.run(run, i, provenance[i].first, provenance[i].second);
}

void add_to_last_run(Connection& connection, const std::string& name, const std::string& text) {
  connection.run(
      "INSERT INTO provenance SELECT r.run, coalesce(max(p.position) + 1, 0), ?, ? "
      "FROM (SELECT max(run) AS run FROM runs) r LEFT JOIN provenance p USING(run)",
      name, text);
}

std::vector<std::vector<std::pair<std::string, std::string>>> read_runs(Connection& connection) {
  std::vector<std::vector<std::pair<std::string, std::string>>> runs;
  std::optional<std::int64_t> current;
  const auto add = [&](const Statement& row) {
    if (current != row.integer(0)) runs.emplace_back();
    current = row.integer(0);
    if (row.type(1) != Statement::Type::null) runs.back().emplace_back(row.text(1), row.text(2));
  };
  connection.for_each_row("SELECT run, name, text FROM runs LEFT JOIN provenance USING(run) ORDER BY run, position",
                          add);
  return runs;
}

}  // namespace windrow::detail
