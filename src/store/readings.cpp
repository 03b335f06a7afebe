#include "readings.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <system_error>

#include "arrays/interface/array_files.hpp"
#include "point_files.hpp"
#include "rows.hpp"
#include "schema.hpp"

namespace windrow::detail {
namespace {

constexpr std::size_t most_columns = 1900;  // of the present study and former ones together (SQLite: 2,000)
constexpr std::size_t most_former = 500;

/// An output of a stored form of a study.
struct StoredOutput {
  std::string name;
  std::string type;
  Reading reading;
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
    outputs.push_back({former.name, former.type, parse_reading(former.reading), former.sql_name, true});
  }
  return outputs;
}

/// The files of arrays are called by the output.
bool may_be(const StoredOutput& stored, const Column& output, const Reading& reading) {
  if (stored.type != output.type || stored.reading.how != reading.how) return false;
  return !is_array_type(output.type) || (stored.name == output.name && !stored.is_former);
}

}  // namespace

Reading reading_of(const StudyIdentity& study, const Column& output) {
  for (const auto& [name, text] : study.definition) {
    if (name == "outputs." + output.name) return parse_reading(text);
  }
  return {output.name + " (" + output.type + ")"};
}

Readings::Readings(const Generation& generation, const StudyIdentity& present)
    : evaluations_(generation.table("evaluations")), conditions_(generation.identity, present) {
  const std::vector<StoredOutput> stored = outputs_of(generation);
  const bool are_read = present.outputs_are_read;
  bool finite_is_new = false;
  bool values_moved = false;
  same_outputs_ = present.outputs.size() == generation.identity.outputs.size();
  for (std::size_t i = 0; i < present.outputs.size(); ++i) {
    const Column& output = present.outputs[i];
    const Reading reading = are_read ? reading_of(present, output) : Reading();
    const StoredOutput* found = nullptr;
    for (const StoredOutput& candidate : stored) {
      const bool fits = are_read ? may_be(candidate, output, reading) : candidate.name == output.name;
      if (!fits) continue;
      const bool is_better = found == nullptr || (found->name != output.name && candidate.name == output.name);
      if (is_better) found = &candidate;
    }
    columns_.push_back(found != nullptr ? std::optional(found->sql_name) : std::nullopt);
    certain_.push_back(found != nullptr && !found->is_former && (reading.optional || !found->reading.optional));
    const bool is_same =
        found != nullptr && columns_.back() == fmt::format("o{}", i) && found->name == output.name &&
        (!are_read || (found->reading.finite == reading.finite && found->reading.optional == reading.optional));
    same_outputs_ = same_outputs_ && is_same;
    if (found == nullptr) continue;
    finite_is_new = finite_is_new || (reading.finite && (found->is_former || !found->reading.finite));
    values_moved = values_moved || found->is_former || found->name != output.name;
  }
  same_outputs_ = same_outputs_ || !are_read;
  same_ = same_outputs_ && conditions_.same;
  const bool values_are_new = conditions_.values_are_new || (conditions_.has_values && values_moved);
  judges_results_ =
      are_read && (values_are_new || finite_is_new || conditions_.texts_are_new || conditions_.lost_codes);
}

std::string Readings::lacks_output() const {
  std::string unknown = "0";
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    if (!columns_[i]) return "1";
    if (!certain_[i]) unknown += fmt::format(" OR {} IS NULL", *columns_[i]);
  }
  return unknown;
}

std::string Readings::needs_reading() const {
  if (same_) return "0";
  std::string codes;
  for (const std::int64_t code : conditions_.new_codes) codes += fmt::format("{}{}", codes.empty() ? "" : ", ", code);
  const std::string exited =
      codes.empty()
          ? "0"
          : fmt::format("(SELECT code IN ({}) FROM {} e WHERE e.\"index\" = r.\"index\")", codes, evaluations_);
  return fmt::format("CASE status WHEN 'ok' THEN ({}) WHEN 'bad_output' THEN {} WHEN 'exited' THEN {} ELSE 0 END",
                     judges_results_ ? "1" : lacks_output(), !same_outputs_ || conditions_.fewer ? "1" : "0", exited);
}

UnreadOutcomes::UnreadOutcomes(Connection& connection, const Generation& generation, bool is_present,
                               const StudyIdentity& present)
    : store_(connection.file().parent_path()),
      earlier_(is_present ? "" : fmt::format(".{}", generation.number)),
      present_(present),
      readings_(generation, present),
      select_(connection, [&] {
        std::string sql = "SELECT status";
        for (const auto& column : readings_.columns_) sql += ", " + column.value_or("NULL");
        return fmt::format("{} FROM {} WHERE \"index\" = ?", sql, generation.table("results"));
      }()) {}

std::optional<UnreadOutcome> UnreadOutcomes::find(std::uint64_t now, std::uint64_t was) {
  const ResetAtEnd end(select_);
  if (!select_.with(was).step()) return std::nullopt;
  UnreadOutcome outcome;
  outcome.index = now;
  outcome.directory = store_ / (points_name + earlier_) / std::to_string(was);
  outcome.failed = select_.text(0) != "ok";
  if (!outcome.failed && readings_.conditions_.lost_codes) return std::nullopt;
  outcome.texts = readings_.conditions_.has_texts && (outcome.failed || readings_.conditions_.texts_are_new);
  for (std::size_t i = 0; i < present_.outputs.size(); ++i) outcome.known.push_back(known(i, outcome.failed, was));
  return outcome;
}

std::optional<Value> UnreadOutcomes::known(std::size_t output, bool failed, std::uint64_t was) const {
  if (!readings_.columns_[output]) return std::nullopt;
  const Column& column = present_.outputs[output];
  const int at = static_cast<int>(output) + 1;
  const bool is_null = select_.type(at) == Statement::Type::null;  // may be a NaN of a result
  if (is_null && (failed || !readings_.certain_[output])) return std::nullopt;
  if (is_null || !is_array_type(column.type)) {
    return read_value(select_, at, column.type == "boolean", store_ / results_file);
  }
  return (store_ / (arrays_name + earlier_) / column.name / fmt::format("{}.npy", was)).string();
}

ReadFrom source_of(const std::optional<UnreadOutcome>& outcome, const ReadOutputs& read) {
  if (!outcome) return ReadFrom::nothing;
  if (read) return read.from(*outcome);
  if (unknown_outputs(*outcome).empty() && !outcome->texts) return ReadFrom::values;
  std::error_code ignored;
  return std::filesystem::is_directory(outcome->directory, ignored) ? ReadFrom::files : ReadFrom::nothing;
}

std::vector<std::size_t> unknown_outputs(const UnreadOutcome& outcome) {
  std::vector<std::size_t> unknown;
  for (std::size_t i = 0; i < outcome.known.size(); ++i) {
    if (!outcome.known[i]) unknown.push_back(i);
  }
  return unknown;
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
        return other.reading == stored.reading.how && other.type == stored.type;
      };
      const bool is_present = std::ranges::any_of(present.outputs, [&](const Column& output) {
        return output.type == stored.type && reading_of(present, output).how == stored.reading.how;
      });
      if (is_present || std::ranges::any_of(former, is_it)) continue;
      former.push_back({stored.name, stored.type, stored.reading.how, fmt::format("f{}", former.size())});
    }
  }
  return former;
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
