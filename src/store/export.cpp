#include "windrow/store/export.hpp"

#include <sstream>

#include "exported.hpp"
#include "windrow/base/csv.hpp"
#include "windrow/base/display.hpp"
#include "windrow/base/text.hpp"
#include "windrow/error.hpp"

namespace windrow {
namespace {

std::string status_text(const Record& record) {
  return record.outcome.ok() ? "ok" : std::string(name_of(record.outcome.failure().kind));
}

using Fields = std::vector<std::string>;

void write_fields(std::ostream& out, Fields& fields, CsvBytes bytes) {
  if (bytes == CsvBytes::escaped) {
    for (std::string& field : fields) {
      if (!text::is_plain(field)) field = text::as_cell(field);
    }
  }
  csv::write_record(out, fields);
}

const Fields kEvaluationColumns = {"index",   "status",  "attempts", "rank",   "host",
                                   "started", "elapsed", "code",     "message"};

void add_evaluation(Fields& fields, const Record& record) {
  const TaskFailure* failure = record.outcome.ok() ? nullptr : &record.outcome.failure();
  for (std::string field : {std::to_string(record.index), status_text(record), std::to_string(record.attempts),
                            std::to_string(record.rank), record.host, text::render(record.started),
                            text::render(record.elapsed), std::to_string(failure != nullptr ? failure->code : 0),
                            failure != nullptr ? failure->message : std::string()}) {
    fields.push_back(std::move(field));
  }
}

void add_names(Fields& fields, const std::vector<Column>& columns) {
  for (const Column& column : columns) fields.push_back(column.name);
}

void add_cells(Fields& fields, const std::vector<std::optional<Value>>& cells) {
  for (const std::optional<Value>& cell : cells) fields.push_back(cell ? cell->written() : std::string());
}

void write_column(std::ostream& out, const char* role, const Column& column) {
  Fields fields = {column.name, role, column.unit, column.type, column.description};
  write_fields(out, fields, CsvBytes::escaped);
}

/// From the index on.
void write_columns(std::ostream& out, const std::vector<Column>& parameters, const std::vector<Column>& outputs) {
  write_column(out, "index", {"index", "", "integer", "number of the point, from 0"});
  for (const Column& column : parameters) write_column(out, "parameter", column);
  for (const Column& column : outputs) write_column(out, "output", column);
  write_column(out, "status", {"status", "", "string", "ok, or the kind of failure"});
}

void require_written(std::ostream& out) {
  if (out.flush()) return;
  throw StoreError("the export could not be written completely; check the free space where it goes");
}

}  // namespace

void export_csv(const StoreReader& store, std::ostream& out) {
  export_csv(store, out, CsvBytes::escaped);
}

void export_csv(const StoreReader& store, std::ostream& out, CsvBytes bytes) {
  const StudyIdentity& study = store.identity();
  Fields fields = {"index"};
  add_names(fields, study.parameters);
  add_names(fields, study.outputs);
  fields.emplace_back("status");
  write_fields(out, fields, bytes);

  store.for_lines(bytes, [&](std::string_view lines) {
    out.write(lines.data(), static_cast<std::streamsize>(lines.size()));
    return out.good();
  });
  require_written(out);
}

void export_csv(const NestedReader& stores, std::ostream& out) {
  export_csv(stores, out, CsvBytes::escaped);
}

void export_csv(const NestedReader& stores, std::ostream& out, CsvBytes bytes) {
  Fields fields;
  add_names(fields, stores.loops());
  fields.emplace_back("index");
  add_names(fields, stores.parameters());
  add_names(fields, stores.outputs());
  fields.emplace_back("status");
  write_fields(out, fields, bytes);

  stores.for_each([&](const NestedRow& row) {
    fields.clear();
    add_cells(fields, row.loops);
    fields.push_back(std::to_string(row.record.index));
    add_cells(fields, row.parameters);
    add_cells(fields, row.outputs);
    fields.push_back(status_text(row.record));
    write_fields(out, fields, bytes);
  });
  require_written(out);
}

void export_columns_csv(const StoreReader& store, std::ostream& out) {
  csv::write_record(out, {"name", "role", "unit", "type", "description"});
  write_columns(out, store.identity().parameters, store.identity().outputs);
  require_written(out);
}

void export_columns_csv(const NestedReader& stores, std::ostream& out) {
  csv::write_record(out, {"name", "role", "unit", "type", "description"});
  for (const Column& loop : stores.loops()) write_column(out, "loop", loop);
  write_columns(out, stores.parameters(), stores.outputs());
  require_written(out);
}

void export_evaluations_csv(const StoreReader& store, std::ostream& out) {
  export_evaluations_csv(store, out, CsvBytes::escaped);
}

void export_evaluations_csv(const StoreReader& store, std::ostream& out, CsvBytes bytes) {
  csv::write_record(out, kEvaluationColumns);
  Fields fields;
  store.for_each([&](const Record& record) {
    fields.clear();
    add_evaluation(fields, record);
    write_fields(out, fields, bytes);
  });
  require_written(out);
}

void export_evaluations_csv(const NestedReader& stores, std::ostream& out) {
  export_evaluations_csv(stores, out, CsvBytes::escaped);
}

void export_evaluations_csv(const NestedReader& stores, std::ostream& out, CsvBytes bytes) {
  Fields fields;
  add_names(fields, stores.loops());
  fields.insert(fields.end(), kEvaluationColumns.begin(), kEvaluationColumns.end());
  csv::write_record(out, fields);
  stores.for_each([&](const NestedRow& row) {
    fields.clear();
    add_cells(fields, row.loops);
    add_evaluation(fields, row.record);
    write_fields(out, fields, bytes);
  });
  require_written(out);
}

void export_csv(const SelectedRows& rows, std::ostream& out, CsvBytes bytes) {
  Fields fields;
  for (const SelectedColumn& column : rows.columns()) fields.push_back(column.column.name);
  write_fields(out, fields, bytes);
  const auto line_of = [&](const SelectedRow& row) {
    fields.clear();
    for (const SelectedCell& cell : row.cells) fields.push_back(cell.value ? cell.value->written() : std::string());
    std::ostringstream line;
    write_fields(line, fields, bytes);
    return std::move(line).str();
  };
  rows.for_each_text(line_of, [&](std::string_view line) { return static_cast<bool>(out << line); });
  require_written(out);
}

void export_columns_csv(const SelectedRows& rows, std::ostream& out) {
  csv::write_record(out, {"name", "role", "unit", "type", "description"});
  for (const SelectedColumn& column : rows.columns()) write_column(out, name_of(column.role), column.column);
  require_written(out);
}

}  // namespace windrow
