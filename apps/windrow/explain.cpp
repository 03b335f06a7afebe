#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <ctime>
#include <memory>
#include <optional>

#include "common.hpp"
#include "json.hpp"
#include "options.hpp"
#include "verbs.hpp"
#include "windrow/base/clock.hpp"
#include "windrow/base/text.hpp"
#include "windrow/error.hpp"
#include "windrow/process/exit_status.hpp"
#include "windrow/report/live.hpp"
#include "windrow/run/sweep.hpp"
#include "windrow/shards/shards.hpp"
#include "windrow/study/study.hpp"

namespace windrow::app {
namespace {

void print_values(const std::vector<Column>& columns, const std::vector<Value>& values) {
  std::size_t width = 0;
  for (const Column& column : columns) width = std::max(width, column.name.size());
  for (std::size_t i = 0; i < columns.size() && i < values.size(); ++i) {
    show("  {:<{}} = {}{}\n", columns[i].name, width, text::visible(values[i].written()),
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

std::string date_of(double unix_seconds) {
  return fmt::format("{:%Y-%m-%d %H:%M:%S}", fmt::localtime(static_cast<std::time_t>(unix_seconds)));
}

void print_evaluation(const Record& record) {
  show("Evaluated by worker {} ({})", record.rank, record.host);
  if (record.started > 0) show(", started {}", date_of(record.started));
  show(", took {}, {}\n", text::render_duration(record.elapsed),
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
    show("Its directory was not kept (`keep` in [command] says which stay).\n");
    return;
  }
  show("Files in {}:\n", directory.string());
  for (const std::string& name : sorted_names(directory)) show("  {}\n", within_line(name));
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
  Sweep sweep;
};

// Nothing if the study file has moved, or is not in order.
std::optional<Present> present_study(const StoreReader& store, const std::filesystem::path& given) {
  try {
    Study study = load_study(given.extension() == ".toml" ? given.string() : study_file_of(store));
    Sweep sweep(study.design, Command(study.command, study.design));
    StudyIdentity identity = sweep.identity(study.name);
    return Present{std::move(study), std::move(identity), std::move(sweep)};
  } catch (const Error&) {
    return std::nullopt;
  }
}

void print_record(const StoreReader& store, const std::filesystem::path& directory, const Record& record) {
  const StudyIdentity& identity = store.identity();
  show("Parameters:\n");
  print_values(identity.parameters, record.parameters);
  if (record.outcome.ok()) {
    show("Status: ok\n");
    if (!identity.outputs.empty()) show("Outputs:\n");
    print_outputs(identity.outputs, record);
  } else {
    const TaskFailure& failure = record.outcome.failure();
    show("Status: {}", name_of(failure.kind));
    if (failure.code != 0) show(": {}", ending(failure.code).describe());
    show("\n{}", indented(failure.message, 2));
  }
  const std::optional<std::uint64_t> equal = store.evaluated_for(record);
  if (equal) {
    show("Not evaluated itself: it is equal to point {}, whose outcome this is.\n", *equal);
  } else if (record.attempts == 0) {
    show("Not evaluated itself: it has the outcome of an equal point, which has another one by now, or is gone.\n");
  } else {
    print_evaluation(record);
  }
  const std::vector<Attempt> attempts = store.attempts(record.index);
  if (!attempts.empty()) show("Earlier attempts:\n");
  for (const Attempt& attempt : attempts) show("{}", indented(describe(attempt.failure), 2));
  if (std::filesystem::exists(directory / "points")) {
    print_directory(directory / "points" / std::to_string(equal.value_or(record.index)));
  }
}

/// Where a point is being evaluated.
struct Running {
  LiveWorker worker;
  double since = 0.0;  ///< seconds since the Unix epoch, by the root's clock
};

/// What the run that is going on says, or one of its shards, about once a second; nothing if nobody is at the point.
std::optional<Running> running_at(const std::filesystem::path& directory, std::uint64_t index) {
  std::vector<std::filesystem::path> stores = {directory};
  for (const Shard& shard : find_shards(directory).shards) stores.push_back(shard_directory(directory, shard));
  for (const std::filesystem::path& store : stores) {
    const LivenessWatch::Look look = LivenessWatch(store).look();
    if (look.liveness != Liveness::running || !look.live) continue;
    for (const LiveWorker& worker : look.live->workers) {
      if (worker.point == index) return Running{worker, look.live->written - worker.seconds};
    }
  }
  return std::nullopt;
}

std::string where_and_since(const Running& running) {
  return fmt::format("on worker {} ({}), for {}, since {}", running.worker.rank, running.worker.host,
                     text::render_duration(std::max(0.0, detail::unix_seconds() - running.since)),
                     date_of(running.since));
}

Json running_json(const Running& running) {
  return {{"rank", running.worker.rank}, {"host", running.worker.host}, {"since", running.since}};
}

/// Of a point without an outcome.
void print_pending(const StoreReader& store, const std::filesystem::path& directory) {
  const std::string shards = unmerged(directory);
  if (store.status().running) {
    show("Status: not evaluated yet; the run that is going on will come to it.\n");
  } else {
    show("Status: not evaluated yet; the next `windrow run` evaluates it.\n");
    const std::string stopped = why_stopped(store);
    if (!stopped.empty()) show("The last run was stopped {}.\n", stopped);
  }
  if (!shards.empty()) show("But {}.\n", shards);
}

void print_planned(const Present& present, std::uint64_t index) {
  show("Parameters, by {}:\n", present.study.file.string());
  print_values(present.identity.parameters, present.study.design.point(index).values());
}

/// Why the next run will evaluate a point of a changed study, or will not.
void print_origin(const StoreReader& store, const Present& present, std::uint64_t index) {
  const auto points = [&](std::uint64_t i) { return present.study.design.point(i).values(); };
  const PointOrigin origin = store.origin(present.identity, index, points, present.sweep.reader());
  if (origin.known) {
    show("The next `windrow run` does not evaluate it: it has the outcome of point {} before the change.\n",
         *origin.nearest);
  } else if (origin.nearest && origin.changes.empty()) {
    show("It has to be evaluated: it is the same as point {}, but one outcome stands for one point.\n",
         *origin.nearest);
  } else if (origin.nearest) {
    show("It has to be evaluated. Against the nearest point that was evaluated, {}:\n", *origin.nearest);
    for (const std::string& change : origin.changes) show("  {}\n", change);
  }
}

void explain_changed(const StoreReader& store, const std::filesystem::path& directory, const Present& present,
                     std::uint64_t index) {
  if (const std::optional<Record> record = store.find(index)) {
    show("As it was before {} was changed:\n", present.study.file.filename().string());
    print_record(store, directory, *record);
    show("\n");
  }
  if (index >= present.identity.points) {
    show("The changed study has no such point: its last is {}.\n", present.identity.points - 1);
    return;
  }
  show("As the changed study has it:\n");
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
  const std::optional<std::uint64_t> equal = store.evaluated_for(record);
  if (equal) json["equal_to"] = *equal;
  for (const Attempt& attempt : store.attempts(record.index)) {
    json["earlier_attempts"].push_back(json_of(attempt.failure));
  }
  const std::filesystem::path kept = directory / "points" / std::to_string(equal.value_or(record.index));
  std::error_code none;
  if (!std::filesystem::is_directory(kept, none)) return;
  json["directory"] = kept.string();
  json["files"] = sorted_names(kept);
}

void add_planned(Json& json, const StoreReader& store, const Present& present, std::uint64_t index) {
  if (index >= present.identity.points) return;
  const auto points = [&](std::uint64_t i) { return present.study.design.point(i).values(); };
  json["planned"] = json_of(present.identity.parameters, points(index));
  const PointOrigin origin = store.origin(present.identity, index, points, present.sweep.reader());
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
  if (const auto running = running_at(directory, index)) json["running"] = running_json(*running);
  if (changed) add_planned(json, store, *present, index);
  print(json);
  return kSuccess;
}

/// Of a point that is running where no results can be read yet: they are in shards, or on another machine's disk.
/// @return whether it was told
bool tell_unreadable(const std::filesystem::path& directory, std::uint64_t index) {
  try {
    static_cast<void>(open_results(directory));
    return false;
  } catch (const StoreError&) {
    const auto running = running_at(directory, index);
    if (!running) return false;
    show("Point {}\nStatus: running {}\n", index, where_and_since(*running));
    return true;
  }
}

}  // namespace

int explain(const std::filesystem::path& given, std::uint64_t index, bool json) {
  const std::filesystem::path directory = results_directory(given);
  if (!json && tell_unreadable(directory, index)) return kSuccess;
  const StoreReader store = open_results(directory);
  const StudyIdentity& identity = store.identity();
  const std::optional<Present> present = present_study(store, given);
  const bool changed = present && !store.is_of(present->identity);
  const std::uint64_t points = changed ? std::max(identity.points, present->identity.points) : identity.points;
  if (index >= points) return complain(no_such_point(index, identity.name, points));
  if (json) return explain_json(store, directory, present, changed, index);
  const std::optional<Running> running = running_at(directory, index);
  show("Point {} of {}\n", index, identity.name);
  if (changed) {
    explain_changed(store, directory, *present, index);
  } else if (const std::optional<Record> record = store.find(index)) {
    print_record(store, directory, *record);
  } else {
    if (running) {
      show("Status: running {}\n", where_and_since(*running));
    } else {
      print_pending(store, directory);
    }
    if (present) print_planned(*present, index);
    return kSuccess;
  }
  if (running) show("It is running again: {}\n", where_and_since(*running));
  return kSuccess;
}

Verb add_explain(CommandLine& line) {
  struct Given {
    std::string directory;
    std::uint64_t index = 0;
    bool json = false;
  };
  const auto arguments = std::make_shared<Given>();
  CLI::App* verb = line.app.add_subcommand("explain", "everything known of one point");
  verb->add_option("DIR", arguments->directory, kResults)->required();
  verb->add_option("INDEX", arguments->index, "the point, from 0")->option_text(" ")->required()->check(whole_number());
  verb->add_flag("--json", arguments->json, kJson);
  return {verb, [arguments] { return explain(arguments->directory, arguments->index, arguments->json); }};
}

}  // namespace windrow::app
