#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <system_error>

#include "accounts.hpp"
#include "generations.hpp"
#include "origin.hpp"
#include "resume.hpp"
#include "rows.hpp"
#include "schema.hpp"
#include "sqlite.hpp"
#include "store/interface/journal.hpp"
#include "store/interface/writer_lock.hpp"
#include "windrow/base/text.hpp"
#include "windrow/error.hpp"
#include "windrow/store/store.hpp"

namespace windrow {
namespace {

using detail::Connection;

std::filesystem::path file_in(const std::filesystem::path& given) {
  std::error_code ignored;
  const std::filesystem::path file =
      std::filesystem::is_directory(given, ignored) ? given / detail::results_file : given;
  if (!std::filesystem::exists(file, ignored)) {
    throw StoreError(
        fmt::format("{}: there are no results here: {} does not exist; run the study first, or name the "
                    "directory that it wrote",
                    given.string(), file.string()));
  }
  return std::filesystem::absolute(file);
}

/// Whether a journal holds commits that the file does not, or half a commit that the file does.
bool journal_holds_data(const std::filesystem::path& file) {
  return std::ranges::any_of(std::array{"-wal", "-journal"}, [&](const char* ending) {
    std::error_code ignored;
    const std::filesystem::path journal = file.string() + ending;
    return std::filesystem::exists(journal, ignored) && std::filesystem::file_size(journal, ignored) > 0;
  });
}

void require_results(Connection& connection) {
  if (detail::inspect(connection) == detail::Content::results) return;
  throw StoreError(fmt::format("{}: holds no results yet; run the study first", connection.file().string()));
}

std::unique_ptr<Connection> open_frozen(const std::filesystem::path& file) {
  auto connection = std::make_unique<Connection>(file, Connection::Mode::frozen);
  require_results(*connection);
  return connection;
}

/// A write-ahead log needs memory that all its users share, so only the machine that wrote it can read it: over a
/// network file system SQLite would see half of it, and might even take itself for the last user and move the log into
/// the file under the writer's hands.
std::unique_ptr<Connection> open_foreign_wal(const std::filesystem::path& file) {
  if (journal_holds_data(file)) {
    const std::string holder = detail::WriterLock::holder(file.parent_path());
    throw StoreElsewhere(
        fmt::format("{}: these results are written to a disk of another machine ({}), and can be read here only when "
                    "the run has ended in order; until then ask on that machine",
                    file.string(), holder.empty() ? "whose run was killed, or ended a moment ago" : holder));
  }
  return open_frozen(file);
}

/// SQLite needs to write beside the file even to read it; where it may not, the file alone is read, which is right only
/// if nothing of it is in a journal.
std::unique_ptr<Connection> open(const std::filesystem::path& file) {
  if (detail::has_wal(file) && detail::is_on_network(file.parent_path())) return open_foreign_wal(file);
  try {
    auto connection = std::make_unique<Connection>(file, Connection::Mode::read);
    require_results(*connection);
    return connection;
  } catch (const detail::SqliteError& error) {
    if (!error.is_access()) throw;
  }
  if (journal_holds_data(file)) {
    throw StoreError(
        fmt::format("{}: the run that wrote it did not end in order, and the directory cannot be written to "
                    "recover it; copy the directory to where you may write and read it there",
                    file.string()));
  }
  return open_frozen(file);
}

/// Records that are read at once: few enough for wide rows, enough to make the start of a query cheap.
std::int64_t page_size(const StudyIdentity& identity) {
  const std::size_t columns = identity.parameters.size() + identity.outputs.size();
  return static_cast<std::int64_t>(std::clamp<std::size_t>(65536 / (columns + 1), 16, 1024));
}

}  // namespace

struct StoreReader::Impl {
  explicit Impl(const std::filesystem::path& given) : file(file_in(given)), connection(open(file)) {
    identity = detail::read_identity(*connection);
  }

  /// The next records from `first` on, at most a page of them.
  std::vector<Record> page(std::int64_t first) {
    if (!select_page) {
      select_page.emplace(
          *connection, detail::select_records_sql(identity) + " WHERE r.\"index\" >= ? ORDER BY r.\"index\" LIMIT ?");
    }
    const detail::ResetAtEnd end(*select_page);
    std::vector<Record> records;
    select_page->bind(1, first).bind(2, page_size(identity));
    while (select_page->step()) records.push_back(detail::read_record(*select_page, identity, file));
    return records;
  }

  std::filesystem::path file;
  std::unique_ptr<Connection> connection;
  StudyIdentity identity;
  std::optional<detail::Statement> select_page;
  std::optional<detail::Statement> select_one;
};

StoreReader::StoreReader(const std::filesystem::path& directory) : impl_(std::make_unique<Impl>(directory)) {}
StoreReader::~StoreReader() = default;
StoreReader::StoreReader(StoreReader&&) noexcept = default;
StoreReader& StoreReader::operator=(StoreReader&&) noexcept = default;

const StudyIdentity& StoreReader::identity() const {
  return impl_->identity;
}

std::vector<std::vector<std::pair<std::string, std::string>>> StoreReader::runs() const {
  return detail::read_runs(*impl_->connection);
}

StoreStatus StoreReader::status() const {
  Connection& connection = *impl_->connection;
  detail::Transaction snapshot(connection);
  StoreStatus status;
  status.name = connection.text("SELECT name FROM study");
  status.points = impl_->identity.points;
  {
    detail::Statement failures(connection,
                               "SELECT status, count(*) FROM results INDEXED BY failures WHERE status <> 'ok' "
                               "GROUP BY status ORDER BY count(*) DESC, status");
    while (failures.step()) {
      status.failures.emplace_back(failures.text(0), static_cast<std::uint64_t>(failures.integer(1)));
      status.failed += status.failures.back().second;
    }
    detail::Statement totals(connection, "SELECT count(*), total(elapsed) FROM evaluations");
    totals.step();
    status.succeeded = static_cast<std::uint64_t>(totals.integer(0)) - status.failed;
    status.busy_seconds = totals.real(1);
  }
  for (const detail::Generation& generation : detail::read_generations(connection)) {
    if (generation.number == 0) continue;
    const std::string counting = "SELECT count(*) FROM " + generation.table("evaluations");
    status.earlier += static_cast<std::uint64_t>(connection.integer(counting));
  }
  snapshot.commit();
  status.running = detail::WriterLock::is_held(impl_->file.parent_path());
  return status;
}

std::optional<Record> StoreReader::find(std::uint64_t index) const {
  if (index >= impl_->identity.points) return std::nullopt;
  auto& select = impl_->select_one;
  if (!select) {
    select.emplace(*impl_->connection, detail::select_records_sql(impl_->identity) + " WHERE r.\"index\" = ?");
  }
  const detail::ResetAtEnd end(*select);
  select->bind(1, static_cast<std::int64_t>(index));
  if (!select->step()) return std::nullopt;
  return detail::read_record(*select, impl_->identity, impl_->file);
}

ArrayFile StoreReader::array_file(std::uint64_t index, const std::string& output) const {
  const std::vector<std::string> names = detail::names_of_arrays(impl_->identity);
  const auto found = std::ranges::find(names, output);
  if (found == names.end()) {
    throw StoreError(fmt::format("{}: there are no arrays of the name `{}`{}", impl_->file.string(), output,
                                 names.empty() ? "" : text::suggestion(output, names)));
  }
  const std::optional<Record> record = find(index);
  if (!record) throw StoreError(fmt::format("{}: point {} has no outcome yet", impl_->file.string(), index));
  if (!record->outcome.ok()) {
    throw StoreError(fmt::format("{}: {}", impl_->file.string(), describe(record->outcome.failure())));
  }
  return record->arrays[static_cast<std::size_t>(found - names.begin())];
}

Array StoreReader::array(std::uint64_t index, const std::string& output) const {
  return array_file(index, output).read();
}

void StoreReader::for_each(const std::function<void(const Record&)>& visit) const {
  // Page by page: between pages nothing is locked, so that a slow visitor never makes the writer wait, and `visit` may
  // use this reader.
  std::int64_t next = 0;
  while (true) {
    const std::vector<Record> records = impl_->page(next);
    if (records.empty()) return;
    for (const Record& record : records) visit(record);
    next = static_cast<std::int64_t>(records.back().index) + 1;
  }
}

void StoreReader::for_each_time(const std::function<void(const PointTime&)>& visit) const {
  constexpr std::size_t page = 4096;
  detail::Statement select(*impl_->connection, detail::select_times_sql());
  std::vector<PointTime> times;
  std::int64_t next = 0;
  do {  // page by page, as for_each()
    times.clear();
    select.bind(1, next).bind(2, static_cast<std::int64_t>(page));
    while (select.step()) times.push_back(detail::read_time(select));
    if (!times.empty()) next = static_cast<std::int64_t>(times.back().index) + 1;
    for (const PointTime& time : times) visit(time);
  } while (times.size() == page);
}

std::vector<RunTimes> StoreReader::run_times() const {
  detail::Transaction snapshot(*impl_->connection);
  auto runs = detail::read_run_times(*impl_->connection);
  snapshot.commit();
  return runs;
}

void StoreReader::for_each_evaluation(double from, double to,
                                      const std::function<void(const EvaluationTime&)>& visit) const {
  detail::for_each_evaluation(*impl_->connection, from, to, visit);
}

std::vector<Attempt> StoreReader::attempts(std::uint64_t index) const {
  std::vector<Attempt> attempts;
  if (index >= impl_->identity.points || !detail::has_generations(*impl_->connection)) return attempts;
  detail::Statement select(*impl_->connection, detail::select_attempts_sql());
  select.bind(1, static_cast<std::int64_t>(index));
  while (select.step()) attempts.push_back(detail::read_attempt(select, impl_->file));
  return attempts;
}

bool StoreReader::is_of(const StudyIdentity& study) const {
  return detail::study_differences(impl_->identity, study).empty();
}

std::optional<Resumption> StoreReader::preview(const StudyIdentity& present, const PointValues& points) const {
  if (is_of(present)) return std::nullopt;
  StudyIdentity as = present;
  as.index_matters = as.index_matters || impl_->identity.index_matters;
  return detail::find_outcomes(*impl_->connection, as, points);
}

KnownOutcomes StoreReader::known(const StudyIdentity& present, const PointValues& points) const {
  KnownOutcomes known;
  Connection& connection = *impl_->connection;
  detail::Transaction snapshot(connection);
  if (is_of(present)) {
    detail::Statement failures(connection,
                               "SELECT \"index\" FROM results INDEXED BY failures WHERE status <> 'ok' ORDER BY 1");
    while (failures.step()) known.failed.insert(static_cast<std::uint64_t>(failures.integer(0)));
    IndexSet all;
    detail::Statement evaluated(connection, "SELECT \"index\" FROM evaluations ORDER BY \"index\"");
    while (evaluated.step()) all.insert(static_cast<std::uint64_t>(evaluated.integer(0)));
    known.succeeded = all.without(known.failed);
  } else if (points) {
    StudyIdentity as = present;
    as.index_matters = as.index_matters || impl_->identity.index_matters;
    detail::Outcomes(connection, detail::read_generations(connection), as)
        .match(as, points,
               [&](const detail::Match& match) { (match.failed ? known.failed : known.succeeded).insert(match.now); });
  }
  snapshot.commit();
  return known;
}

PointOrigin StoreReader::origin(const StudyIdentity& present, std::uint64_t index, const PointValues& points) const {
  StudyIdentity as = present;
  as.index_matters = as.index_matters || impl_->identity.index_matters;
  return detail::origin_of(*impl_->connection, as, index, points);
}

std::vector<TaskFailure> StoreReader::failures(std::size_t limit) const {
  constexpr std::size_t most = std::size_t{1} << 62;
  detail::Statement select(*impl_->connection, detail::select_failures_sql());
  select.bind(1, static_cast<std::int64_t>(std::min(limit, most)));
  std::vector<TaskFailure> failures;
  while (select.step()) failures.push_back(detail::read_failure(select, impl_->file));
  return failures;
}

}  // namespace windrow
