#include "readings.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "arrays/interface/array_files.hpp"
#include "point_files.hpp"
#include "schema.hpp"

namespace windrow::detail {
namespace {

constexpr std::size_t most_columns = 1900;  // of the present study and former ones together (SQLite: 2,000)
constexpr std::size_t most_former = 500;

/// An output of a stored form of a study.
struct StoredOutput {
  std::string name;
  std::string type;
  std::string reading;
  std::string sql_name;
  bool is_former = false;
};

std::vector<StoredOutput> outputs_of(const Generation& generation) {
  std::vector<StoredOutput> outputs;
  const StudyIdentity& study = generation.identity;
  for (std::size_t i = 0; i < study.outputs.size(); ++i) {
    outputs.push_back({study.outputs[i].name, study.outputs[i].type, reading_of(study, study.outputs[i]),
                       fmt::format("o{}", i), false});
  }
  for (const FormerOutput& former : generation.former) {
    outputs.push_back({former.name, former.type, former.reading, former.sql_name, true});
  }
  return outputs;
}

/// The files of arrays are called by the output.
bool may_be(const StoredOutput& stored, const Column& output, const std::string& reading) {
  if (stored.type != output.type || stored.reading != reading) return false;
  return !is_array_type(output.type) || (stored.name == output.name && !stored.is_former);
}

}  // namespace

std::string reading_of(const StudyIdentity& study, const Column& output) {
  for (const auto& [name, text] : study.definition) {
    if (name == "outputs." + output.name) return text;
  }
  return output.name + " (" + output.type + ")";
}

Readings::Readings(const Generation& generation, const StudyIdentity& present) {
  const std::vector<StoredOutput> stored = outputs_of(generation);
  const std::size_t outputs = generation.identity.outputs.size();
  same_ = present.outputs.size() == outputs;
  for (std::size_t i = 0; i < present.outputs.size(); ++i) {
    const Column& output = present.outputs[i];
    const std::string reading = present.outputs_are_read ? reading_of(present, output) : "";
    const StoredOutput* found = nullptr;
    for (const StoredOutput& candidate : stored) {
      const bool fits = present.outputs_are_read ? may_be(candidate, output, reading) : candidate.name == output.name;
      if (!fits) continue;
      const bool is_better = found == nullptr || (found->name != output.name && candidate.name == output.name);
      if (is_better) found = &candidate;
    }
    columns_.push_back(found != nullptr ? std::optional(found->sql_name) : std::nullopt);
    certain_.push_back(found != nullptr && !found->is_former);
    same_ = same_ && columns_.back() == fmt::format("o{}", i) && stored[i].name == output.name;
  }
  same_ = same_ || !present.outputs_are_read;
}

std::string Readings::needs_reading() const {
  if (same_) return "0";
  std::string unknown = "0";
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    if (!columns_[i]) unknown = "1";
  }
  for (std::size_t i = 0; i < columns_.size() && unknown != "1"; ++i) {
    if (!certain_[i]) unknown += fmt::format(" OR {} IS NULL", *columns_[i]);
  }
  return fmt::format("CASE status WHEN 'ok' THEN ({}) WHEN 'bad_output' THEN 1 ELSE 0 END", unknown);
}

std::vector<std::size_t> Readings::wanted(Connection& connection, const Generation& generation,
                                          std::uint64_t index) const {
  std::string sql = "SELECT status";
  for (const auto& column : columns_) sql += column ? fmt::format(", {} IS NOT NULL", *column) : ", 0";
  std::vector<std::size_t> wanted;
  connection.for_each_row(
      fmt::format("{} FROM {} WHERE \"index\" = ?", sql, generation.table("results")),
      [&](const Statement& row) {
        const bool ok = row.text(0) == "ok";  // NULL may be a NaN then
        for (std::size_t i = 0; i < columns_.size(); ++i) {
          const bool known = (ok && certain_[i]) || row.integer(static_cast<int>(i) + 1) != 0;
          if (!known) wanted.push_back(i);
        }
      },
      index);
  return wanted;
}

std::vector<std::string> Readings::missing(const StudyIdentity& present) const {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    if (!columns_[i]) names.push_back(present.outputs[i].name);
  }
  return names;
}

std::vector<FormerOutput> former_outputs(const std::vector<Generation>& generations, const StudyIdentity& present) {
  std::vector<FormerOutput> former;
  if (!present.outputs_are_read) return former;
  const std::size_t taken = std::min(most_columns, present.parameters.size() + present.outputs.size());
  const std::size_t most = std::min(most_former, most_columns - taken);
  for (const Generation& generation : generations) {
    for (const StoredOutput& stored : outputs_of(generation)) {
      if (is_array_type(stored.type) || former.size() >= most) continue;
      const auto is_it = [&](const FormerOutput& other) {
        return other.reading == stored.reading && other.type == stored.type;
      };
      const bool is_present = std::ranges::any_of(present.outputs, [&](const Column& output) {
        return output.type == stored.type && reading_of(present, output) == stored.reading;
      });
      if (is_present || std::ranges::any_of(former, is_it)) continue;
      former.push_back({stored.name, stored.type, stored.reading, fmt::format("f{}", former.size())});
    }
  }
  return former;
}

std::filesystem::path directory_of_point(const std::filesystem::path& store, bool is_present, std::int64_t generation,
                                         std::uint64_t index) {
  return store / (is_present ? points_name : fmt::format("{}.{}", points_name, generation)) / std::to_string(index);
}

bool has_again(Connection& connection) {
  return connection.has_table("again");
}

void insert_again(Connection& connection, const IndexSet& points, bool evaluate) {
  connection.execute("CREATE TABLE IF NOT EXISTS again(\"index\" INTEGER PRIMARY KEY, evaluate INTEGER NOT NULL)");
  Statement insert(connection,
                   "INSERT INTO again VALUES(?, ?) ON CONFLICT DO UPDATE SET evaluate = max(evaluate, "
                   "excluded.evaluate)");
  for (const IndexRange& range : points.ranges()) {
    for (std::uint64_t i = 0; i < range.count; ++i) insert.run(range.first + i, evaluate ? 1 : 0);
  }
}

IndexSet read_again(Connection& connection, bool evaluate) {
  IndexSet again;
  if (!has_again(connection)) return again;
  connection.for_each_row(
      "SELECT \"index\" FROM again WHERE evaluate >= ? ORDER BY 1",
      [&](const Statement& row) { again.insert(row.count(0)); }, evaluate ? 1 : 0);
  return again;
}

}  // namespace windrow::detail
