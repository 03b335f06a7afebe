#include "schema.hpp"

#include <fmt/format.h>

#include <chrono>
#include <limits>
#include <optional>

#include "windrow/base/text.hpp"
#include "windrow/error.hpp"

namespace windrow::detail {
namespace {

constexpr std::int64_t application_id = 0x574e4452;  // "WNDR"
constexpr std::int64_t format_version = 2;

/// SQLite allows 2,000 in a table and in an answer; an answer also holds the columns of `evaluations`.
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

constexpr const char* evaluations_table = R"(
CREATE TABLE evaluations("index" INTEGER PRIMARY KEY, rank INTEGER NOT NULL, host TEXT NOT NULL,
                         attempts INTEGER NOT NULL, started REAL, elapsed REAL, code INTEGER NOT NULL,
                         message TEXT NOT NULL);
)";

/// Since version 2.
constexpr const char* attempts_table = R"(
CREATE TABLE attempts("index" INTEGER NOT NULL, attempt INTEGER NOT NULL, status TEXT NOT NULL, rank INTEGER NOT NULL,
                      host TEXT NOT NULL, started REAL, elapsed REAL, code INTEGER NOT NULL, message TEXT NOT NULL,
                      PRIMARY KEY("index", attempt)) WITHOUT ROWID;
)";

std::string results_table(const StudyIdentity& identity) {
  std::string sql = R"(CREATE TABLE results("index" INTEGER PRIMARY KEY, status TEXT NOT NULL)";
  for (std::size_t i = 0; i < identity.parameters.size(); ++i) sql += fmt::format(", p{}", i);
  for (std::size_t i = 0; i < identity.outputs.size(); ++i) sql += fmt::format(", o{}", i);
  // Failures are few: found through an index of their own, they cost no pass over the results.
  return sql + "); CREATE INDEX failures ON results(status) WHERE status <> 'ok';";
}

void insert_columns(Statement& insert, std::int64_t first_position, const char* role, char letter,
                    const std::vector<Column>& columns) {
  for (std::size_t i = 0; i < columns.size(); ++i) {
    const Column& column = columns[i];
    insert.bind(1, first_position + static_cast<std::int64_t>(i)).bind(2, std::string_view(role));
    insert.bind(3, column.name).bind(4, column.unit).bind(5, column.type).bind(6, column.description);
    insert.bind(7, fmt::format("{}{}", letter, i)).run();
  }
}

std::vector<std::pair<std::string, std::string>> read_definition(Connection& connection) {
  std::vector<std::pair<std::string, std::string>> definition;
  Statement select(connection, "SELECT name, text FROM definition ORDER BY position");
  while (select.step()) definition.emplace_back(select.text(0), select.text(1));
  // Version 1 took a time-out for a part of what is computed.
  if (connection.integer("PRAGMA user_version") == 1) {
    std::erase_if(definition, [](const auto& item) { return item.first == "command.timeout"; });
  }
  return definition;
}

void insert_identity(Connection& connection, const StudyIdentity& identity) {
  Statement definition(connection, "INSERT INTO definition VALUES(NULL, ?, ?)");
  for (const auto& [name, text] : identity.definition) definition.bind(1, name).bind(2, text).run();
  Statement columns(connection, "INSERT INTO columns VALUES(?, ?, ?, ?, ?, ?, ?)");
  insert_columns(columns, 0, "parameter", 'p', identity.parameters);
  insert_columns(columns, static_cast<std::int64_t>(identity.parameters.size()), "output", 'o', identity.outputs);
}

void update_columns(Statement& update, const char* role, const std::vector<Column>& columns) {
  for (const Column& column : columns) {
    update.bind(1, column.unit).bind(2, column.description).bind(3, std::string_view(role)).bind(4, column.name).run();
  }
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

void create_data_tables(Connection& connection, const StudyIdentity& identity) {
  connection.execute(evaluations_table + (attempts_table + results_table(identity)));
}

void create_tables(Connection& connection, const StudyIdentity& identity) {
  connection.execute(std::string(fixed_tables) + earlier_tables);
  create_data_tables(connection, identity);
  Statement(connection, "INSERT INTO study(name, points) VALUES(?, ?)")
      .bind(1, identity.name)
      .bind(2, static_cast<std::int64_t>(identity.points))
      .run();
  insert_identity(connection, identity);
  connection.execute(
      fmt::format("PRAGMA application_id = {}; PRAGMA user_version = {}", application_id, format_version));
}

void migrate(Connection& connection) {
  if (connection.integer("PRAGMA user_version") == format_version) return;
  Transaction transaction(connection, "BEGIN IMMEDIATE");
  connection.execute(
      "ALTER TABLE study ADD COLUMN index_matters INTEGER NOT NULL DEFAULT 0;"
      "ALTER TABLE study ADD COLUMN generation INTEGER NOT NULL DEFAULT 0;"
      "DELETE FROM definition WHERE name = 'command.timeout'");
  connection.execute(std::string(earlier_tables) + attempts_table);
  connection.execute(fmt::format("PRAGMA user_version = {}", format_version));
  transaction.commit();
}

void replace_identity(Connection& connection, const StudyIdentity& identity) {
  connection.execute("DELETE FROM definition; DELETE FROM columns");
  insert_identity(connection, identity);
  Statement(connection, "UPDATE study SET points = ?").bind(1, static_cast<std::int64_t>(identity.points)).run();
}

StudyIdentity read_identity(Connection& connection) {
  StudyIdentity identity;
  identity.name = connection.text("SELECT name FROM study");
  identity.points = static_cast<std::uint64_t>(connection.integer("SELECT points FROM study"));
  if (connection.integer("PRAGMA user_version") > 1) {
    identity.index_matters = connection.integer("SELECT index_matters FROM study") != 0;
  }
  identity.definition = read_definition(connection);
  Statement select(connection, "SELECT role, name, unit, type, description FROM columns ORDER BY position");
  while (select.step()) {
    auto& columns = select.text(0) == "parameter" ? identity.parameters : identity.outputs;
    columns.push_back({select.text(1), select.text(2), select.text(3), select.text(4)});
  }
  return identity;
}

void update_annotations(Connection& connection, const StudyIdentity& identity) {
  Statement(connection, "UPDATE study SET name = ?").bind(1, identity.name).run();
  Statement update(connection, "UPDATE columns SET unit = ?, description = ? WHERE role = ? AND name = ?");
  update_columns(update, "parameter", identity.parameters);
  update_columns(update, "output", identity.outputs);
}

void add_run(Connection& connection, const std::vector<std::pair<std::string, std::string>>& provenance) {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  Statement(connection, "INSERT INTO runs VALUES(NULL, ?)").bind(1, std::chrono::duration<double>(now).count()).run();
  const std::int64_t run = connection.integer("SELECT max(run) FROM runs");
  Statement insert(connection, "INSERT INTO provenance VALUES(?, ?, ?, ?)");
  for (std::size_t i = 0; i < provenance.size(); ++i) {
    insert.bind(1, run)
        .bind(2, static_cast<std::int64_t>(i))
        .bind(3, provenance[i].first)
        .bind(4, provenance[i].second);
    insert.run();
  }
}

void add_to_last_run(Connection& connection, const std::string& name, const std::string& text) {
  Statement insert(connection,
                   "INSERT INTO provenance SELECT r.run, coalesce(max(p.position) + 1, 0), ?, ? "
                   "FROM (SELECT max(run) AS run FROM runs) r LEFT JOIN provenance p USING(run)");
  insert.bind(1, name).bind(2, text).run();
}

std::vector<std::vector<std::pair<std::string, std::string>>> read_runs(Connection& connection) {
  std::vector<std::vector<std::pair<std::string, std::string>>> runs;
  std::optional<std::int64_t> current;
  Statement select(connection,
                   "SELECT run, name, text FROM runs LEFT JOIN provenance USING(run) ORDER BY run, position");
  while (select.step()) {
    if (current != select.integer(0)) runs.emplace_back();
    current = select.integer(0);
    if (select.type(1) != Statement::Type::null) runs.back().emplace_back(select.text(1), select.text(2));
  }
  return runs;
}

}  // namespace windrow::detail
