#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <ctime>
#include <optional>

#include "common.hpp"
#include "json.hpp"
#include "verbs.hpp"
#include "windrow/base/text.hpp"
#include "windrow/error.hpp"
#include "windrow/process/exit_status.hpp"
#include "windrow/run/sweep.hpp"
#include "windrow/study/study.hpp"

namespace windrow::app {
namespace {

void print_values(const std::vector<Column>& columns, const std::vector<Value>& values) {
  std::size_t width = 0;
  for (const Column& column : columns) width = std::max(width, column.name.size());
  for (std::size_t i = 0; i < columns.size() && i < values.size(); ++i) {
    fmt::print("  {:<{}} = {}{}\n", columns[i].name, width, values[i].written(),
               columns[i].unit.empty() ? "" : " " + columns[i].unit);
  }
}

/// Of an optional output. (A number that is missing is nan.)
bool is_missing(const Column& column, const Value& value) {
  return column.type != "number" && value.is_number() && std::isnan(value.number());
}

/// Of an array what there is to say in a line: "1000 x 500 <f8 in K, 4000128 bytes, arrays/field/17.npy".
void print_outputs(std::vector<Column> columns, const Record& record) {
  std::vector<Value> values = record.outcome.value();
  auto array = record.arrays.begin();
  for (std::size_t i = 0; i < columns.size(); ++i) {
    if (is_missing(columns[i], values[i])) {
      values[i] = "missing";
      columns[i].unit.clear();
      continue;
    }
    if (!detail::is_array_type(columns[i].type)) {
      if (std::holds_alternative<double>(values[i].variant()))
        values[i].spelled(text::render_plain(values[i].number()));
      continue;
    }
    values[i] = fmt::format("{} {}{}, {} bytes, {}{}", render_shape(array->shape), array->type,
                            columns[i].unit.empty() ? "" : " in " + columns[i].unit, array->size, values[i].text(),
                            array->is_whole() ? "" : " (damaged: missing, or not as long as it was)");
    columns[i].unit.clear();
    ++array;
  }
  print_values(columns, values);
}

ExitStatus ending(int code) {
  return code < 0 ? ExitStatus::signalled(-code) : ExitStatus::exited(code);
}

/// Whose outcome it is: the record's own, or that of an equal point that was evaluated.
std::uint64_t evaluated_point(const StoreReader& store, const Record& record) {
  std::optional<std::uint64_t> found;
  if (record.attempts == 0) {
    store.for_each([&](const Record& other) {
      if (!found && other.attempts > 0 && other.parameters == record.parameters) found = other.index;
    });
  }
  return found.value_or(record.index);
}

void print_evaluation(const Record& record) {
  const auto started = static_cast<std::time_t>(record.started);
  fmt::print("Evaluated on rank {} ({})", record.rank, record.host);
  if (started > 0) fmt::print(", started {:%Y-%m-%d %H:%M:%S}", fmt::localtime(started));
  fmt::print(", took {}, {}\n", text::render_duration(record.elapsed),
             counted(static_cast<std::uint64_t>(record.attempts), "attempt"));
}

std::vector<std::string> sorted_names(const std::filesystem::path& directory) {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(directory))
    names.push_back(entry.path().filename().string());
  std::sort(names.begin(), names.end());
  return names;
}

void print_directory(const std::filesystem::path& directory) {
  std::error_code none;
  if (!std::filesystem::is_directory(directory, none)) {
    fmt::print("Its directory was not kept (`keep` in [command] says which stay).\n");
    return;
  }
  fmt::print("Files in {}:\n", directory.string());
  for (const std::string& name : sorted_names(directory)) fmt::print("  {}\n", name);
}

std::string study_file_of(const StoreReader& store) {
  std::string file;
  for (const auto& run : store.runs()) {
    for (const auto& [name, text] : run) {
      if (name == "study_file") file = text;
    }
  }
  return file;
}

/// The study as its file is now, which may not be what the results are of.
struct Present {
  Study study;
  StudyIdentity identity;
};

// Nothing if the study file has moved, or is not in order.
std::optional<Present> present_study(const StoreReader& store, const std::filesystem::path& given) {
  try {
    Study study = load_study(given.extension() == ".toml" ? given.string() : study_file_of(store));
    const Sweep sweep(study.design, Command(study.command, study.design));
    StudyIdentity identity = sweep.identity(study.name);
    return Present{std::move(study), std::move(identity)};
  } catch (const Error&) {
    return std::nullopt;
  }
}

void print_record(const StoreReader& store, const std::filesystem::path& directory, const Record& record) {
  const StudyIdentity& identity = store.identity();
  fmt::print("Parameters:\n");
  print_values(identity.parameters, record.parameters);
  if (record.outcome.ok()) {
    fmt::print("Status: ok\n");
    if (!identity.outputs.empty()) fmt::print("Outputs:\n");
    print_outputs(identity.outputs, record);
  } else {
    const TaskFailure& failure = record.outcome.failure();
    fmt::print("Status: {}", name_of(failure.kind));
    if (failure.code != 0) fmt::print(": {}", ending(failure.code).describe());
    fmt::print("\n{}", indented(failure.message, 2));
  }
  const std::uint64_t evaluated = evaluated_point(store, record);
  if (evaluated != record.index) {
    fmt::print("Not evaluated itself: it is equal to point {}, whose outcome this is.\n", evaluated);
  } else {
    print_evaluation(record);
  }
  const std::vector<Attempt> attempts = store.attempts(record.index);
  if (!attempts.empty()) fmt::print("Earlier attempts:\n");
  for (const Attempt& attempt : attempts) fmt::print("{}", indented(describe(attempt.failure), 2));
  if (std::filesystem::exists(directory / "points")) {
    print_directory(directory / "points" / std::to_string(evaluated));
  }
}

void print_planned(const Present& present, std::uint64_t index) {
  fmt::print("Parameters, by {}:\n", present.study.file.string());
  print_values(present.identity.parameters, present.study.design.point(index).values());
}

/// Why the next run will evaluate a point of a changed study, or will not.
void print_origin(const StoreReader& store, const Present& present, std::uint64_t index) {
  const auto points = [&](std::uint64_t i) { return present.study.design.point(i).values(); };
  const PointOrigin origin = store.origin(present.identity, index, points);
  if (origin.known) {
    fmt::print("The next `windrow run` does not evaluate it: it has the outcome of point {} before the change.\n",
               *origin.nearest);
  } else if (origin.nearest && origin.changes.empty()) {
    fmt::print("It has to be evaluated: it is the same as point {}, but one outcome stands for one point.\n",
               *origin.nearest);
  } else if (origin.nearest) {
    fmt::print("It has to be evaluated. Against the nearest point that was evaluated, {}:\n", *origin.nearest);
    for (const std::string& change : origin.changes) fmt::print("  {}\n", change);
  }
}

void explain_changed(const StoreReader& store, const std::filesystem::path& directory, const Present& present,
                     std::uint64_t index) {
  if (const std::optional<Record> record = store.find(index)) {
    fmt::print("As it was before {} was changed:\n", present.study.file.filename().string());
    print_record(store, directory, *record);
    fmt::print("\n");
  }
  if (index >= present.identity.points) {
    fmt::print("The changed study has no such point: its last is {}.\n", present.identity.points - 1);
    return;
  }
  fmt::print("As the changed study has it:\n");
  print_planned(present, index);
  print_origin(store, present, index);
}

void add_record(Json& json, const StoreReader& store, const std::filesystem::path& directory, const Record& record) {
  const StudyIdentity& identity = store.identity();
  json["status"] = record.outcome.ok() ? "ok" : std::string(name_of(record.outcome.failure().kind));
  json["parameters"] = json_of(identity.parameters, record.parameters);
  if (record.outcome.ok()) {
    json["outputs"] = json_of(identity.outputs, record.outcome.value(), record.arrays);
  } else {
    json["failure"] = json_of(record.outcome.failure());
  }
  json["evaluation"] = {{"rank", record.rank},
                        {"host", record.host},
                        {"started", record.started},
                        {"seconds", record.elapsed},
                        {"attempts", record.attempts}};
  const std::uint64_t evaluated = evaluated_point(store, record);
  if (evaluated != record.index) json["equal_to"] = evaluated;
  for (const Attempt& attempt : store.attempts(record.index)) {
    json["earlier_attempts"].push_back(json_of(attempt.failure));
  }
  const std::filesystem::path kept = directory / "points" / std::to_string(evaluated);
  std::error_code none;
  if (!std::filesystem::is_directory(kept, none)) return;
  json["directory"] = kept.string();
  json["files"] = sorted_names(kept);
}

void add_planned(Json& json, const StoreReader& store, const Present& present, std::uint64_t index) {
  if (index >= present.identity.points) return;
  const auto points = [&](std::uint64_t i) { return present.study.design.point(i).values(); };
  json["planned"] = json_of(present.identity.parameters, points(index));
  const PointOrigin origin = store.origin(present.identity, index, points);
  json["next_run"] = {{"evaluates", !origin.known}};
  if (origin.nearest) json["next_run"]["nearest"] = *origin.nearest;
  json["next_run"]["changes"] = origin.changes;
}

int explain_json(const StoreReader& store, const std::filesystem::path& directory,
                 const std::optional<Present>& present, bool changed, std::uint64_t index) {
  Json json = {{"study", store.identity().name}, {"index", index}, {"status", "pending"}, {"changed", changed}};
  if (const std::optional<Record> record = store.find(index)) {
    add_record(json, store, directory, *record);
  } else if (present && !changed) {
    json["parameters"] = json_of(present->identity.parameters, present->study.design.point(index).values());
  }
  if (changed) add_planned(json, store, *present, index);
  print(json);
  return kSuccess;
}

}  // namespace

int explain(const std::filesystem::path& given, std::uint64_t index, bool json) {
  const std::filesystem::path directory = results_directory(given);
  const StoreReader store = open_results(directory);
  const StudyIdentity& identity = store.identity();
  const std::optional<Present> present = present_study(store, given);
  const bool changed = present && !store.is_of(present->identity);
  const std::uint64_t points = changed ? std::max(identity.points, present->identity.points) : identity.points;
  if (index >= points) return complain(no_such_point(index, identity.name, points));
  if (json) return explain_json(store, directory, present, changed, index);
  fmt::print("Point {} of {}\n", index, identity.name);
  if (changed) {
    explain_changed(store, directory, *present, index);
  } else if (const std::optional<Record> record = store.find(index)) {
    print_record(store, directory, *record);
  } else {
    fmt::print("Status: not evaluated yet; the next `windrow run` evaluates it.\n");
    if (const std::string shards = unmerged(directory); !shards.empty()) fmt::print("But {}.\n", shards);
    const std::string stopped = why_stopped(store);
    if (!stopped.empty() && !store.status().running) fmt::print("The last run was stopped {}.\n", stopped);
    if (present) print_planned(*present, index);
  }
  return kSuccess;
}

}  // namespace windrow::app
