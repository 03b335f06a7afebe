#include "generations.hpp"

#include <fmt/format.h>

#include <array>

#include "schema.hpp"

namespace windrow::detail {
namespace {

constexpr std::array data_tables = {"results", "evaluations", "attempts"};

StudyIdentity read_earlier(Connection& connection, std::int64_t number) {
  StudyIdentity identity;
  Statement points(connection, "SELECT points FROM generations WHERE generation = ?");
  points.bind(1, number);
  if (points.step()) identity.points = static_cast<std::uint64_t>(points.integer(0));
  Statement definition(connection, "SELECT name, text FROM earlier_definition WHERE generation = ? ORDER BY position");
  definition.bind(1, number);
  while (definition.step()) identity.definition.emplace_back(definition.text(0), definition.text(1));
  Statement columns(connection, "SELECT role, name, type FROM earlier_columns WHERE generation = ? ORDER BY position");
  columns.bind(1, number);
  while (columns.step()) {
    auto& of_role = columns.text(0) == "parameter" ? identity.parameters : identity.outputs;
    of_role.push_back({columns.text(1), "", columns.text(2), ""});
  }
  return identity;
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
  generations.push_back({0, read_identity(connection)});
  if (!has_generations(connection)) return generations;
  Statement select(connection, "SELECT generation FROM generations ORDER BY generation DESC");
  while (select.step()) {
    const std::int64_t number = select.integer(0);
    generations.push_back({number, read_earlier(connection, number)});
  }
  return generations;
}

std::int64_t retire_present(Connection& connection, const StudyIdentity& identity) {
  // Counted on, not up from what is left: the name of a directory must not come back.
  const std::int64_t number = connection.integer("UPDATE study SET generation = generation + 1 RETURNING generation");
  connection.execute("DROP INDEX failures");
  for (const char* table : data_tables)
    connection.execute(fmt::format("ALTER TABLE {0} RENAME TO {0}_{1}", table, number));
  connection.execute(
      fmt::format("INSERT INTO generations SELECT {0}, points FROM study;"
                  "INSERT INTO earlier_definition SELECT {0}, position, name, text FROM definition;"
                  "INSERT INTO earlier_columns SELECT {0}, position, role, name, type, sql_name FROM columns",
                  number));
  create_data_tables(connection, identity);
  return number;
}

void drop_generation(Connection& connection, const Generation& generation) {
  for (const char* table : data_tables) connection.execute("DROP TABLE " + generation.table(table));
  for (const char* table : {"generations", "earlier_definition", "earlier_columns"}) {
    connection.execute(fmt::format("DELETE FROM {} WHERE generation = {}", table, generation.number));
  }
}

}  // namespace windrow::detail
