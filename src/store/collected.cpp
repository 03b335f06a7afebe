#include "collected.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <system_error>
#include <utility>

#include "arrays/interface/array_files.hpp"
#include "readings.hpp"
#include "resume.hpp"
#include "rows.hpp"
#include "schema.hpp"
#include "windrow/error.hpp"

namespace windrow::detail {

namespace fs = std::filesystem;

namespace {

void rename_staged(const fs::path& from, const fs::path& to) {
  std::error_code error;
  fs::create_directories(to.parent_path(), error);
  if (!error) fs::rename(from, to, error);
  if (!error) return;
  throw StoreError(fmt::format("{}: cannot be renamed to {}: {}; the outcomes are safe: make it possible and run again",
                               from.string(), to.string(), error.message()));
}

}  // namespace

CollectedOutputs::CollectedOutputs(Connection& connection, fs::path directory, const StudyIdentity& present)
    : connection_(connection), directory_(std::move(directory)), present_(present) {
  std::error_code ignored;
  fs::remove_all(directory_ / collected_name, ignored);
  connection.execute(
      "DROP TABLE IF EXISTS temp.collected; CREATE TEMP TABLE collected(now INTEGER PRIMARY KEY, "
      "status TEXT NOT NULL, message TEXT NOT NULL" +
      value_columns('o', present.outputs) + ")");
}

std::optional<bool> CollectedOutputs::read(const Match& match, const Generation& generation, const ReadOutputs& read,
                                           Resumption& found) {
  auto unread = unread_.find(generation.number);
  if (unread == unread_.end()) {
    unread = unread_.try_emplace(generation.number, connection_, generation, match.generation == 0, present_).first;
  }
  const auto outcome = unread->second.find(match.now, match.was);
  const ReadFrom from = source_of(outcome, read);
  if (from == ReadFrom::nothing || !read) return std::nullopt;
  const Outcome<std::vector<Value>> now = read.read(*outcome);
  const bool is_as_before = now.ok() && !outcome->failed && unknown_outputs(*outcome).empty();
  if (!is_as_before) insert(*outcome, now);
  ++(from == ReadFrom::files ? found.read : found.judged);
  found.unreadable += now.ok() ? 0 : 1;
  return now.ok();
}

void CollectedOutputs::insert(const UnreadOutcome& unread, const Outcome<std::vector<Value>>& outcome) {
  std::string sql = "INSERT INTO temp.collected VALUES(?, ?, ?";
  for (std::size_t i = 0; i < present_.outputs.size(); ++i) sql += ", ?";
  Statement insert(connection_, sql + ")");
  insert.bind(1, unread.index);
  insert.bind(2, outcome.ok() ? std::string_view("ok") : name_of(outcome.failure().kind));
  insert.bind(3, outcome.ok() ? std::string_view() : std::string_view(outcome.failure().message));
  for (const std::size_t i : unknown_outputs(unread)) {
    if (!outcome.ok()) break;
    const Column& output = present_.outputs[i];
    const Value& value = outcome.value()[i];
    const int at = static_cast<int>(i) + 4;
    const bool is_missing = value.is_number();
    if (is_array_type(output.type) && !is_missing) {
      insert.bind(at, std::string_view(array_cell(stage(output, unread.index, value))));
    } else {
      bind_value(insert, at, value, output.type == "boolean");
    }
  }
  insert.run();
}

ArrayFile CollectedOutputs::stage(const Column& output, std::uint64_t now, const Value& value) {
  const fs::path to = directory_ / collected_name / output.name;
  std::error_code error;
  fs::create_directories(to, error);
  ArrayFile array = store_array(value, to);
  rename_staged(array.file, to / fmt::format("{}.npy", now));
  return array;
}

ArrayFile store_array(const Value& value, const fs::path& directory) {
  ArrayFileSink sink(directory);
  ArrayFile array = value.is_array() ? write_array(value.array(), sink) : copy_array(value.text(), sink);
  array.file = directory / array.file;
  return array;
}

void place_collected(const fs::path& directory) {
  const fs::path staged = directory / collected_name;
  std::error_code error;
  for (fs::recursive_directory_iterator entry(staged, error), end; !error && entry != end; entry.increment(error)) {
    if (!entry->is_regular_file()) continue;
    rename_staged(entry->path(), directory / arrays_name / entry->path().lexically_relative(staged));
  }
  fs::remove_all(staged, error);
}

}  // namespace windrow::detail
