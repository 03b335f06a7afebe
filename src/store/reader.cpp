#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <system_error>

#include "exported.hpp"
#include "generations.hpp"
#include "readings.hpp"
#include "result_lines.hpp"
#include "resume.hpp"
#include "rows.hpp"
#include "schema.hpp"
#include "sqlite.hpp"
#include "store/interface/journal.hpp"
#include "store/interface/writer_lock.hpp"
#include "sums.hpp"
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
  throw StoreEmpty(fmt::format("{}: holds no results yet; run the study first", connection.file().string()));
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
  // In this order: to look into the file gives up the locks that this process has on it, those of a writer, too.
  if (detail::is_on_network(file.parent_path()) && detail::has_wal(file)) return open_foreign_wal(file);
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
std::size_t page_size(const StudyIdentity& identity) {
  const std::size_t columns = identity.parameters.size() + identity.outputs.size();
  return std::clamp<std::size_t>(65536 / (columns + 1), 16, 1024);
}

}  // namespace

struct StoreReader::Impl {
  explicit Impl(const std::filesystem::path& given) : file(file_in(given)), connection(open(file)) {
    detail::Transaction snapshot(*connection);
    if (detail::has_sums(*connection)) require_layout();
    identity = detail::read_identity(*connection);
    records.emplace(*connection, identity);
    snapshot.commit();
    whole_ranges = detail::whole_ranges(identity);
  }

  void require_layout() {
    const std::string problem = detail::problem_of_layout(*connection);
    if (problem.empty()) return;
    throw StoreError(
        fmt::format("{}: the file is damaged: {}; {}", file.string(), problem, detail::how_to_recover(file)));
  }

  /// How many rows of results there are; nothing if the file does not say.
  std::optional<detail::Total> total() const {
    if (!detail::has_sums(*connection)) return std::nullopt;
    return detail::read_total(*connection, "results");
  }

  /// @param before  total(), before the rows were read: between pages a run may have added some
  void require_all(const detail::Total& seen, const std::optional<detail::Total>& before) const {
    if (before && seen != *before && *total() == *before) detail::throw_incomplete(file, "results");
  }

  Record read(const detail::Statement& row, detail::Total* total = nullptr) {
    Record record = records->read(row, total);
    for (std::size_t i = 0; i < record.parameters.size(); ++i) {
      Value& value = record.parameters[i];
      if (whole_ranges[i]) value.spelled(detail::without_point(value));
    }
    return record;
  }
  /// `present`, as this store sees it: it knows whether the index matters.
  StudyIdentity seen(const StudyIdentity& present) const {
    StudyIdentity as = present;
    as.index_matters = as.index_matters || identity.index_matters;
    return as;
  }

  std::filesystem::path file;
  std::unique_ptr<Connection> connection;
  StudyIdentity identity;
  std::vector<bool> whole_ranges;  ///< by parameter: its values are written without a point
  std::optional<detail::RecordReader> records;
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
  for (const auto& [kind, count] : detail::count_failures(connection)) {
    status.failures.emplace_back(kind, count);
    status.failed += count;
  }
  const detail::TimesTaken taken = detail::add_up_times(connection);
  status.succeeded = taken.evaluations - status.failed;
  status.busy_seconds = taken.seconds;
  status.earlier = detail::count_earlier(connection);
  status.again = detail::read_again(connection, /*evaluate=*/true).size();
  snapshot.commit();
  status.running = detail::WriterLock::is_held(impl_->file.parent_path());
  return status;
}

std::uint64_t StoreReader::outcomes() const {
  Connection& connection = *impl_->connection;
  if (!detail::has_sums(connection)) {
    return static_cast<std::uint64_t>(connection.integer("SELECT count(*) FROM evaluations"));
  }
  return static_cast<std::uint64_t>(detail::read_total(connection, "evaluations").count);
}

std::optional<Record> StoreReader::find(std::uint64_t index) const {
  if (index >= impl_->identity.points) return std::nullopt;
  auto& select = impl_->select_one;
  if (!select) {
    select.emplace(*impl_->connection, impl_->records->select() + " WHERE r.\"index\" = ?");
  }
  const detail::ResetAtEnd end(*select);
  select->with(index);
  if (!select->step()) return std::nullopt;
  return impl_->read(*select);
}

std::optional<std::uint64_t> StoreReader::evaluated_for(const Record& record) const {
  if (record.attempts != 0) return std::nullopt;
  std::vector<std::uint64_t> candidates;
  impl_->connection->for_each_row(
      "SELECT \"index\" FROM evaluations WHERE started IS ? AND rank = ? AND host = ? AND attempts > 0 ORDER BY 1",
      [&](const detail::Statement& row) { candidates.push_back(row.count(0)); }, record.started, record.rank,
      std::string_view(record.host));
  const auto is_equal = [&](std::uint64_t index) { return find(index)->parameters == record.parameters; };
  const auto found = std::ranges::find_if(candidates, is_equal);
  return found != candidates.end() ? std::optional(*found) : std::nullopt;
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
  auto array = record->arrays.begin();
  for (std::size_t i = 0; i < impl_->identity.outputs.size(); ++i) {
    const Column& column = impl_->identity.outputs[i];
    if (!detail::is_array_type(column.type)) continue;
    const bool is_missing = record->outcome.value()[i].is_number();
    if (column.name != output) {
      array += is_missing ? 0 : 1;
    } else if (!is_missing) {
      return *array;
    }
  }
  throw StoreError(fmt::format("{}: point {} has no array `{}`: it is optional, and was missing", impl_->file.string(),
                               index, output));
}

Array StoreReader::array(std::uint64_t index, const std::string& output) const {
  return array_file(index, output).read();
}

void StoreReader::for_each(const std::function<void(const Record&)>& visit) const {
  for_each_while([&](const Record& record) {
    visit(record);
    return true;
  });
}

bool StoreReader::for_each_while(const std::function<bool(const Record&)>& visit) const {
  detail::Statement select(*impl_->connection,
                           impl_->records->select() + " WHERE r.\"index\" >= ? ORDER BY r.\"index\" LIMIT ?");
  detail::Total seen;
  const auto before = impl_->total();
  const auto read = [&](const detail::Statement& row) { return impl_->read(row, &seen); };
  if (!detail::for_each_in_pages(select, page_size(impl_->identity), read, visit)) return false;
  impl_->require_all(seen, before);
  return true;
}

void StoreReader::for_lines(CsvBytes bytes, const std::function<bool(std::string_view)>& visit) const {
  detail::ResultLines reader(*impl_->connection, impl_->identity, impl_->whole_ranges, bytes);
  detail::Total seen;
  const auto before = impl_->total();
  std::string lines;
  for (std::optional<std::uint64_t> next = 0; next;) {
    lines.clear();
    next = reader.read_page(*next, lines, seen);
    if (!visit(lines)) return;
  }
  impl_->require_all(seen, before);
}

void StoreReader::for_each_time(const std::function<void(const PointTime&)>& visit) const {
  detail::for_each_time(*impl_->connection, visit);
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
  if (index >= impl_->identity.points || !detail::has_generations(*impl_->connection)) return {};
  return detail::read_attempts(*impl_->connection, index);
}

bool StoreReader::is_of(const StudyIdentity& study) const {
  return detail::study_differences(impl_->identity, study).empty();
}

std::optional<Resumption> StoreReader::preview(const StudyIdentity& present, const PointValues& points,
                                               const ReadOutputs& read) const {
  if (is_of(present)) return std::nullopt;
  return foresee(present, points, {}, read).found;
}

Foreseen StoreReader::foresee(const StudyIdentity& present, const PointValues& points,
                              const std::vector<FailureKind>& kinds, const ReadOutputs& read) const {
  Connection& connection = *impl_->connection;
  // Not in one transaction: it may take minutes, and the writer would wait.
  if (!is_of(present)) return detail::find_outcomes(connection, impl_->seen(present), points, kinds, read);
  detail::Transaction snapshot(connection);
  Foreseen foreseen;
  detail::read_present(connection, kinds, foreseen);
  snapshot.commit();
  return foreseen;
}

IndexSet StoreReader::again() const {
  return detail::read_again(*impl_->connection, /*evaluate=*/true);
}

KnownOutcomes StoreReader::known(const StudyIdentity& present, const PointValues& points,
                                 const ReadOutputs& read) const {
  KnownOutcomes known;
  Connection& connection = *impl_->connection;
  detail::Transaction snapshot(connection);
  if (has_outcomes_of(impl_->identity, present)) {
    detail::require_whole(connection);
    known = detail::read_known(connection);
  } else if (points) {
    known = detail::find_known(connection, impl_->seen(present), points, read);
  }
  snapshot.commit();
  return known;
}

PointOrigin StoreReader::origin(const StudyIdentity& present, std::uint64_t index, const PointValues& points,
                                const ReadOutputs& read) const {
  return detail::origin_of(*impl_->connection, impl_->seen(present), index, points, read);
}

std::vector<TaskFailure> StoreReader::failures(std::size_t limit) const {
  return detail::read_failures(*impl_->connection, limit);
}

std::vector<FailureGroup> StoreReader::failure_groups(bool with_levels) const {
  return detail::read_failure_groups(*impl_->connection, impl_->identity, with_levels);
}

}  // namespace windrow
