#include "generations.hpp"

#include <fmt/format.h>

#include <array>

#include "points_view.hpp"
#include "schema.hpp"
#include "sums.hpp"

namespace windrow::detail {
namespace {

constexpr std::array data_tables = {"results", "evaluations", "attempts"};

StudyIdentity read_earlier(Connection& connection, std::int64_t number) {
  StudyIdentity identity;
  const std::string of_it = fmt::format(" WHERE generation = {}", number);
  identity.points = static_cast<std::uint64_t>(connection.integer("SELECT points FROM generations" + of_it));
  identity.definition =
      read_definition(connection, "SELECT name, text FROM earlier_definition" + of_it + " ORDER BY position");
  read_columns(connection, "SELECT role, name, '', type, '' FROM earlier_columns" + of_it + " ORDER BY position",
               identity);
  return identity;
}

std::vector<FormerOutput> read_former(Connection& connection, std::int64_t generation) {
  std::vector<FormerOutput> former;
  if (!connection.has_table("former_outputs")) return former;
  connection.for_each_row(
      "SELECT name, type, reading, sql_name FROM former_outputs WHERE generation = ? ORDER BY position",
      [&](const Statement& row) {
        former.push_back({row.text(0), row.text(1), row.text(2), row.text(3)});
      },
      generation);
  return former;
}

}  // namespace

std::string Generation::table(const std::string& base) const {
  return number == 0 ? base : fmt::format("{}_{}", base, number);
}

bool has_generations(Connection& connection) {
  return connection.integer("PRAGMA user_version") >= 2;
}

std::vector<Generation> read_generations(Connection& connection) {
  std::vector<Generation> generations;
  generations.push_back({0, read_identity(connection), read_former(connection, 0)});
  if (!has_generations(connection)) return generations;
  connection.for_each_row("SELECT generation FROM generations ORDER BY generation DESC", [&](const Statement& row) {
    const std::int64_t number = row.integer(0);
    generations.push_back({number, read_earlier(connection, number), read_former(connection, number)});
  });
  return generations;
}

namespace {

/// As two totals say, where they agree; else the rows are counted.
std::int64_t count_outcomes(Connection& connection, std::int64_t generation) {
  const std::string evaluations = fmt::format("evaluations_{}", generation);
  if (has_sums(connection)) {
    const std::int64_t count = read_total(connection, evaluations).count;
    if (count == read_total(connection, fmt::format("results_{}", generation)).count) return count;
  }
  return connection.integer("SELECT count(*) FROM " + evaluations);
}

}  // namespace

std::uint64_t count_earlier(Connection& connection) {
  std::uint64_t count = 0;
  if (!has_generations(connection)) return count;
  connection.for_each_row("SELECT generation FROM generations", [&](const Statement& row) {
    count += static_cast<std::uint64_t>(count_outcomes(connection, row.integer(0)));
  });
  return count;
}

std::int64_t retire_present(Connection& connection, const StudyIdentity& identity,
                            const std::vector<FormerOutput>& former) {
  // Counted on, not up from what is left: the name of a directory must not come back.
  const std::int64_t number = connection.integer("UPDATE study SET generation = generation + 1 RETURNING generation");
  connection.execute("DROP INDEX failures");
  drop_points_view(connection);
  for (const char* table : data_tables)
    connection.execute(
        fmt::format("ALTER TABLE {0} RENAME TO {0}_{1};"
                    "UPDATE totals SET \"table\" = '{0}_{1}' WHERE \"table\" = '{0}'",
                    table, number));
  connection.execute(
      fmt::format("INSERT INTO generations SELECT {0}, points FROM study;"
                  "INSERT INTO earlier_definition SELECT {0}, position, name, text FROM definition;"
                  "INSERT INTO earlier_columns SELECT {0}, position, role, name, type, sql_name FROM columns",
                  number));
  if (connection.has_table("former_outputs")) {
    connection.run("UPDATE former_outputs SET generation = ? WHERE generation = 0", number);
  }
  create_data_tables(connection, identity, former);
  return number;
}

void drop_generation(Connection& connection, const Generation& generation) {
  for (const char* table : data_tables) {
    connection.execute(
        fmt::format("DROP TABLE {0}; DELETE FROM totals WHERE \"table\" = '{0}'", generation.table(table)));
  }
  for (const char* table : {"generations", "earlier_definition", "earlier_columns"}) {
    connection.execute(fmt::format("DELETE FROM {} WHERE generation = {}", table, generation.number));
  }
  if (connection.has_table("former_outputs")) {
    connection.run("DELETE FROM former_outputs WHERE generation = ?", generation.number);
  }
}

}  // namespace windrow::detail
