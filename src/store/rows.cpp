#include "rows.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <type_traits>

#include "arrays/interface/array_files.hpp"
#include "elapsed.hpp"
#include "schema.hpp"
#include "sums.hpp"
#include "windrow/base/text.hpp"
#include "windrow/error.hpp"

namespace windrow::detail {
namespace {

constexpr std::string_view ok_status = "ok";

[[noreturn]] void throw_damaged(const std::filesystem::path& file, const std::string& what) {
  throw StoreError(
      fmt::format("{}: {}; the file is damaged, or was changed by another program: move it away and run again",
                  file.string(), what));
}

bool is_boolean(const Column& column) {
  return column.type == "boolean";
}

constexpr const char* evaluation_columns =
    "r.\"index\", r.status, e.rank, e.host, e.attempts, e.elapsed, e.code, e.message, e.started";
constexpr int status_column = 1;
constexpr int started_column = 8;
constexpr int first_value_column = 9;

/// All of evaluation_columns but the status and the start.
TaskFailure read_evaluation(const Statement& row) {
  TaskFailure failure;
  failure.index = row.count(0);
  failure.rank = static_cast<int>(row.integer(2));
  failure.host = row.text(3);
  failure.attempts = static_cast<int>(row.integer(4));
  failure.elapsed = row.real(5);
  failure.code = static_cast<int>(row.integer(6));
  failure.message = row.text(7);
  return failure;
}

}  // namespace

FailureKind read_kind(const std::string& status, const std::filesystem::path& file) {
  try {
    return failure_kind(status);
  } catch (const SpecError&) {
    throw_damaged(file, fmt::format("unknown status `{}`", status));
  }
}

Value read_rendered(const std::string& text, const std::filesystem::path& file) {
  if (text == "true") return true;
  if (text == "false") return false;
  const auto whole = text::parse_integer(text);
  if (!whole) throw_damaged(file, fmt::format("unreadable value `{}`", text));
  return *whole;
}

Value read_value(const Statement& statement, int column, bool boolean_column, const std::filesystem::path& file) {
  switch (statement.type(column)) {
    case Statement::Type::integer:
      if (boolean_column) return statement.integer(column) != 0;
      return statement.integer(column);
    case Statement::Type::text:
      return statement.text(column);
    case Statement::Type::blob:
      return read_rendered(statement.text(column), file);
    case Statement::Type::real:
    case Statement::Type::null:
      break;
  }
  return statement.real(column);
}

namespace {

std::string insert_results_sql(const StudyIdentity& identity) {
  std::string sql = "INSERT OR IGNORE INTO results(\"index\", status" + value_columns('p', identity.parameters) +
                    value_columns('o', identity.outputs) + ", checksum) VALUES(?, ?";
  for (std::size_t i = 0; i < identity.parameters.size() + identity.outputs.size(); ++i) sql += ", ?";
  return sql + ", ?)";
}

/// An SQL condition: the rows `r` of results and `e` of evaluations are as they were written.
std::string both_intact(Connection& connection) {
  return intact_sql(connection, "results", "r") + " AND " + intact_sql(connection, "evaluations", "e");
}

Record read_record(const Statement& row, const StudyIdentity& identity, const std::filesystem::path& file) {
  TaskFailure evaluation = read_evaluation(row);
  Record record;
  record.index = evaluation.index;
  record.rank = evaluation.rank;
  record.host = evaluation.host;
  record.attempts = evaluation.attempts;
  record.elapsed = evaluation.elapsed;
  record.started = row.real(started_column);

  int column = first_value_column;
  record.parameters.reserve(identity.parameters.size());
  for (const Column& parameter : identity.parameters) {
    record.parameters.push_back(read_value(row, column++, is_boolean(parameter), file));
  }
  const std::string status = row.text(status_column);
  if (status != ok_status) {
    evaluation.kind = read_kind(status, file);
    record.outcome = std::move(evaluation);
    return record;
  }
  std::vector<Value> outputs;
  outputs.reserve(identity.outputs.size());
  for (const Column& output : identity.outputs) {
    if (!is_array_type(output.type)) {
      outputs.push_back(read_value(row, column++, is_boolean(output), file));
      continue;
    }
    if (row.type(column) == Statement::Type::null) {  // optional, and missing
      outputs.emplace_back(row.real(column++));
      continue;
    }
    const std::filesystem::path path = array_path(output.name, record.index);
    record.arrays.push_back(parse_array_cell(row.text(column++), file));
    record.arrays.back().file = file.parent_path() / path;
    outputs.emplace_back(path.string());
  }
  record.outcome = std::move(outputs);
  return record;
}

TaskFailure read_failure(const Statement& row, const std::filesystem::path& file) {
  TaskFailure failure = read_evaluation(row);
  failure.kind = read_kind(row.text(status_column), file);
  return failure;
}

}  // namespace

void bind_value(Statement& statement, int parameter, const Value& value, bool boolean_column, RowHash* hash) {
  std::visit(
      [&](const auto& held) {
        using Held = std::decay_t<decltype(held)>;
        if constexpr (std::is_same_v<Held, std::string>) {
          statement.bind(parameter, std::string_view(held));
          if (hash != nullptr) hash->add_text(held);
        } else if constexpr (std::is_same_v<Held, std::shared_ptr<const Array>>) {
          throw StoreError("an array cannot be recorded in a column of another type");
        } else if constexpr (std::is_same_v<Held, double>) {
          if (hash != nullptr) std::isnan(held) ? hash->add_null() : hash->add(held);
          std::isnan(held) ? statement.bind_null(parameter) : statement.bind(parameter, held);
        } else if (std::is_same_v<Held, bool> == boolean_column) {
          if (hash != nullptr) hash->add(static_cast<std::int64_t>(held));
          statement.bind(parameter, static_cast<std::int64_t>(held));
        } else {
          const std::string rendered = value.render();
          if (hash != nullptr) hash->add_blob(rendered);
          statement.bind_blob(parameter, rendered);
        }
      },
      value.variant());
}

std::vector<std::string> names_of_arrays(const StudyIdentity& identity) {
  std::vector<std::string> names;
  for (const Column& output : identity.outputs) {
    if (is_array_type(output.type)) names.push_back(output.name);
  }
  return names;
}

RecordWriter::RecordWriter(Connection& connection, const StudyIdentity& identity, RowSums& sums)
    : connection_(connection),
      identity_(identity),
      sums_(sums),
      results_salt_(salt_of(connection, "results")),
      evaluations_salt_(salt_of(connection, "evaluations")),
      former_(former_columns(connection, "results").size()),
      results_(connection, insert_results_sql(identity)),
      evaluations_(connection, "INSERT INTO evaluations VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?)") {}

void RecordWriter::write(const Record& record, const std::vector<ArrayFile>& arrays) {
  bind_results(record, arrays);
  const std::int64_t results = hash_.value();
  results_.run();
  if (connection_.changes() == 0) {  // there is one already
    sums_.remove(record.index);
    results_.run();
  }
  bind_evaluation(record);
  evaluations_.run();
  sums_.add(results, !record.outcome.ok(), hash_.value(), record.elapsed);
}

void RecordWriter::bind_evaluation(const Record& record) {
  const TaskFailure* failure = record.outcome.ok() ? nullptr : &record.outcome.failure();
  const int code = failure != nullptr ? failure->code : 0;
  const std::string_view message = failure != nullptr ? std::string_view(failure->message) : std::string_view();
  hash_.restart(evaluations_salt_);
  const auto add_real = [&](double value) {
    std::isnan(value) ? hash_.add_null() : hash_.add(value + 0.0);  // a REAL column loses the sign of -0.0
  };
  hash_.add(static_cast<std::int64_t>(record.index));
  hash_.add(static_cast<std::int64_t>(record.rank));
  hash_.add_text(record.host);
  hash_.add(static_cast<std::int64_t>(record.attempts));
  add_real(record.started);
  add_real(record.elapsed);
  hash_.add(static_cast<std::int64_t>(code));
  hash_.add_text(message);
  evaluations_.with(record.index, record.rank, record.host, record.attempts, record.started, record.elapsed, code,
                    message, hash_.value());
}

void RecordWriter::bind_results(const Record& record, const std::vector<ArrayFile>& arrays) {
  const bool ok = record.outcome.ok();
  const std::string_view status = ok ? ok_status : name_of(record.outcome.failure().kind);
  auto array = arrays.begin();
  int at = 1;
  results_.bind(at++, record.index);
  results_.bind(at++, status);
  hash_.restart(results_salt_);
  hash_.add(static_cast<std::int64_t>(record.index));
  hash_.add_text(status);
  const auto bind_null = [&] {
    results_.bind_null(at++);
    hash_.add_null();
  };
  for (std::size_t i = 0; i < identity_.parameters.size(); ++i) {
    bind_value(results_, at++, record.parameters[i], is_boolean(identity_.parameters[i]), &hash_);
  }
  for (std::size_t i = 0; i < identity_.outputs.size(); ++i) {
    if (!ok) {
      bind_null();
    } else if (is_array_type(identity_.outputs[i].type)) {
      const std::string cell = array->size == 0 ? std::string() : array_cell(*array);
      ++array;
      if (cell.empty()) {
        bind_null();
        continue;
      }
      results_.bind(at++, std::string_view(cell));
      hash_.add_text(cell);
    } else {
      bind_value(results_, at++, record.outcome.value()[i], is_boolean(identity_.outputs[i]), &hash_);
    }
  }
  for (std::size_t i = 0; i < former_; ++i) hash_.add_null();
  results_.bind(at, hash_.value());
}

RecordReader::RecordReader(Connection& connection, const StudyIdentity& identity)
    : identity_(identity),
      file_(connection.file()),
      has_sums_(detail::has_sums(connection)),
      values_(static_cast<int>(identity.parameters.size() + identity.outputs.size())) {
  select_ = fmt::format("SELECT {}", evaluation_columns) + value_columns('p', identity.parameters) +
            value_columns('o', identity.outputs);
  if (has_sums_) {
    results_salt_ = salt_of(connection, "results");
    evaluations_salt_ = salt_of(connection, "evaluations");
    for (const std::string& former : former_columns(connection, "results")) {
      select_ += ", " + former;
      ++values_;
    }
    select_ += ", r.checksum, e.checksum";
  }
  // CROSS JOIN keeps SQLite from walking `evaluations` first.
  select_ += " FROM results r CROSS JOIN evaluations e USING(\"index\")";
}

void RecordReader::check(const Statement& row, Total* total) {
  hash_.restart(results_salt_);
  for (const int column : {0, status_column}) row.add_to(hash_, column);
  for (int i = 0; i < values_; ++i) row.add_to(hash_, first_value_column + i);
  const int checksum = first_value_column + values_;
  const bool intact = row.type(checksum) == Statement::Type::integer && hash_.value() == row.integer(checksum);
  hash_.restart(evaluations_salt_);
  for (const int column : {0, 2, 3, 4, started_column, 5, 6, 7}) row.add_to(hash_, column);  // as the table has them
  if (!intact || hash_.value() != row.integer(checksum + 1)) throw_damaged_row(file_, row.count(0));
  if (total != nullptr) total->add(row.integer(checksum));
}

Record RecordReader::read(const Statement& row, Total* total) {
  if (has_sums_) check(row, total);
  return read_record(row, identity_, file_);
}

bool for_each_point(Connection& connection, const Generation& generation,
                    const std::function<bool(const StoredPoint&)>& visit, const std::string& flag) {
  Statement select(
      connection,
      fmt::format("SELECT \"index\", status, {}, {}{} FROM {} r WHERE \"index\" >= ? ORDER BY \"index\" LIMIT ?", flag,
                  intact_sql(connection, generation.table("results"), "r"),
                  value_columns('p', generation.identity.parameters), generation.table("results")));
  const auto read = [&](const Statement& row) {
    StoredPoint point{row.count(0), row.text(1) != ok_status, row.integer(2) != 0, {}};
    if (row.integer(3) == 0) throw_damaged_row(connection.file(), point.index);
    int column = 4;
    for (const Column& parameter : generation.identity.parameters) {
      point.values.push_back(read_value(row, column++, is_boolean(parameter), connection.file()));
    }
    return point;
  };
  return for_each_in_pages(select, 256, read, visit);
}

void for_each_time(Connection& connection, const std::function<void(const PointTime&)>& visit) {
  Statement select(
      connection,
      fmt::format("SELECT e.\"index\", e.elapsed, r.status = 'ok', {} FROM evaluations e CROSS JOIN results r "
                  "USING(\"index\") WHERE e.\"index\" >= ? AND e.attempts > 0 ORDER BY e.\"index\" LIMIT ?",
                  both_intact(connection)));
  const auto read = [&](const Statement& row) {
    if (row.integer(3) == 0) throw_damaged_row(connection.file(), row.count(0));
    return PointTime{row.count(0), row.real(1), row.integer(2) != 0};
  };
  for_each_in_pages(select, 4096, read, [&](const PointTime& time) {
    visit(time);
    return true;
  });
}

void write_attempt(Connection& connection, const Attempt& attempt) {
  const TaskFailure& failure = attempt.failure;
  connection.run(
      "INSERT INTO attempts(\"index\", attempt, status, rank, host, started, elapsed, code, message) "
      "SELECT ?1, coalesce(max(attempt), 0) + 1, ?2, ?3, ?4, ?5, ?6, ?7, ?8 FROM attempts "
      "WHERE \"index\" = ?1",
      failure.index, name_of(failure.kind), failure.rank, failure.host, attempt.started, failure.elapsed, failure.code,
      failure.message);
}

void keep_as_attempt(Connection& connection, std::uint64_t index) {
  connection.run(
      "INSERT INTO attempts(\"index\", attempt, status, rank, host, started, elapsed, code, message) "
      "SELECT ?1, (SELECT coalesce(max(attempt), 0) + 1 FROM attempts WHERE \"index\" = ?1), "
      "r.status, e.rank, e.host, e.started, e.elapsed, e.code, e.message "
      "FROM results r CROSS JOIN evaluations e USING(\"index\") WHERE r.\"index\" = ?1 AND e.attempts > 0",
      index);
}

std::vector<std::string> read_array_cells(Connection& connection, const StudyIdentity& identity, std::uint64_t index) {
  std::string columns;
  int count = 0;
  for (std::size_t i = 0; i < identity.outputs.size(); ++i) {
    if (is_array_type(identity.outputs[i].type)) columns += fmt::format("{}o{}", count++ > 0 ? ", " : "", i);
  }
  std::vector<std::string> cells;
  connection.for_each_row(
      fmt::format("SELECT {} FROM results WHERE \"index\" = ? AND status = 'ok'", columns),
      [&](const Statement& row) {
        for (int i = 0; i < count; ++i) cells.push_back(row.text(i));
      },
      index);
  return cells;
}

void copy_outcome(Connection& connection, const StudyIdentity& identity, RowSums& sums, std::uint64_t from,
                  std::uint64_t to) {
  connection.for_each_row(
      fmt::format("SELECT {} FROM results r CROSS JOIN evaluations e USING(\"index\") WHERE r.\"index\" = ?",
                  both_intact(connection)),
      [&](const Statement& row) {
        if (row.integer(0) == 0) throw_damaged_row(connection.file(), from);
      },
      from);
  sums.remove(to);
  const std::string columns = "status" + value_columns('p', identity.parameters) + value_columns('o', identity.outputs);
  connection.run(
      fmt::format("INSERT INTO results(\"index\", {0}) SELECT ?1, {0} FROM results WHERE \"index\" = ?2", columns), to,
      from);
  connection.run(
      "INSERT INTO evaluations SELECT ?1, rank, host, 0, started, 0.0, code, message, NULL FROM evaluations "
      "WHERE \"index\" = ?2",
      to, from);
  sums.close(to);
}

std::vector<Attempt> read_attempts(Connection& connection, std::uint64_t index) {
  std::vector<Attempt> attempts;
  // In the order of evaluation_columns. What failed in an earlier run becomes an attempt only when this one has an
  // outcome, after the attempts of this run.
  connection.for_each_row(
      fmt::format("SELECT \"index\", status, rank, host, 1, elapsed, code, message, started, {} FROM attempts a "
                  "WHERE \"index\" = ? ORDER BY started, attempt",
                  intact_sql(connection, "attempts", "a")),
      [&](const Statement& row) {
        if (row.integer(started_column + 1) == 0) throw_damaged_row(connection.file(), index);
        attempts.push_back({read_failure(row, connection.file()), row.real(started_column)});
      },
      index);
  return attempts;
}

std::vector<TaskFailure> read_failures(Connection& connection, std::size_t limit) {
  constexpr std::size_t most = std::size_t{1} << 62U;
  std::vector<TaskFailure> failures;
  connection.for_each_row(
      fmt::format("SELECT {}, {} FROM results r INDEXED BY failures CROSS JOIN evaluations e USING(\"index\") "
                  "WHERE r.status <> 'ok' ORDER BY r.\"index\" LIMIT ?",
                  evaluation_columns, both_intact(connection)),
      [&](const Statement& row) {
        if (row.integer(first_value_column) == 0) throw_damaged_row(connection.file(), row.count(0));
        failures.push_back(read_failure(row, connection.file()));
      },
      std::min(limit, most));
  return failures;
}

void for_each_failure(Connection& connection, const StudyIdentity& identity,
                      const std::function<void(const Record&)>& visit) {
  const int intact = first_value_column + static_cast<int>(identity.parameters.size());
  connection.for_each_row(
      fmt::format("SELECT {}{}, {} FROM results r INDEXED BY failures CROSS JOIN evaluations e USING(\"index\") "
                  "WHERE r.status <> 'ok'",
                  evaluation_columns, value_columns('p', identity.parameters), both_intact(connection)),
      [&](const Statement& row) {
        if (row.integer(intact) == 0) throw_damaged_row(connection.file(), row.count(0));
        visit(read_record(row, identity, connection.file()));
      });
}

std::vector<std::pair<std::string, std::uint64_t>> count_failures(Connection& connection) {
  const bool checked = has_sums(connection);
  std::map<std::string, std::uint64_t> counts;
  Total total;
  connection.for_each_row(fmt::format("SELECT status, {}, {} FROM results r INDEXED BY failures WHERE status <> 'ok'",
                                      checked ? "checksum" : "0", intact_sql(connection, "results", "r")),
                          [&](const Statement& row) {
                            ++counts[row.text(0)];
                            total.add(row.integer(1));
                            if (row.integer(2) == 0) throw_damaged_rows(connection.file());
                          });
  if (checked && total != read_total(connection, failures_total)) throw_incomplete(connection.file(), "results");
  std::vector<std::pair<std::string, std::uint64_t>> sorted(counts.begin(), counts.end());
  std::ranges::stable_sort(sorted, std::greater(), [](const auto& kind) { return kind.second; });
  return sorted;
}

namespace {

/// Each row is checked. @param told  what they are to add up to
TimesTaken add_up_rows(Connection& connection, const Total& told) {
  constexpr int elapsed = 5, checksum = 8;  // as the table has them
  RowHash hash(0);
  Total total;
  ElapsedSum sum;
  const std::int64_t salt = salt_of(connection, "evaluations");
  connection.for_each_row("SELECT * FROM evaluations", [&](const Statement& row) {
    hash.restart(salt);
    for (int i = 0; i < checksum; ++i) row.add_to(hash, i);
    if (hash.value() != row.integer(checksum)) throw_damaged_row(connection.file(), row.count(0));
    total.add(row.integer(checksum));
    sum.add(row.real(elapsed));
  });
  if (total != told) throw_incomplete(connection.file(), "evaluations");
  return {static_cast<std::uint64_t>(total.count), sum.seconds()};
}

}  // namespace

TimesTaken add_up_times(Connection& connection) {
  // As long as that takes no time that anybody notices, damage is told as soon as somebody asks how far a study is.
  constexpr std::int64_t few = 65536;
  if (!has_sums(connection)) {
    TimesTaken taken;
    connection.for_each_row("SELECT count(*), total(elapsed) FROM evaluations", [&](const Statement& row) {
      taken = {row.count(0), row.real(1)};
    });
    return taken;
  }
  const Total told = read_total(connection, "evaluations");
  const bool are_few = told.count <= few || told.count != read_total(connection, "results").count;
  const std::optional<ElapsedSum> sum = are_few ? std::nullopt : read_elapsed(connection, told);
  return sum ? TimesTaken{static_cast<std::uint64_t>(told.count), sum->seconds()} : add_up_rows(connection, told);
}

void require_whole(Connection& connection) {
  if (!has_sums(connection)) return;
  Total evaluations, failures;
  connection.for_each_row("SELECT checksum FROM evaluations",
                          [&](const Statement& row) { evaluations.add(row.integer(0)); });
  connection.for_each_row("SELECT checksum FROM results r INDEXED BY failures WHERE status <> 'ok'",
                          [&](const Statement& row) { failures.add(row.integer(0)); });
  if (evaluations != read_total(connection, "evaluations")) throw_incomplete(connection.file(), "evaluations");
  if (failures != read_total(connection, failures_total)) throw_incomplete(connection.file(), "results");
}

IndexSet read_failed(Connection& connection) {
  IndexSet failed;
  connection.for_each_row("SELECT \"index\" FROM results INDEXED BY failures WHERE status <> 'ok' ORDER BY \"index\"",
                          [&](const Statement& row) { failed.insert(row.count(0)); });
  return failed;
}

IndexSet read_failed(Connection& connection, FailureKind kind) {
  IndexSet failed;
  connection.for_each_row(
      "SELECT \"index\" FROM results INDEXED BY failures WHERE status <> 'ok' AND status = ? ORDER BY \"index\"",
      [&](const Statement& row) { failed.insert(row.count(0)); }, name_of(kind));
  return failed;
}

namespace {

KnownOutcomes known_of(const IndexSet& all, IndexSet failed) {
  KnownOutcomes known;
  known.succeeded = all.without(failed);
  known.failed = std::move(failed);
  return known;
}

}  // namespace

KnownOutcomes read_known(Connection& connection) {
  // The rows of `evaluations` are short whatever the number of columns, and there is one for every result.
  IndexSet all;
  connection.for_each_row("SELECT \"index\" FROM evaluations ORDER BY \"index\"",
                          [&](const Statement& row) { all.insert(row.count(0)); });
  return known_of(all, read_failed(connection));
}

KnownOutcomes read_checked(Connection& connection) {
  const auto count = static_cast<std::uint64_t>(read_total(connection, "evaluations").count);
  if (count == 0) return read_known(connection);
  // Each is found at an end of the table; asked for both at once, SQLite would read all of it.
  const auto end = [&](const char* which) {
    return static_cast<std::uint64_t>(
        connection.integer(fmt::format("SELECT coalesce({}(\"index\"), 0) FROM evaluations", which)));
  };
  const std::uint64_t first = end("min");
  if (end("max") - first != count - 1) return read_known(connection);
  IndexSet all;
  all.insert(IndexRange{first, count});
  return known_of(all, read_failed(connection));
}

}  // namespace windrow::detail
