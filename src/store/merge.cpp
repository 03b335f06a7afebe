#include "windrow/store/merge.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <system_error>
#include <utility>

#include "arrays/interface/array_files.hpp"
#include "base/interface/leftover_names.hpp"
#include "generations.hpp"
#include "open_study.hpp"
#include "point_files.hpp"
#include "resume.hpp"
#include "rows.hpp"
#include "schema.hpp"
#include "sqlite.hpp"
#include "store/interface/journal.hpp"
#include "store/interface/writer_lock.hpp"
#include "sums.hpp"
#include "verify.hpp"
#include "windrow/base/files.hpp"
#include "windrow/base/text.hpp"
#include "windrow/error.hpp"

namespace windrow {
namespace {

namespace fs = std::filesystem;
using namespace detail;

void require_form(const fs::path& from, const StudyIdentity& theirs, const StudyIdentity& ours) {
  const std::vector<std::string> lines = study_differences(theirs, ours);
  if (lines.empty()) return;
  const bool can_be_read = differs_in_reading_alone(theirs, ours);
  throw StoreError(fmt::format("{}: these are results of another form of the study; what differs, there -> here:{}{}",
                               from.string(), list_differences(lines),
                               can_be_read ? "\nwith the study file outputs are read from files that were kept" : ""));
}

/// What is needed to bring a store to the present form of the study.
struct PresentForm {
  const StudyIdentity& study;
  const PointValues& points;
  const ReadOutputs& read;
};

/// If it differs only in how outputs are read, and in what it does not know of programs.
std::optional<Resumption> bring_to_form(Connection& connection, const fs::path& directory, const PresentForm& form) {
  const StudyIdentity theirs = read_identity(connection);
  const bool alike = study_differences(theirs, form.study).empty();
  if (alike || !differs_in_reading_alone(theirs, form.study)) return std::nullopt;
  if (!has_outcomes_of(theirs, form.study)) {
    if (!form.points || !form.read) return std::nullopt;
    return change_study(connection, directory, form.study, form.points, form.read);
  }
  Resumption found;
  found.differences = differences(theirs.definition, form.study.definition);
  Transaction transaction(connection, "BEGIN IMMEDIATE");
  replace_identity(connection, form.study);
  transaction.commit();
  return found;
}

/// A store that is to be taken, as long as nobody else can write it.
class Source {
 public:
  Source(const fs::path& directory, const PresentForm& form) : directory_(directory) {
    const fs::path file = directory / results_file;
    std::error_code ignored;
    if (!fs::exists(file, ignored)) {
      throw StoreError(fmt::format("{}: there are no results here: the run that was to write them did not begin",
                                   directory.string()));
    }
    lock_.emplace(directory);
    Connection connection(results_in(directory), Connection::Mode::write);
    if (inspect(connection) == Content::nothing) {
      throw StoreError(
          fmt::format("{}: holds no results yet; the run that was to write it did not begin", file.string()));
    }
    migrate(connection);
    move_point_files(connection, directory);
    require_sound(connection);
    found_ = bring_to_form(connection, directory, form);
    require_form(directory, read_identity(connection), form.study);
    earlier_ = count_earlier(connection);
  }

  const fs::path& directory() const { return directory_; }
  /// Outcomes of points that its design has no more: they belong to no index of the present one.
  std::uint64_t earlier() const { return earlier_; }
  const std::optional<Resumption>& found() const { return found_; }

  /// Under another name first, so that nobody takes what is left of it for a store.
  void remove() {
    const fs::path leaving = directory_.string() + std::string(merged_ending);
    std::error_code error;
    detail::remove_tree(leaving, error);
    fs::rename(directory_, leaving, error);
    if (error) {
      throw StoreError(fmt::format("{}: all of it is merged, but it cannot be removed: {}; remove it",
                                   directory_.string(), error.message()));
    }
    lock_.reset();
    detail::remove_tree(leaving, error);
  }

 private:
  /// It may be removed afterwards, so what cannot be read, or is not right, has to be noticed before.
  static void require_sound(Connection& connection) {
    const Soundness found = verify(connection);
    if (found.sound()) return;
    throw StoreError(
        fmt::format("{}: the file is damaged ({}): {}, for a new merge; the other points are evaluated again",
                    connection.file().string(), found.lines(1).front(), how_to_recover(connection.file())));
  }

  fs::path directory_;
  std::optional<WriterLock> lock_;
  std::uint64_t earlier_ = 0;
  std::optional<Resumption> found_;
};

/// Outcomes to take: those of points without one, and in the place of a failure a result or a later failure.
constexpr const char* choose_sql = R"(
INSERT INTO temp.taken
SELECT s."index", m."index" IS NOT NULL
FROM shard.evaluations s CROSS JOIN shard.results r USING("index")
LEFT JOIN main.results m ON m."index" = s."index" LEFT JOIN main.evaluations e ON e."index" = s."index"
WHERE m."index" IS NULL OR (m.status <> 'ok' AND (r.status = 'ok' OR s.started > e.started)) ORDER BY s."index")";

/// The number of the attempt before, for one more at `{0}."index"`.
constexpr const char* last_attempt =
    R"((SELECT coalesce(max(attempt), 0) FROM main.attempts m WHERE m."index" = {0}."index"))";

/// Whether an attempt is known already; a shard that is taken twice brings nothing twice.
constexpr const char* unknown_attempt =
    R"(NOT EXISTS (SELECT 1 FROM main.attempts k WHERE k."index" = {0}."index" AND k.started IS {0}.started
       AND k.rank = {0}.rank AND k.host = {0}.host))";

/// A failure there that does not stand here, and is not the one that does.
constexpr const char* lost_failures_sql = R"(
INSERT INTO main.attempts("index", attempt, status, rank, host, started, elapsed, code, message)
SELECT e."index", {} + 1, r.status, e.rank, e.host, e.started, e.elapsed, e.code, e.message
FROM shard.results r INDEXED BY failures CROSS JOIN shard.evaluations e USING("index")
CROSS JOIN main.evaluations o ON o."index" = e."index"
WHERE r.status <> 'ok' AND e."index" NOT IN (SELECT "index" FROM temp.taken)
AND NOT (o.started IS e.started AND o.rank = e.rank AND o.host = e.host) AND {})";

constexpr const char* replaced_failures_sql = R"(
INSERT INTO main.attempts("index", attempt, status, rank, host, started, elapsed, code, message)
SELECT e."index", {} + 1, r.status, e.rank, e.host, e.started, e.elapsed, e.code, e.message
FROM temp.taken t CROSS JOIN main.results r ON r."index" = t."index" CROSS JOIN main.evaluations e
ON e."index" = t."index" WHERE t.replaces)";

constexpr const char* attempts_sql = R"(
INSERT INTO main.attempts("index", attempt, status, rank, host, started, elapsed, code, message)
SELECT a."index", {} + a.attempt, a.status, a.rank, a.host, a.started, a.elapsed, a.code, a.message
FROM shard.attempts a WHERE {})";

std::string formatted(const char* sql, const char* row) {
  return fmt::format(fmt::runtime(sql), fmt::format(fmt::runtime(last_attempt), row),
                     fmt::format(fmt::runtime(unknown_attempt), row));
}

/// Takes over what one store has that another has not. The other is attached to the connection for that time.
class MergeRows {
 public:
  /// @param to, from  the stores' directories; nobody else writes either, and both are of the study
  MergeRows(Connection& connection, ArrayFiles& arrays, const StudyIdentity& study, std::filesystem::path to,
            std::filesystem::path from);
  ~MergeRows();
  MergeRows(const MergeRows&) = delete;
  MergeRows& operator=(const MergeRows&) = delete;

  /// In one transaction, with the arrays on the disk before it.
  /// @param problems  gets what could not be taken
  /// @return how many outcomes
  std::uint64_t take(std::vector<std::string>& problems);
  /// The directories of points whose outcomes stand, afterwards. A directory that is there already is replaced.
  /// @param move  they need not stay where they are
  void take_point_files(bool move);

 private:
  void take_arrays(std::vector<std::string>& problems);
  void take_attempts();
  void take_outcomes();
  void take_runs();
  void remove_replaced_files();

  Connection& connection_;
  ArrayFiles& arrays_;
  const StudyIdentity& study_;
  std::filesystem::path to_;
  std::filesystem::path from_;
};

MergeRows::MergeRows(Connection& connection, ArrayFiles& arrays, const StudyIdentity& study, fs::path to, fs::path from)
    : connection_(connection), arrays_(arrays), study_(study), to_(std::move(to)), from_(std::move(from)) {
  connection.execute("CREATE TEMP TABLE IF NOT EXISTS taken(\"index\" INTEGER PRIMARY KEY, replaces INTEGER NOT NULL)");
  connection.run("ATTACH ? AS shard", (from_ / results_file).string());
}

MergeRows::~MergeRows() {
  try {
    connection_.execute("DETACH shard");
  } catch (const StoreError&) {
    // After an error of the file system; it goes with the connection.
  }
}

std::uint64_t MergeRows::take(std::vector<std::string>& problems) {
  try {
    Transaction transaction(connection_, "BEGIN IMMEDIATE");
    connection_.execute("DELETE FROM temp.taken");
    connection_.execute(choose_sql);
    if (arrays_.any()) take_arrays(problems);
    take_attempts();
    remove_replaced_files();
    take_outcomes();
    take_runs();
    connection_.execute(
        "UPDATE main.study SET index_matters = 1 WHERE EXISTS (SELECT 1 FROM shard.study s WHERE "
        "s.index_matters)");
    renew_spare(connection_);
    const std::int64_t count = connection_.integer("SELECT count(*) FROM temp.taken");
    transaction.commit();
    return static_cast<std::uint64_t>(count);
  } catch (const SqliteError& error) {
    throw StoreError(fmt::format("{}: cannot be merged into {}; what was there before is safe: {}", from_.string(),
                                 to_.string(), error.what()));
  }
}

void MergeRows::take_arrays(std::vector<std::string>& problems) {
  constexpr std::size_t told = 3;
  std::vector<std::int64_t> damaged;
  std::string cells;
  for (std::size_t i = 0; i < study_.outputs.size(); ++i) {
    if (is_array_type(study_.outputs[i].type)) cells += fmt::format(", r.o{}", i);
  }
  const auto take = [&](const Statement& row) {
    std::vector<std::string> of_point;
    for (int i = 0; i < static_cast<int>(arrays_.count()); ++i) of_point.push_back(row.text(i + 1));
    const std::string problem = arrays_.take(from_, row.count(0), of_point);
    if (problem.empty()) return;
    damaged.push_back(row.integer(0));
    if (damaged.size() <= told) problems.push_back(problem);
  };
  connection_.for_each_row(fmt::format("SELECT t.\"index\"{} FROM temp.taken t CROSS JOIN shard.results r "
                                       "USING(\"index\") WHERE r.status = 'ok' ORDER BY 1",
                                       cells),
                           take);
  arrays_.sync();
  if (damaged.size() > told) problems.push_back(fmt::format("... and arrays of {} more points", damaged.size() - told));
  Statement forget(connection_, "DELETE FROM temp.taken WHERE \"index\" = ?");
  for (const std::int64_t index : damaged) forget.run(index);
}

void MergeRows::take_attempts() {
  connection_.execute(formatted(attempts_sql, "a"));
  connection_.execute(formatted(lost_failures_sql, "e"));
  connection_.execute(formatted(replaced_failures_sql, "e"));
}

void MergeRows::take_outcomes() {
  // By name: either store may keep values of outputs that the study has no more.
  const std::string columns =
      "\"index\", status" + value_columns('p', study_.parameters) + value_columns('o', study_.outputs);
  connection_.execute(
      fmt::format("INSERT OR REPLACE INTO main.results({0}) SELECT {0} FROM temp.taken t CROSS JOIN shard.results "
                  "r USING(\"index\") ORDER BY t.\"index\"",
                  columns));
  connection_.execute(
      "INSERT OR REPLACE INTO main.evaluations SELECT r.\"index\", r.rank, r.host, r.attempts, r.started, r.elapsed, "
      "r.code, r.message, NULL FROM temp.taken t CROSS JOIN shard.evaluations r USING(\"index\") ORDER BY t.\"index\"");
  const std::string taken = "t.\"index\" IN (SELECT \"index\" FROM temp.taken)";
  seal(connection_, "results", taken);
  seal(connection_, "evaluations", taken);
  seal(connection_, "attempts");
  for (const char* table : {"results", "evaluations", "attempts"}) renew_total(connection_, table);
}

void MergeRows::take_runs() {
  std::vector<std::int64_t> runs;
  connection_.for_each_row(
      "SELECT s.run FROM shard.runs s WHERE NOT EXISTS (SELECT 1 FROM main.runs r WHERE r.started = "
      "s.started AND (SELECT group_concat(text) FROM main.provenance p WHERE p.run = r.run) IS (SELECT "
      "group_concat(text) FROM shard.provenance p WHERE p.run = s.run)) ORDER BY s.run",
      [&](const Statement& row) { runs.push_back(row.integer(0)); });
  for (const std::int64_t run : runs) {
    connection_.run("INSERT INTO main.runs SELECT NULL, started FROM shard.runs WHERE run = ?", run);
    connection_.run(
        "INSERT INTO main.provenance SELECT (SELECT max(run) FROM main.runs), position, name, text FROM "
        "shard.provenance WHERE run = ?",
        run);
  }
}

/// The directory that a failure left belongs to it alone. Before the commit: a failure without its directory is true,
/// a result with that of an earlier failure is not.
void MergeRows::remove_replaced_files() {
  connection_.for_each_row("SELECT \"index\" FROM temp.taken WHERE replaces", [&](const Statement& row) {
    std::error_code ignored;
    detail::remove_tree(to_ / points_name / std::to_string(row.integer(0)), ignored);
  });
}

void MergeRows::take_point_files(bool move) {
  Statement stands(connection_,
                   "SELECT 1 FROM main.evaluations m CROSS JOIN shard.evaluations s USING(\"index\") WHERE \"index\" = "
                   "? AND m.started IS s.started AND m.rank = s.rank AND m.host = s.host");
  std::error_code error;
  for (fs::directory_iterator entry(from_ / points_name, error), end; !error && entry != end; entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    const auto index = text::parse_integer(name);
    if (!index || *index < 0) continue;
    const ResetAtEnd reset(stands);
    if (!stands.bind(1, *index).step()) continue;
    take_point_directory(entry->path(), to_ / points_name / name, move);
  }
}

}  // namespace

struct StoreMerge::Impl : OpenStudy {
  Impl(const fs::path& where, const StudyIdentity& study, const PointValues& present, const ReadOutputs& reader)
      : OpenStudy(where, study, present, reader),
        arrays(directory, names_of_arrays(identity)),
        points(present),
        read(reader) {
    set_journal(connection, journal_for(directory, Journal::automatic));
  }
  ~Impl() { arrays.clear(); }

  ArrayFiles arrays;
  PointValues points;
  ReadOutputs read;
};

StoreMerge::StoreMerge(const fs::path& directory, const StudyIdentity& study, const PointValues& points,
                       const ReadOutputs& read)
    : impl_(std::make_unique<Impl>(directory, study, points, read)) {}

StoreMerge::~StoreMerge() = default;
StoreMerge::StoreMerge(StoreMerge&&) noexcept = default;
StoreMerge& StoreMerge::operator=(StoreMerge&&) noexcept = default;

const std::optional<Resumption>& StoreMerge::resumption() const {
  return impl_->resumption;
}

Taken StoreMerge::take(const fs::path& from, Then then) {
  std::error_code ignored;
  if (then == Then::remove) detail::remove_tree(from.string() + std::string(detail::merged_ending), ignored);
  Source source(fs::absolute(from), {impl_->identity, impl_->points, impl_->read});
  Taken taken;
  taken.found = source.found();
  {
    MergeRows rows(impl_->connection, impl_->arrays, impl_->identity, impl_->directory, source.directory());
    taken.outcomes = rows.take(taken.problems);
    rows.take_point_files(then == Then::remove);
  }
  const std::uint64_t without_files = taken.found ? taken.found->without_files : 0;
  if (without_files > 0) {
    taken.problems.push_back(fmt::format("{}: {} stay there: outputs are missing, and their files were not kept",
                                         source.directory().string(), text::counted(without_files, "outcome")));
  } else if (source.earlier() > 0) {
    taken.problems.push_back(
        fmt::format("{}: {} outcomes of earlier forms of the study stay there; remove it if you do not need them",
                    source.directory().string(), text::with_thousands(source.earlier())));
  }
  if (then == Then::keep || !taken.problems.empty()) return taken;
  source.remove();
  taken.removed = true;
  return taken;
}

}  // namespace windrow
