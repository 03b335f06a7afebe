#include "resume.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <set>
#include <string>
#include <tuple>

#include "collected.hpp"
#include "point_files.hpp"
#include "readings.hpp"
#include "rows.hpp"
#include "schema.hpp"
#include "sums.hpp"
#include "windrow/error.hpp"

namespace windrow::detail {
namespace {

std::set<std::string> names_of(const std::vector<Column>& columns) {
  std::set<std::string> names;
  for (const Column& column : columns) names.insert(column.name);
  return names;
}

/// How whole numbers of a parameter go into programs: all as 1, or all as 1.0.
enum class Spelling { unknown, whole, point };

Spelling spelling_of(const StudyIdentity& study, const Column& parameter) {
  const std::string name = "parameters." + parameter.name;
  const std::string written = name + ".written";
  for (const auto& [pair, text] : study.definition) {
    if (pair == written) return text == "1" ? Spelling::whole : Spelling::point;
    if (pair == name && text.starts_with("values(") && parameter.type == "number") return Spelling::point;
  }
  return parameter.type == "integer" ? Spelling::whole : Spelling::unknown;
}

/// For each parameter of the present study, how it was and is spelled.
std::pair<Spelling, Spelling> spellings(const StudyIdentity& earlier, const StudyIdentity& present,
                                        const Column& parameter) {
  const auto was = std::ranges::find(earlier.parameters, parameter.name, &Column::name);
  if (was == earlier.parameters.end() || !present.outputs_are_read) return {Spelling::unknown, Spelling::unknown};
  return {spelling_of(earlier, *was), spelling_of(present, parameter)};
}

/// Whether programs were given 1.0 where they are given 1 now.
bool has_lost_points(const StudyIdentity& earlier, const StudyIdentity& present) {
  return std::ranges::any_of(present.parameters, [&](const Column& parameter) {
    return spellings(earlier, present, parameter) == std::pair(Spelling::point, Spelling::whole);
  });
}

bool may_have_points_of(const StudyIdentity& earlier, const StudyIdentity& present) {
  return names_of(earlier.parameters) == names_of(present.parameters) && !has_lost_points(earlier, present) &&
         evaluation_of(earlier, present) == evaluation_of(present, present);
}

/// Rows are laid out alike: the same columns in the same order, with truth values told apart in the same ones.
bool same_layout(const std::vector<Column>& a, const std::vector<Column>& b) {
  return std::ranges::equal(a, b, [](const Column& one, const Column& other) {
    return one.name == other.name && (one.type == "boolean") == (other.type == "boolean");
  });
}

bool has_rows(Connection& connection, const Generation& generation) {
  return connection.integer(fmt::format("SELECT EXISTS(SELECT 1 FROM {})", generation.table("results"))) != 0;
}

/// Parameters of which a program is given 1.0 where it was given 1. (Functions see no difference.)
std::vector<std::size_t> former_integers(const StudyIdentity& earlier, const StudyIdentity& present) {
  std::vector<std::size_t> positions;
  for (std::size_t i = 0; i < present.parameters.size() && present.outputs_are_read; ++i) {
    const Column& now = present.parameters[i];
    const auto was = std::ranges::find(earlier.parameters, now.name, &Column::name);
    const bool other_type = was != earlier.parameters.end() && was->type == "integer" && now.type == "number";
    const bool other_spelling = spellings(earlier, present, now) == std::pair(Spelling::whole, Spelling::point);
    if (other_type || other_spelling) positions.push_back(i);
  }
  return positions;
}

/// Whether it goes into programs with a point or an exponent.
bool has_point(const Value& value) {
  return value.written().find_first_not_of("-0123456789") != std::string::npos;
}

std::vector<std::string> differences_of(const StudyIdentity& stored, const StudyIdentity& present) {
  std::vector<std::string> lines = differences(stored.definition, present.definition);
  // How many points follows from the parameters, unless it is all that was changed.
  if (lines.size() > 1)
    std::erase_if(lines, [](const std::string& line) { return line.starts_with("design.points:"); });
  return lines.empty() ? study_differences(stored, present) : lines;
}

/// A stored parameter or output for a column of another layout: a truth value in a column of truth values is a number
/// there, and a text elsewhere.
std::string converted(const std::string& sql_name, const Column& from, const Column& to) {
  const std::string source = "r." + sql_name;
  if (from.type != "boolean" || to.type == "boolean") return source;
  return fmt::format("CASE typeof({0}) WHEN 'integer' THEN CAST(iif({0}, 'true', 'false') AS BLOB) ELSE {0} END",
                     source);
}

void append_columns(std::string& sql, char letter, const std::vector<Column>& from, const std::vector<Column>& to) {
  for (const Column& column : to) {
    const auto source = std::ranges::find(from, column.name, &Column::name);
    sql += ", " + converted(fmt::format("{}{}", letter, source - from.begin()), *source, column);
  }
}

/// Outputs as they were stored, and else as they have been read from files.
void append_outputs(std::string& sql, const Generation& from, const StudyIdentity& present) {
  if (!present.outputs_are_read) return append_columns(sql, 'o', from.identity.outputs, present.outputs);
  const Readings readings(from, present);
  for (std::size_t i = 0; i < present.outputs.size(); ++i) {
    const auto& column = readings.column(i);
    sql += column ? fmt::format(", coalesce(r.{}, c.o{})", *column, i) : fmt::format(", c.o{}", i);
  }
}

/// Values of outputs that the present study has not.
void append_former(std::string& sql, const Generation& from, const std::vector<FormerOutput>& former) {
  for (const FormerOutput& output : former) {
    std::string column = "NULL";
    for (std::size_t i = 0; i < from.identity.outputs.size(); ++i) {
      const Column& stored = from.identity.outputs[i];
      const bool is_it = stored.type == output.type && reading_of(from.identity, stored).how == output.reading;
      if (is_it && column == "NULL") column = fmt::format("r.o{}", i);
    }
    for (const FormerOutput& stored : from.former) {
      const bool is_it = stored.type == output.type && parse_reading(stored.reading).how == output.reading;
      if (is_it && column == "NULL") column = "r." + stored.sql_name;
    }
    sql += ", " + column;
  }
}

/// Moves the rows that `moves` names from one generation to the present tables.
void take_rows(Connection& connection, const Generation& from, const StudyIdentity& present,
               const std::vector<FormerOutput>& former) {
  const std::string moved = fmt::format(
      "FROM moves m CROSS JOIN {{}} r ON r.\"index\" = m.was LEFT JOIN temp.collected c ON c.now = m.now "
      "WHERE m.generation = {}",
      from.number);
  std::string results = "INSERT INTO results SELECT m.now, coalesce(c.status, r.status)";  // ... and a checksum, below
  append_columns(results, 'p', from.identity.parameters, present.parameters);
  append_outputs(results, from, present);
  append_former(results, from, former);
  connection.execute(results + ", NULL " + fmt::format(fmt::runtime(moved), from.table("results")));
  connection.execute(
      "INSERT INTO evaluations SELECT m.now, r.rank, r.host, r.attempts, r.started, r.elapsed, "
      "iif(c.now IS NULL, r.code, 0), coalesce(c.message, r.message), NULL " +
      fmt::format(fmt::runtime(moved), from.table("evaluations")));
  connection.execute(
      "INSERT INTO attempts SELECT m.now, r.attempt, r.status, r.rank, r.host, r.started, r.elapsed, r.code, "
      "r.message, NULL " +
      fmt::format(fmt::runtime(moved), from.table("attempts")));
  for (const char* table : {"results", "evaluations", "attempts"}) seal(connection, table);
}

/// Marks follow their points.
void move_marks(Connection& connection, const Generation& present) {
  if (!has_again(connection)) return;
  connection.execute(
      fmt::format("CREATE TEMP TABLE marked AS SELECT m.now, a.evaluate FROM again a CROSS JOIN moves m "
                  "ON m.was = a.\"index\" AND m.generation = {};"
                  "DELETE FROM again; INSERT INTO again SELECT now, evaluate FROM temp.marked; DROP TABLE temp.marked",
                  present.number));
}

/// What was taken is there no more; a generation of which nothing is left goes.
void remove_taken(Connection& connection, const Generation& from) {
  const auto count = [&](const std::string& what) { return connection.integer("SELECT count(*) FROM " + what); };
  const std::string taken = fmt::format("moves WHERE generation = {}", from.number);
  const std::int64_t number = count(taken);
  if (number == count(from.table("evaluations"))) return drop_generation(connection, from);
  if (number == 0) return;
  for (const char* table : {"results", "evaluations", "attempts"}) {
    connection.execute(fmt::format("DELETE FROM {} WHERE \"index\" IN (SELECT was FROM {})", from.table(table), taken));
  }
}

std::vector<FormerOutput> former_of(const std::vector<Generation>& generations, const StudyIdentity& present) {
  std::vector<Generation> alike;
  std::ranges::copy_if(generations, std::back_inserter(alike),
                       [&](const Generation& generation) { return may_have_points_of(generation.identity, present); });
  return former_outputs(alike, present);
}

/// Gives every outcome of the present design its index there.
Resumption renumber(Connection& connection, std::vector<Generation> generations, const std::filesystem::path& directory,
                    const StudyIdentity& present, const PointValues& points, const ReadOutputs& read) {
  Resumption found;
  connection.execute("CREATE TABLE moves(now INTEGER PRIMARY KEY, generation INTEGER NOT NULL, was INTEGER NOT NULL)");
  Outcomes outcomes(connection, generations, present);
  const std::vector<FormerOutput> former = former_of(generations, present);
  generations.front().number = retire_present(connection, present, former);
  CollectedOutputs collected(connection, directory, present);
  {
    Statement insert(connection, "INSERT INTO moves VALUES(?, ?, ?)");
    const auto take = [&](const Match& match) {
      const Generation& generation = generations[match.generation];
      bool failed = match.failed;
      if (match.reads) {
        const auto ok = collected.read(match, generation, read, found);
        if (!ok) return false;
        failed = !*ok;
      }
      ++(failed ? found.failed : found.succeeded);
      insert.run(match.now, generation.number, match.was);
      return true;
    };
    outcomes.match(present, points, take, [&](std::uint64_t) { ++found.without_files; });
  }
  for (const Generation& generation : generations) {
    if (may_have_points_of(generation.identity, present)) take_rows(connection, generation, present, former);
  }
  move_marks(connection, generations.front());
  for (const Generation& generation : generations) remove_taken(connection, generation);
  return found;
}

bool failed_in_one_of(Connection& connection, const Generation& generation, std::uint64_t index,
                      const std::vector<FailureKind>& kinds) {
  if (kinds.empty()) return false;
  bool found = false;
  connection.for_each_row(
      fmt::format("SELECT status FROM {} WHERE \"index\" = ?", generation.table("results")),
      [&](const Statement& row) {
        const std::string status = row.text(0);
        found = std::ranges::any_of(kinds, [&](FailureKind kind) { return name_of(kind) == status; });
      },
      index);
  return found;
}

/// Whether a failure that will stand is of one of these kinds.
bool is_one_of(Connection& connection, const std::vector<Generation>& generations, const Match& match,
               const std::vector<FailureKind>& kinds) {
  if (match.reads) return std::ranges::find(kinds, FailureKind::bad_output) != kinds.end();
  return failed_in_one_of(connection, generations[match.generation], match.was, kinds);
}

Foreseen foresee(Connection& connection, const std::vector<Generation>& generations, const StudyIdentity& present,
                 const PointValues& points, const std::vector<FailureKind>& kinds, const ReadOutputs& read) {
  Foreseen foreseen;
  Resumption& found = foreseen.found.emplace();
  const IndexSet marked = read_again(connection, /*evaluate=*/true);
  Foresight foresight(connection, generations, present, read);
  const auto look = [&](const Match& match) {
    const std::optional<bool> failed = foresight.failed(match, found);
    if (!failed) return false;
    ++(*failed ? found.failed : found.succeeded);
    (*failed ? foreseen.known.failed : foreseen.known.succeeded).insert(match.now);
    if (match.generation == 0 && marked.contains(match.was)) foreseen.again.insert(match.now);
    if (*failed && is_one_of(connection, generations, match, kinds)) foreseen.of_kinds.insert(match.now);
    return true;
  };
  Outcomes(connection, generations, present).match(present, points, look, [&](std::uint64_t) {
    ++found.without_files;
  });
  return foreseen;
}

}  // namespace

Foresight::Foresight(Connection& connection, const std::vector<Generation>& generations, const StudyIdentity& present,
                     const ReadOutputs& read)
    : connection_(connection), generations_(generations), present_(present), read_(read), unread_(generations.size()) {}

std::optional<bool> Foresight::failed(const Match& match, Resumption& found) {
  if (!match.reads) return match.failed;
  auto& unread = unread_[match.generation];
  if (!unread) {
    unread.emplace(connection_, generations_[match.generation], /*is_present=*/match.generation == 0, present_);
  }
  const auto outcome = unread->find(match.now, match.was);
  const ReadFrom from = source_of(outcome, read_);
  if (from == ReadFrom::nothing) return std::nullopt;
  ++(from == ReadFrom::files ? found.read : found.judged);
  const bool fails = from == ReadFrom::values && read_ && !read_.read(*outcome).ok();
  found.unreadable += fails ? 1 : 0;
  return fails;
}

Outcomes::Outcomes(Connection& connection, const std::vector<Generation>& generations, const StudyIdentity& present) {
  for (std::size_t i = 0; i < generations.size(); ++i) {
    former_integers_.push_back(former_integers(generations[i].identity, present));
    if (may_have_points_of(generations[i].identity, present)) read(connection, generations[i], i, present);
  }
  std::ranges::sort(outcomes_, [](const Outcome& a, const Outcome& b) {
    const auto rank = [](const Outcome& one) {
      return std::tuple(one.key, static_cast<int>(one.reads), static_cast<int>(one.failed),
                        static_cast<std::uint32_t>(one.generation), one.index);
    };
    return rank(a) < rank(b);
  });
}

void Outcomes::read(Connection& connection, const Generation& generation, std::size_t position,
                    const StudyIdentity& present) {
  PointHash hash(generation.identity, present);
  outcomes_.reserve(outcomes_.size() + static_cast<std::size_t>(connection.integer("SELECT count(*) FROM " +
                                                                                   generation.table("evaluations"))));
  // The files of these may be of an evaluation that did not end.
  const IndexSet doubtful = position == 0 ? read_again(connection, /*evaluate=*/false) : IndexSet();
  const auto keep = [&](const StoredPoint& point) {
    if (point.flag && doubtful.contains(point.index)) return true;
    Outcome outcome{};
    outcome.key = hash(point.index, point.values);
    outcome.generation = static_cast<std::uint32_t>(position) & 0x3fffffffU;
    outcome.reads = point.flag ? 1 : 0;
    outcome.failed = point.failed ? 1 : 0;
    outcome.index = point.index;
    outcomes_.push_back(outcome);
    return true;
  };
  for_each_point(connection, generation, keep, Readings(generation, present).needs_reading());
}

void Outcomes::match(const StudyIdentity& present, const PointValues& points,
                     const std::function<bool(const Match&)>& on_match,
                     const std::function<void(std::uint64_t)>& on_refused) {
  PointHash hash(present, present);
  std::size_t left = outcomes_.size();
  for (std::uint64_t index = 0; index < present.points && left > 0; ++index) {
    const std::vector<Value> values = points(index);
    const Hash128 key = hash(index, values);
    const auto first = std::ranges::lower_bound(outcomes_, key, {}, &Outcome::key);
    if (first == outcomes_.end() || first->key != key) continue;
    bool refused = false;
    for (bool taken = false; !taken;) {
      if (outcomes_.end() - first <= static_cast<std::ptrdiff_t>(first->taken)) break;
      const Outcome& next = *(first + static_cast<std::ptrdiff_t>(first->taken));
      if (next.key != key) break;
      const bool written_alike = std::ranges::none_of(
          former_integers_[next.generation], [&](std::size_t position) { return has_point(values[position]); });
      taken = written_alike && on_match({index, next.generation, next.index, next.failed != 0, next.reads != 0});
      refused = written_alike && !taken;
      ++first->taken;
      --left;
    }
    if (refused && on_refused) on_refused(index);
  }
}

std::optional<Resumption> only_adds_points(Connection& connection, const std::vector<Generation>& generations,
                                           const StudyIdentity& present, const PointValues& points) {
  const StudyIdentity& stored = generations.front().identity;
  const bool alike = same_layout(stored.parameters, present.parameters) &&
                     same_layout(stored.outputs, present.outputs) && may_have_points_of(stored, present) &&
                     former_integers(stored, present).empty() && same_value_programs(stored, present) &&
                     Readings(generations.front(), present).same();
  const bool others = std::any_of(generations.begin() + 1, generations.end(), [&](const Generation& generation) {
    return may_have_points_of(generation.identity, present) && has_rows(connection, generation);
  });
  if (!alike || others) return std::nullopt;

  Resumption found;
  const bool all = for_each_point(connection, generations.front(), [&](const StoredPoint& point) {
    ++(point.failed ? found.failed : found.succeeded);
    return point.index < present.points && point.values == points(point.index);
  });
  return all ? std::optional(found) : std::nullopt;
}

void read_present(Connection& connection, const std::vector<FailureKind>& kinds, Foreseen& foreseen) {
  foreseen.known = read_known(connection);
  foreseen.again = read_again(connection, /*evaluate=*/true);
  for (const FailureKind kind : kinds) foreseen.of_kinds = foreseen.of_kinds.united(read_failed(connection, kind));
}

Foreseen find_outcomes(Connection& connection, const StudyIdentity& present, const PointValues& points,
                       const std::vector<FailureKind>& kinds, const ReadOutputs& read) {
  const std::vector<Generation> generations = read_generations(connection);
  Foreseen foreseen;
  foreseen.found = only_adds_points(connection, generations, present, points);
  if (foreseen.found) {
    read_present(connection, kinds, foreseen);
  } else {
    foreseen = foresee(connection, generations, present, points, kinds, read);
  }
  foreseen.found->points = present.points;
  foreseen.found->differences = differences_of(generations.front().identity, present);
  return foreseen;
}

KnownOutcomes find_known(Connection& connection, const StudyIdentity& present, const PointValues& points,
                         const ReadOutputs& read) {
  const std::vector<Generation> generations = read_generations(connection);
  KnownOutcomes known;
  Resumption found;
  Foresight foresight(connection, generations, present, read);
  Outcomes(connection, generations, present).match(present, points, [&](const Match& match) {
    const std::optional<bool> failed = match.reads && !read ? std::nullopt : foresight.failed(match, found);
    if (failed) (*failed ? known.failed : known.succeeded).insert(match.now);
    return failed.has_value();
  });
  return known;
}

Resumption change_study(Connection& connection, const std::filesystem::path& directory, const StudyIdentity& present,
                        const PointValues& points, const ReadOutputs& read) {
  Transaction transaction(connection, "BEGIN IMMEDIATE");
  const std::vector<Generation> generations = read_generations(connection);
  std::optional<Resumption> found = only_adds_points(connection, generations, present, points);
  const bool renumbers = !found.has_value();
  if (renumbers) found = renumber(connection, generations, directory, present, points, read);
  found->points = present.points;
  found->differences = differences_of(generations.front().identity, present);
  replace_identity(connection, present);
  if (renumbers && !has_point_files(directory)) connection.execute("DROP TABLE moves");
  if (renumbers) renew_totals(connection);
  renew_spare(connection);
  transaction.commit();
  move_point_files(connection, directory);
  return *found;
}

void forget_earlier(Connection& connection, const StudyIdentity& present, const PointValues& points,
                    const IndexSet& chosen) {
  std::vector<Generation> earlier = read_generations(connection);
  earlier.erase(earlier.begin());
  std::erase_if(earlier, [&](const Generation& one) { return !may_have_points_of(one.identity, present); });
  if (earlier.empty()) return;
  std::vector<Hash128> keys;
  PointHash hash(present, present);
  for (const IndexRange& range : chosen.ranges()) {
    for (std::uint64_t i = 0; i < range.count; ++i) keys.push_back(hash(range.first + i, points(range.first + i)));
  }
  std::ranges::sort(keys);
  for (const Generation& generation : earlier) {
    PointHash of_it(generation.identity, present);
    std::vector<std::uint64_t> found;
    for_each_point(connection, generation, [&](const StoredPoint& point) {
      if (std::ranges::binary_search(keys, of_it(point.index, point.values))) found.push_back(point.index);
      return true;
    });
    for (const char* table : {"results", "evaluations", "attempts"}) {
      Statement forget(connection, fmt::format("DELETE FROM {} WHERE \"index\" = ?", generation.table(table)));
      for (const std::uint64_t index : found) forget.run(index);
      renew_total(connection, generation.table(table));
    }
    if (!has_rows(connection, generation)) drop_generation(connection, generation);
  }
  renew_spare(connection);
}

}  // namespace windrow::detail
