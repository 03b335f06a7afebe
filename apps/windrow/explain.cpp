#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <ctime>
#include <optional>

#include "common.hpp"
#include "verbs.hpp"
#include "windrow/error.hpp"
#include "windrow/process/exit_status.hpp"
#include "windrow/study/study.hpp"

namespace windrow::app {
namespace {

void print_values(const std::vector<Column>& columns, const std::vector<Value>& values) {
  std::size_t width = 0;
  for (const Column& column : columns) width = std::max(width, column.name.size());
  for (std::size_t i = 0; i < columns.size() && i < values.size(); ++i) {
    fmt::print("  {:<{}} = {}{}\n", columns[i].name, width, values[i].render(),
               columns[i].unit.empty() ? "" : " " + columns[i].unit);
  }
}

ExitStatus ending(int code) {
  return code < 0 ? ExitStatus::signalled(-code) : ExitStatus::exited(code);
}

void print_evaluation(const Record& record) {
  const auto started = static_cast<std::time_t>(record.started);
  fmt::print("Evaluated on rank {} ({})", record.rank, record.host);
  if (started > 0) fmt::print(", started {:%Y-%m-%d %H:%M:%S}", fmt::localtime(started));
  fmt::print(", took {}, {}\n", duration(record.elapsed),
             counted(static_cast<std::uint64_t>(record.attempts), "attempt"));
}

void print_directory(const std::filesystem::path& directory) {
  std::error_code none;
  if (!std::filesystem::is_directory(directory, none)) {
    fmt::print("Its directory was not kept (`keep` in [command] says which stay).\n");
    return;
  }
  fmt::print("Files in {}:\n", directory.string());
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(directory))
    names.push_back(entry.path().filename().string());
  std::sort(names.begin(), names.end());
  for (const std::string& name : names) fmt::print("  {}\n", name);
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

// A point without an outcome is known by the study file alone.
void print_pending(const StoreReader& store, std::uint64_t index) {
  fmt::print("Status: not evaluated yet; the next `windrow run` evaluates it.\n");
  const std::string stopped = why_stopped(store);
  if (!stopped.empty() && !store.status().running) fmt::print("The last run stopped {}.\n", stopped);
  try {
    const Study study = load_study(study_file_of(store));
    if (index >= study.design.size()) return;
    fmt::print("Parameters, by {}:\n", study.file.string());
    print_values(store.identity().parameters, study.design.point(index).values());
  } catch (const Error&) {  // the study file has moved: nothing to add
  }
}

}  // namespace

int explain(const std::filesystem::path& given, std::uint64_t index) {
  const std::filesystem::path directory = results_directory(given);
  const StoreReader store(directory);
  const StudyIdentity& identity = store.identity();
  if (index >= identity.points) {
    return complain(no_such_point(index, identity.name, identity.points));
  }
  fmt::print("Point {} of {}\n", index, identity.name);
  const std::optional<Record> record = store.find(index);
  if (!record) {
    print_pending(store, index);
    return kSuccess;
  }
  fmt::print("Parameters:\n");
  print_values(identity.parameters, record->parameters);
  if (record->outcome.ok()) {
    fmt::print("Status: ok\n");
    if (!identity.outputs.empty()) fmt::print("Outputs:\n");
    print_values(identity.outputs, record->outcome.value());
  } else {
    const TaskFailure& failure = record->outcome.failure();
    fmt::print("Status: {}", name_of(failure.kind));
    if (failure.code != 0) fmt::print(": {}", ending(failure.code).describe());
    fmt::print("\n{}", indented(failure.message, 2));
  }
  print_evaluation(*record);
  if (std::filesystem::exists(directory / "points")) print_directory(directory / "points" / std::to_string(index));
  return kSuccess;
}

}  // namespace windrow::app
