#include "verify.hpp"

#include <fmt/format.h>

#include <optional>

#include "generations.hpp"
#include "schema.hpp"
#include "sums.hpp"
#include "windrow/base/text.hpp"

namespace windrow::detail {
namespace {

/// What one table is found to hold.
struct Walked {
  Total total;
  Total failures;
  IndexSet indices;
  IndexSet damaged;
  std::uint64_t damaged_rows = 0;
  bool in_order = true;
};

Walked walk(Connection& connection, const std::string& table, bool is_results, bool is_attempts) {
  Walked found;
  std::optional<std::int64_t> last, last_attempt;
  const auto look = [&](const Statement& row) {
    const std::int64_t index = row.integer(0), attempt = row.integer(4);
    const bool rises = !last || index > *last || (is_attempts && index == *last && attempt > *last_attempt);
    found.in_order = found.in_order && rises && index >= 0;
    last = index;
    last_attempt = attempt;
    if (index < 0) return;
    const auto at = static_cast<std::uint64_t>(index);
    found.indices.insert(at);
    found.total.add(row.integer(1));
    if (row.integer(3) != 0) found.failures.add(row.integer(1));
    if (row.integer(2) != 0) return;
    found.damaged.insert(at);
    ++found.damaged_rows;
  };
  connection.for_each_row(fmt::format("SELECT \"index\", checksum, {}, {}, {} FROM {} t ORDER BY \"index\"{}",
                                      intact_sql(connection, table, "t"), is_results ? "status <> 'ok'" : "0",
                                      is_attempts ? "attempt" : "0", table, is_attempts ? ", attempt" : ""),
                          look);
  return found;
}

/// Of what SQLite says, that which is no row's own.
void add_structure(Connection& connection, Soundness& found) {
  Statement check(connection, "PRAGMA quick_check(20)");
  while (check.step()) {
    const std::string line = check.text(0);
    const bool of_a_row = line.starts_with("NULL value in") || line.starts_with("non-") ||
                          line.starts_with("NUMERIC ") || line.starts_with("TEXT ");
    if (line != "ok" && !of_a_row) found.structure.push_back(line);
  }
}

/// A new run takes the next number, which nothing may have yet.
void check_runs(Connection& connection, Soundness& found) {
  for (const char* table : {"provenance", "accounts"}) {
    if (!connection.has_table(table)) continue;
    const auto strays =
        connection.integer(fmt::format("SELECT count(*) FROM {} WHERE run NOT IN (SELECT run FROM runs)", table));
    if (strays > 0) found.structure.push_back(fmt::format("`{}` tells of runs that are not in `runs`", table));
  }
}

/// @return whether all rows are there, and in their order
bool is_whole(Connection& connection, const std::string& table, const Walked& walked, Soundness& found) {
  const Total told = read_total(connection, table);
  const bool fits = told.count == walked.total.count && (told.sum == walked.total.sum || walked.damaged_rows > 0);
  if (fits && walked.in_order) return true;
  found.structure.push_back(fmt::format("rows of `{}` are missing, doubled or not in their order", table));
  return false;
}

/// The index of failures alone: who only counts them reads nothing else.
void check_failures(Connection& connection, const Walked& results, Soundness& found) {
  Total index;
  bool fits = true;
  connection.for_each_row(fmt::format("SELECT checksum, {} FROM results r INDEXED BY failures WHERE status <> 'ok'",
                                      intact_sql(connection, "results", "r")),
                          [&](const Statement& row) {
                            index.add(row.integer(0));
                            fits = fits && row.integer(1) != 0;
                          });
  if (index != results.failures) found.index = true;
  if (results.damaged_rows == 0 && (!fits || read_total(connection, failures_total) != results.failures)) {
    found.index = true;
  }
}

void check_generation(Connection& connection, const Generation& generation, Soundness& found) {
  const bool is_present = generation.number == 0;
  const Walked results = walk(connection, generation.table("results"), true, false);
  const Walked evaluations = walk(connection, generation.table("evaluations"), false, false);
  const Walked attempts = walk(connection, generation.table("attempts"), false, true);
  bool whole = is_whole(connection, generation.table("results"), results, found);
  whole = is_whole(connection, generation.table("evaluations"), evaluations, found) && whole;
  whole = is_whole(connection, generation.table("attempts"), attempts, found) && whole;
  IndexSet damaged = results.damaged.united(evaluations.damaged);
  const IndexSet alone =
      results.indices.without(evaluations.indices).united(evaluations.indices.without(results.indices));
  if (whole && !alone.empty() && damaged.empty()) {
    found.structure.push_back(fmt::format("`{}` has rows of other points than `{}`", generation.table("results"),
                                          generation.table("evaluations")));
  }
  damaged = damaged.united(alone);
  if (!is_present) {
    found.earlier += damaged.size() + attempts.damaged_rows;
    return;
  }
  found.points = damaged;
  found.attempts = attempts.damaged_rows;
  check_failures(connection, results, found);
}

void remove_from(Connection& connection, const Generation& generation) {
  const std::string results = generation.table("results"), evaluations = generation.table("evaluations"),
                    attempts = generation.table("attempts");
  const auto forget = [&](const std::string& table) {
    connection.execute(fmt::format("DELETE FROM {0} AS t WHERE NOT {1}", table, intact_sql(connection, table, "t")));
  };
  for (const std::string& table : {results, evaluations, attempts}) forget(table);
  connection.execute(
      fmt::format("DELETE FROM {0} WHERE \"index\" NOT IN (SELECT \"index\" FROM {1});"
                  "DELETE FROM {1} WHERE \"index\" NOT IN (SELECT \"index\" FROM {0})",
                  results, evaluations));
}

}  // namespace

std::vector<std::string> Soundness::lines(std::size_t most, const std::string& then) const {
  std::vector<std::string> lines = structure;
  if (points.size() > most) {
    lines.push_back(fmt::format("{} points: their rows in {} are damaged{}", text::with_thousands(points.size()),
                                results_file, then));
  } else {
    for (const IndexRange& range : points.ranges()) {
      for (std::uint64_t i = 0; i < range.count; ++i) {
        lines.push_back(fmt::format("point {}: its row in {} is damaged{}", range.first + i, results_file, then));
      }
    }
  }
  const auto add = [&](std::uint64_t count, const char* what) {
    if (count > 0)
      lines.push_back(fmt::format("{} damaged: {}", count == 1 ? "a row is" : fmt::format("{} rows are", count), what));
  };
  add(attempts, "evaluations that were tried again");
  add(earlier, "outcomes of earlier forms of the study");
  if (index) lines.push_back(fmt::format("the index of failures in {} is damaged", results_file));
  return lines;
}

Soundness verify(Connection& connection) {
  Soundness found;
  try {
    Transaction snapshot(connection);
    found.has_sums = has_sums(connection);
    add_structure(connection, found);
    if (!found.has_sums || problem_of_tables(connection).empty()) check_runs(connection, found);
    if (found.has_sums) {
      std::string problem = problem_of_layout(connection);
      if (problem.empty()) problem = problem_of_tables(connection);
      if (!problem.empty()) found.structure.push_back(problem);
      if (problem.empty()) {
        for (const Generation& generation : read_generations(connection))
          check_generation(connection, generation, found);
      }
    }
    snapshot.commit();
  } catch (const SqliteError& error) {
    if (!error.is_damage()) throw;
    found.structure.push_back(error.message());
  }
  return found;
}

void remove_damaged(Connection& connection) {
  Transaction transaction(connection, "BEGIN IMMEDIATE");
  connection.execute("DROP INDEX failures");  // a row whose status has changed is in it no more, or not yet
  for (const Generation& generation : read_generations(connection)) remove_from(connection, generation);
  connection.execute("CREATE INDEX failures ON results(status) WHERE status <> 'ok'");
  renew_totals(connection);
  transaction.commit();
}

}  // namespace windrow::detail
