#include "rows.hpp"

#include <fmt/format.h>

#include <cmath>
#include <type_traits>

#include "arrays/interface/array_files.hpp"
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
  failure.index = static_cast<std::uint64_t>(row.integer(0));
  failure.rank = static_cast<int>(row.integer(2));
  failure.host = row.text(3);
  failure.attempts = static_cast<int>(row.integer(4));
  failure.elapsed = row.real(5);
  failure.code = static_cast<int>(row.integer(6));
  failure.message = row.text(7);
  return failure;
}

}  // namespace

void bind_value(Statement& statement, int parameter, const Value& value, bool boolean_column) {
  std::visit(
      [&](const auto& held) {
        using Held = std::decay_t<decltype(held)>;
        if constexpr (std::is_same_v<Held, std::string>) {
          statement.bind(parameter, std::string_view(held));
        } else if constexpr (std::is_same_v<Held, std::shared_ptr<const Array>>) {
          throw StoreError("an array cannot be recorded in a column of another type");
        } else if constexpr (std::is_same_v<Held, double>) {
          std::isnan(held) ? statement.bind_null(parameter) : statement.bind(parameter, held);
        } else if (std::is_same_v<Held, bool> == boolean_column) {
          statement.bind(parameter, static_cast<std::int64_t>(held));
        } else {
          statement.bind_blob(parameter, value.render());
        }
      },
      value.variant());
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

std::vector<std::string> names_of_arrays(const StudyIdentity& identity) {
  std::vector<std::string> names;
  for (const Column& output : identity.outputs) {
    if (is_array_type(output.type)) names.push_back(output.name);
  }
  return names;
}

std::string insert_results_sql(const StudyIdentity& identity) {
  std::string sql = "INSERT OR REPLACE INTO results VALUES(?, ?";
  for (std::size_t i = 0; i < identity.parameters.size() + identity.outputs.size(); ++i) sql += ", ?";
  return sql + ")";
}

void bind_results(Statement& insert, const Record& record, const StudyIdentity& identity,
                  const std::vector<ArrayFile>& arrays) {
  const bool ok = record.outcome.ok();
  auto array = arrays.begin();
  int at = 1;
  insert.bind(at++, static_cast<std::int64_t>(record.index));
  insert.bind(at++, ok ? ok_status : name_of(record.outcome.failure().kind));
  for (std::size_t i = 0; i < identity.parameters.size(); ++i) {
    bind_value(insert, at++, record.parameters[i], is_boolean(identity.parameters[i]));
  }
  for (std::size_t i = 0; i < identity.outputs.size(); ++i) {
    if (!ok) {
      insert.bind_null(at++);
    } else if (is_array_type(identity.outputs[i].type)) {
      insert.bind(at++, array_cell(*array++));
    } else {
      bind_value(insert, at++, record.outcome.value()[i], is_boolean(identity.outputs[i]));
    }
  }
}

void bind_evaluation(Statement& insert, const Record& record) {
  insert.bind(1, static_cast<std::int64_t>(record.index)).bind(2, static_cast<std::int64_t>(record.rank));
  insert.bind(3, std::string_view(record.host)).bind(4, static_cast<std::int64_t>(record.attempts));
  insert.bind(5, record.started).bind(6, record.elapsed);
  const TaskFailure* failure = record.outcome.ok() ? nullptr : &record.outcome.failure();
  insert.bind(7, static_cast<std::int64_t>(failure != nullptr ? failure->code : 0));
  insert.bind(8, failure != nullptr ? std::string_view(failure->message) : std::string_view());
}

std::string select_records_sql(const StudyIdentity& identity) {
  std::string sql = fmt::format("SELECT {}", evaluation_columns);
  for (std::size_t i = 0; i < identity.parameters.size(); ++i) sql += fmt::format(", p{}", i);
  for (std::size_t i = 0; i < identity.outputs.size(); ++i) sql += fmt::format(", o{}", i);
  // CROSS JOIN keeps SQLite from walking `evaluations` first.
  return sql + " FROM results r CROSS JOIN evaluations e USING(\"index\")";
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
    const std::filesystem::path path = array_path(output.name, record.index);
    record.arrays.push_back(parse_array_cell(row.text(column++), file));
    record.arrays.back().file = file.parent_path() / path;
    outputs.emplace_back(path.string());
  }
  record.outcome = std::move(outputs);
  return record;
}

bool for_each_point(Connection& connection, const Generation& generation,
                    const std::function<bool(const StoredPoint&)>& visit) {
  constexpr std::int64_t page = 256;
  std::string sql = "SELECT \"index\", status";
  for (std::size_t i = 0; i < generation.identity.parameters.size(); ++i) sql += fmt::format(", p{}", i);
  sql += fmt::format(" FROM {} WHERE \"index\" >= ? ORDER BY \"index\" LIMIT ?", generation.table("results"));
  Statement select(connection, sql);
  std::vector<StoredPoint> points;
  std::int64_t next = 0;
  do {
    points.clear();
    const ResetAtEnd end(select);
    select.bind(1, next).bind(2, page);
    while (select.step()) {
      StoredPoint& point = points.emplace_back();
      point.index = static_cast<std::uint64_t>(select.integer(0));
      point.failed = select.text(1) != ok_status;
      int column = 2;
      for (const Column& parameter : generation.identity.parameters) {
        point.values.push_back(read_value(select, column++, is_boolean(parameter), connection.file()));
      }
    }
    if (!points.empty()) next = static_cast<std::int64_t>(points.back().index) + 1;
    for (const StoredPoint& point : points) {
      if (!visit(point)) return false;
    }
  } while (points.size() == static_cast<std::size_t>(page));
  return true;
}

void bind_attempt(Statement& insert, const Attempt& attempt) {
  const TaskFailure& failure = attempt.failure;
  insert.bind(1, static_cast<std::int64_t>(failure.index)).bind(2, name_of(failure.kind));
  insert.bind(3, static_cast<std::int64_t>(failure.rank)).bind(4, std::string_view(failure.host));
  insert.bind(5, attempt.started).bind(6, failure.elapsed).bind(7, static_cast<std::int64_t>(failure.code));
  insert.bind(8, std::string_view(failure.message));
}

std::string select_attempts_sql() {
  // In the order of evaluation_columns. What failed in an earlier run becomes an attempt only when this one has an
  // outcome, after the attempts of this run.
  return "SELECT \"index\", status, rank, host, 1, elapsed, code, message, started FROM attempts WHERE \"index\" = ? "
         "ORDER BY started, attempt";
}

Attempt read_attempt(const Statement& row, const std::filesystem::path& file) {
  return {read_failure(row, file), row.real(started_column)};
}

std::string select_times_sql() {
  return fmt::format(
      "SELECT e.\"index\", e.elapsed, r.status = '{}' FROM evaluations e CROSS JOIN results r USING(\"index\") "
      "WHERE e.\"index\" >= ? ORDER BY e.\"index\" LIMIT ?",
      ok_status);
}

PointTime read_time(const Statement& row) {
  return {static_cast<std::uint64_t>(row.integer(0)), row.real(1), row.integer(2) != 0};
}

std::string select_failures_sql() {
  return fmt::format(
      "SELECT {} FROM results r INDEXED BY failures CROSS JOIN evaluations e USING(\"index\") "
      "WHERE r.status <> 'ok' ORDER BY r.\"index\" LIMIT ?",
      evaluation_columns);
}

TaskFailure read_failure(const Statement& row, const std::filesystem::path& file) {
  TaskFailure failure = read_evaluation(row);
  failure.kind = read_kind(row.text(status_column), file);
  return failure;
}

}  // namespace windrow::detail
