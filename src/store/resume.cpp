#include "resume.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <string>
#include <tuple>

#include "point_files.hpp"
#include "rows.hpp"
#include "schema.hpp"
#include "windrow/error.hpp"

namespace windrow::detail {
namespace {

std::set<std::string> names_of(const std::vector<Column>& columns) {
  std::set<std::string> names;
  for (const Column& column : columns) names.insert(column.name);
  return names;
}

bool may_have_points_of(const StudyIdentity& earlier, const StudyIdentity& present) {
  return names_of(earlier.parameters) == names_of(present.parameters) &&
         evaluation_of(earlier, present) == evaluation_of(present, present);
}

/// Rows are laid out alike: the same columns in the same order, with truth values told apart in the same ones.
bool same_layout(const std::vector<Column>& a, const std::vector<Column>& b) {
  return std::ranges::equal(a, b, [](const Column& one, const Column& other) {
    return one.name == other.name && (one.type == "boolean") == (other.type == "boolean");
  });
}

bool has_rows(Connection& connection, const Generation& generation) {
  return connection.integer(fmt::format("SELECT EXISTS(SELECT 1 FROM {})", generation.table("results"))) != 0;
}

std::vector<std::string> differences_of(const StudyIdentity& stored, const StudyIdentity& present) {
  std::vector<std::string> lines = differences(stored.definition, present.definition);
  // How many points follows from the parameters, unless it is all that was changed.
  if (lines.size() > 1)
    std::erase_if(lines, [](const std::string& line) { return line.starts_with("design.points:"); });
  return lines.empty() ? study_differences(stored, present) : lines;
}

/// A stored parameter or output for a column of another layout: a truth value in a column of truth values is a number
/// there, and a text elsewhere.
std::string converted(const std::string& sql_name, const Column& from, const Column& to) {
  const std::string source = "r." + sql_name;
  if (from.type != "boolean" || to.type == "boolean") return source;
  return fmt::format("CASE typeof({0}) WHEN 'integer' THEN CAST(iif({0}, 'true', 'false') AS BLOB) ELSE {0} END",
                     source);
}

void append_columns(std::string& sql, char letter, const std::vector<Column>& from, const std::vector<Column>& to) {
  for (const Column& column : to) {
    const auto source = std::ranges::find(from, column.name, &Column::name);
    sql += ", " + converted(fmt::format("{}{}", letter, source - from.begin()), *source, column);
  }
}

/// Moves the rows that `moves` names from one generation to the present tables.
void take_rows(Connection& connection, const Generation& from, const StudyIdentity& present) {
  const std::string moved =
      fmt::format("FROM moves m CROSS JOIN {{}} r ON r.\"index\" = m.was WHERE m.generation = {}", from.number);
  std::string results = "INSERT INTO results SELECT m.now, r.status";
  append_columns(results, 'p', from.identity.parameters, present.parameters);
  append_columns(results, 'o', from.identity.outputs, present.outputs);
  connection.execute(results + " " + fmt::format(fmt::runtime(moved), from.table("results")));
  connection.execute("INSERT INTO evaluations SELECT m.now, rank, host, attempts, started, elapsed, code, message " +
                     fmt::format(fmt::runtime(moved), from.table("evaluations")));
  connection.execute(
      "INSERT INTO attempts SELECT m.now, attempt, status, rank, host, started, elapsed, code, message " +
      fmt::format(fmt::runtime(moved), from.table("attempts")));
}

/// What was taken is there no more; a generation of which nothing is left goes.
void remove_taken(Connection& connection, const Generation& from) {
  const auto count = [&](const std::string& what) { return connection.integer("SELECT count(*) FROM " + what); };
  const std::string taken = fmt::format("moves WHERE generation = {}", from.number);
  const std::int64_t number = count(taken);
  if (number == count(from.table("evaluations"))) return drop_generation(connection, from);
  if (number == 0) return;
  for (const char* table : {"results", "evaluations", "attempts"}) {
    connection.execute(fmt::format("DELETE FROM {} WHERE \"index\" IN (SELECT was FROM {})", from.table(table), taken));
  }
}

/// Gives every outcome of the present design its index there.
Resumption renumber(Connection& connection, std::vector<Generation> generations, const StudyIdentity& present,
                    const PointValues& points) {
  Resumption found;
  connection.execute("CREATE TABLE moves(now INTEGER PRIMARY KEY, generation INTEGER NOT NULL, was INTEGER NOT NULL)");
  Outcomes outcomes(connection, generations, present);
  generations.front().number = retire_present(connection, present);
  {
    Statement insert(connection, "INSERT INTO moves VALUES(?, ?, ?)");
    outcomes.match(present, points, [&](const Match& match) {
      ++(match.failed ? found.failed : found.succeeded);
      insert.run(match.now, generations[match.generation].number, match.was);
    });
  }
  for (const Generation& generation : generations) {
    if (may_have_points_of(generation.identity, present)) take_rows(connection, generation, present);
    remove_taken(connection, generation);
  }
  return found;
}

}  // namespace

Outcomes::Outcomes(Connection& connection, const std::vector<Generation>& generations, const StudyIdentity& present) {
  for (std::size_t i = 0; i < generations.size(); ++i) {
    if (may_have_points_of(generations[i].identity, present)) read(connection, generations[i], i, present);
  }
  std::ranges::sort(outcomes_, [](const Outcome& a, const Outcome& b) {
    return std::tuple(a.key, a.failed, a.generation, a.index) < std::tuple(b.key, b.failed, b.generation, b.index);
  });
}

void Outcomes::read(Connection& connection, const Generation& generation, std::size_t position,
                    const StudyIdentity& present) {
  PointHash hash(generation.identity, present);
  outcomes_.reserve(outcomes_.size() + static_cast<std::size_t>(connection.integer("SELECT count(*) FROM " +
                                                                                   generation.table("evaluations"))));
  for_each_point(connection, generation, [&](const StoredPoint& point) {
    Outcome outcome{};
    outcome.key = hash(point.index, point.values);
    outcome.generation = static_cast<std::uint32_t>(position) & 0x7fffffffU;
    outcome.failed = point.failed ? 1 : 0;
    outcome.index = point.index;
    outcomes_.push_back(outcome);
    return true;
  });
}

void Outcomes::match(const StudyIdentity& present, const PointValues& points,
                     const std::function<void(const Match&)>& on_match) {
  PointHash hash(present, present);
  std::size_t left = outcomes_.size();
  for (std::uint64_t index = 0; index < present.points && left > 0; ++index) {
    const Hash128 key = hash(index, points(index));
    const auto first = std::ranges::lower_bound(outcomes_, key, {}, &Outcome::key);
    if (first == outcomes_.end() || first->key != key) continue;
    if (outcomes_.end() - first <= static_cast<std::ptrdiff_t>(first->taken)) continue;
    const Outcome& next = *(first + static_cast<std::ptrdiff_t>(first->taken));
    if (next.key != key) continue;
    on_match({index, next.generation, next.index, next.failed != 0});
    ++first->taken;
    --left;
  }
}

std::optional<Resumption> only_adds_points(Connection& connection, const std::vector<Generation>& generations,
                                           const StudyIdentity& present, const PointValues& points) {
  const StudyIdentity& stored = generations.front().identity;
  const bool alike = same_layout(stored.parameters, present.parameters) &&
                     same_layout(stored.outputs, present.outputs) && may_have_points_of(stored, present);
  const bool others = std::any_of(generations.begin() + 1, generations.end(), [&](const Generation& generation) {
    return may_have_points_of(generation.identity, present) && has_rows(connection, generation);
  });
  if (!alike || others) return std::nullopt;

  Resumption found;
  const bool all = for_each_point(connection, generations.front(), [&](const StoredPoint& point) {
    ++(point.failed ? found.failed : found.succeeded);
    return point.index < present.points && point.values == points(point.index);
  });
  return all ? std::optional(found) : std::nullopt;
}

Resumption find_outcomes(Connection& connection, const StudyIdentity& present, const PointValues& points) {
  const std::vector<Generation> generations = read_generations(connection);
  std::optional<Resumption> found = only_adds_points(connection, generations, present, points);
  if (!found) {
    found.emplace();
    Outcomes(connection, generations, present).match(present, points, [&](const Match& match) {
      ++(match.failed ? found->failed : found->succeeded);
    });
  }
  found->points = present.points;
  found->differences = differences_of(generations.front().identity, present);
  return *found;
}

Resumption change_study(Connection& connection, const std::filesystem::path& directory, const StudyIdentity& present,
                        const PointValues& points) {
  Transaction transaction(connection, "BEGIN IMMEDIATE");
  const std::vector<Generation> generations = read_generations(connection);
  std::optional<Resumption> found = only_adds_points(connection, generations, present, points);
  const bool renumbers = !found.has_value();
  if (renumbers) found = renumber(connection, generations, present, points);
  found->points = present.points;
  found->differences = differences_of(generations.front().identity, present);
  replace_identity(connection, present);
  if (renumbers && !has_point_files(directory)) connection.execute("DROP TABLE moves");
  transaction.commit();
  move_point_files(connection, directory);
  return *found;
}

}  // namespace windrow::detail
