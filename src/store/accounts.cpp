#include <fmt/format.h>

#include "rows.hpp"
#include "sums.hpp"

namespace windrow::detail {
namespace {

constexpr const char* accounts_table = R"(
CREATE TABLE IF NOT EXISTS accounts(
  run INTEGER NOT NULL, worker INTEGER NOT NULL, host TEXT NOT NULL, wall REAL NOT NULL, build REAL NOT NULL,
  evaluate REAL NOT NULL, transfer REAL NOT NULL, store REAL NOT NULL, coordinate REAL NOT NULL, wait REAL NOT NULL,
  failed REAL NOT NULL, points INTEGER NOT NULL, attempts INTEGER NOT NULL, losses INTEGER NOT NULL, began REAL,
  began_after REAL NOT NULL, PRIMARY KEY(run, worker)) WITHOUT ROWID
)";

constexpr int kRoot = -1;  // the worker of the root's own thread

void write_row(Statement& insert, const WorkerAccount& row) {
  const ActivityTimes& spent = row.spent;
  insert.run(row.worker, row.host, row.wall, spent.build, spent.evaluate, spent.transfer, spent.store, spent.coordinate,
             spent.wait, row.failed, row.points, row.attempts, row.losses, row.began, row.began_after);
}

WorkerAccount read_row(const Statement& select) {
  WorkerAccount row;
  row.worker = static_cast<int>(select.integer(1));
  row.host = select.text(2);
  int at = 3;
  for (double* seconds : {&row.wall, &row.spent.build, &row.spent.evaluate, &row.spent.transfer, &row.spent.store,
                          &row.spent.coordinate, &row.spent.wait, &row.failed}) {
    *seconds = select.real(at++);
  }
  for (std::uint64_t* number : {&row.points, &row.attempts, &row.losses}) *number = select.count(at++);
  row.began = select.real(at);
  row.began_after = select.real(at + 1);
  return row;
}

}  // namespace

void write_account(Connection& connection, const TimeAccount& account) {
  Transaction transaction(connection, "BEGIN IMMEDIATE");
  connection.execute(accounts_table);
  Statement insert(connection,
                   "INSERT OR REPLACE INTO accounts SELECT max(run), ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ? "
                   "FROM runs");
  for (const WorkerAccount& worker : account.workers) write_row(insert, worker);
  if (account.root) write_row(insert, *account.root);
  transaction.commit();
}

std::vector<RunTimes> read_run_times(Connection& connection) {
  std::vector<RunTimes> runs;
  connection.for_each_row("SELECT run, started FROM runs ORDER BY run", [&](const Statement& row) {
    runs.push_back({row.integer(0), row.real(1), {}});
  });
  if (!connection.has_table("accounts")) return runs;
  Statement select(connection, "SELECT * FROM accounts ORDER BY run, worker");
  auto run = runs.begin();
  while (select.step()) {
    while (run != runs.end() && run->run < select.integer(0)) ++run;
    if (run == runs.end()) break;  // begun since the runs were read
    if (!run->account) run->account.emplace();
    WorkerAccount row = read_row(select);
    run->account->wall = row.wall;
    if (row.worker == kRoot) {
      run->account->root = std::move(row);
    } else {
      run->account->workers.push_back(std::move(row));
    }
  }
  return runs;
}

void for_each_evaluation(Connection& connection, double from, double to,
                         const std::function<void(const EvaluationTime&)>& visit) {
  std::string sql = fmt::format(
      "SELECT rank, started, \"index\", host, elapsed, r.status, 1, {} AND {} FROM evaluations e "
      "CROSS JOIN results r USING(\"index\") WHERE started BETWEEN ?1 AND ?2 AND attempts > 0",
      intact_sql(connection, "evaluations", "e"), intact_sql(connection, "results", "r"));
  if (has_generations(connection)) {
    sql += fmt::format(
        " UNION ALL SELECT rank, started, \"index\", host, elapsed, status, 0, {} FROM attempts a "
        "WHERE started BETWEEN ?1 AND ?2",
        intact_sql(connection, "attempts", "a"));
  }
  const auto tell = [&](const Statement& row) {
    if (row.integer(7) == 0) throw_damaged_row(connection.file(), row.count(2));
    visit({row.count(2), static_cast<int>(row.integer(0)), row.text(3), row.real(1), row.real(4), row.text(5),
           row.integer(6) != 0});
  };
  connection.for_each_row(sql + " ORDER BY 1, 2, 3", tell, from, to);
}

}  // namespace windrow::detail
