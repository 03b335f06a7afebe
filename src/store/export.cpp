#include "windrow/store/export.hpp"

#include <limits>

#include "windrow/base/csv.hpp"
#include "windrow/base/text.hpp"
#include "windrow/error.hpp"

namespace windrow {
namespace {

std::string status_text(const Record& record) {
  return record.outcome.ok() ? "ok" : std::string(name_of(record.outcome.failure().kind));
}

/// What stands for the output of a failed point.
std::string missing(const Column& output) {
  const bool numeric = output.type == "number" || output.type == "integer";
  return numeric ? text::render(std::numeric_limits<double>::quiet_NaN()) : std::string();
}

void require_written(std::ostream& out) {
  if (out.flush()) return;
  throw StoreError("the export could not be written completely; check the free space where it goes");
}

}  // namespace

void export_csv(const StoreReader& store, std::ostream& out) {
  const StudyIdentity& study = store.identity();
  std::vector<std::string> fields = {"index"};
  for (const Column& column : study.parameters) fields.push_back(column.name);
  for (const Column& column : study.outputs) fields.push_back(column.name);
  fields.emplace_back("status");
  csv::write_record(out, fields);

  store.for_each([&](const Record& record) {
    fields.assign(1, std::to_string(record.index));
    for (const Value& value : record.parameters) fields.push_back(value.render());
    for (std::size_t i = 0; i < study.outputs.size(); ++i) {
      fields.push_back(record.outcome.ok() ? record.outcome.value()[i].render() : missing(study.outputs[i]));
    }
    fields.push_back(status_text(record));
    csv::write_record(out, fields);
  });
  require_written(out);
}

void export_columns_csv(const StoreReader& store, std::ostream& out) {
  const auto write = [&](const char* role, const Column& column) {
    csv::write_record(out, {column.name, role, column.unit, column.type, column.description});
  };
  csv::write_record(out, {"name", "role", "unit", "type", "description"});
  write("index", {"index", "", "integer", "number of the point, from 0"});
  for (const Column& column : store.identity().parameters) write("parameter", column);
  for (const Column& column : store.identity().outputs) write("output", column);
  write("status", {"status", "", "string", "ok, or the kind of failure"});
  require_written(out);
}

void export_evaluations_csv(const StoreReader& store, std::ostream& out) {
  csv::write_record(out, {"index", "status", "attempts", "rank", "host", "started", "elapsed", "code", "message"});
  store.for_each([&](const Record& record) {
    const TaskFailure* failure = record.outcome.ok() ? nullptr : &record.outcome.failure();
    csv::write_record(out, {std::to_string(record.index), status_text(record), std::to_string(record.attempts),
                            std::to_string(record.rank), record.host, text::render(record.started),
                            text::render(record.elapsed), std::to_string(failure != nullptr ? failure->code : 0),
                            failure != nullptr ? failure->message : std::string()});
  });
  require_written(out);
}

}  // namespace windrow
