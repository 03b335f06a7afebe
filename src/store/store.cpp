#include "windrow/store/store.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "accounts.hpp"
#include "arrays/interface/array_files.hpp"
#include "open_study.hpp"
#include "rows.hpp"
#include "schema.hpp"
#include "sqlite.hpp"
#include "store/interface/journal.hpp"
#include "store/interface/writer_lock.hpp"
#include "windrow/error.hpp"

namespace windrow {
namespace {

using Clock = std::chrono::steady_clock;

constexpr const char* failed_sql =
    "SELECT \"index\" FROM results INDEXED BY failures WHERE status <> 'ok' ORDER BY \"index\"";

/// When a commit is due: commits take at most one part in 51 of the time, and nothing waits longer than a second.
class CommitTimer {
 public:
  bool is_due() const { return Clock::now() - last_ >= interval_; }

  void committed(Clock::time_point begin) {
    last_ = Clock::now();
    // Half of the last interval's cost stays in, since one commit in many also moves the log into the file.
    cost_ = cost_ == Clock::duration::zero() ? last_ - begin : (cost_ + (last_ - begin)) / 2;
    interval_ = std::clamp<Clock::duration>(50 * cost_, std::chrono::milliseconds(2), std::chrono::seconds(1));
  }

 private:
  Clock::time_point last_ = Clock::now();
  Clock::duration cost_{0};
  Clock::duration interval_{0};
};

}  // namespace

struct Store::Impl {
  Impl(const std::filesystem::path& where, const StudyIdentity& study)
      : directory(detail::prepared_directory(where)), identity(study), lock(directory) {
    detail::require_not_emptied(directory / detail::results_file);
    connection.emplace(directory / detail::results_file, detail::Connection::Mode::write);
  }

  ~Impl() {
    if (!connection->is_owner()) return;  // a forked copy
    if (arrays) arrays->clear();
    try {
      if (failure.empty()) commit();
    } catch (const StoreError&) {
      // Nobody is left to tell; what is lost is recomputed by the next run.
    }
  }

  void begin_run(std::vector<std::pair<std::string, std::string>> provenance, Journal journal) {
    provenance.emplace_back("journal", detail::set_journal(*connection, detail::journal_for(directory, journal)));
    detail::Transaction transaction(*connection, "BEGIN IMMEDIATE");
    detail::update_annotations(*connection, identity);
    detail::add_run(*connection, provenance);
    const Clock::time_point begin = Clock::now();
    transaction.commit();
    timer.committed(begin);
    insert_results.emplace(*connection, detail::insert_results_sql(identity));
    insert_evaluation.emplace(*connection, detail::insert_evaluation_sql);
    failed = indices(failed_sql);
    arrays.emplace(directory, detail::names_of_arrays(identity));
  }

  void require_index(std::uint64_t index) const {
    if (index < identity.points) return;
    throw StoreError(fmt::format("point {} cannot be recorded: the study has {} points", index, identity.points));
  }

  void require(const Record& record) const {
    require_index(record.index);
    require_count(record.index, "parameters", record.parameters.size(), identity.parameters.size());
    if (!record.outcome.ok()) return;
    require_count(record.index, "outputs", record.outcome.value().size(), identity.outputs.size());
    std::size_t files = 0;
    for (std::size_t i = 0; i < identity.outputs.size(); ++i) {
      const bool in_file = detail::is_array_type(identity.outputs[i].type) && !record.outcome.value()[i].is_array();
      files += in_file ? 1 : 0;
    }
    require_count(record.index, "files of arrays", record.arrays.size(), files);
  }

  static void require_count(std::uint64_t index, const char* what, std::size_t given, std::size_t wanted) {
    if (given == wanted) return;
    throw StoreError(
        fmt::format("point {} cannot be recorded: it has {} {}, the study {}", index, given, what, wanted));
  }

  void begin() {
    if (!pending) connection->execute("BEGIN IMMEDIATE");
    pending = true;
  }

  void write(const Record& record) {
    begin();
    if (failed.remove(record.index)) {
      detail::Statement(*connection, detail::outcome_to_attempt_sql)
          .bind(1, static_cast<std::int64_t>(record.index))
          .run();
    }
    if (!record.outcome.ok()) {
      failed.insert(record.index);
      arrays->remove(record.index);
    }
    detail::bind_results(*insert_results, record, identity, place_arrays(record));
    insert_results->run();
    detail::bind_evaluation(*insert_evaluation, record);
    insert_evaluation->run();
    if (timer.is_due()) commit();
  }

  /// In the order of their outputs.
  std::vector<ArrayFile> place_arrays(const Record& record) {
    std::vector<ArrayFile> placed;
    if (!arrays->any() || !record.outcome.ok()) return placed;
    auto delivered = record.arrays.begin();
    for (std::size_t i = 0; i < identity.outputs.size(); ++i) {
      if (!detail::is_array_type(identity.outputs[i].type)) continue;
      const Value& value = record.outcome.value()[i];
      placed.push_back(value.is_array() ? arrays->place(placed.size(), record.index, value.array())
                                        : arrays->place(placed.size(), record.index, *delivered++));
    }
    return placed;
  }

  void write(const Attempt& attempt) {
    begin();
    detail::Statement insert(*connection, detail::insert_attempt_sql);
    detail::bind_attempt(insert, attempt);
    insert.run();
    if (timer.is_due()) commit();
  }

  void note_index_matters() {
    begin();
    connection->execute("UPDATE study SET index_matters = 1");
    identity.index_matters = true;
  }

  void commit() {
    if (!pending) return;
    const Clock::time_point begin = Clock::now();
    arrays->sync();
    connection->execute("COMMIT");
    pending = false;
    timer.committed(begin);
  }

  /// Runs `work`, which writes. The first error is final: half a group must not be committed later as if it were whole.
  template <typename Work>
  void guarded(Work&& work) {
    connection->require_owner();
    if (!failure.empty()) throw StoreError(failure);
    try {
      work();
    } catch (const StoreError& error) {
      failure = error.what();
      abandon();
      throw;
    }
  }

  void abandon() {
    pending = false;
    try {
      connection->execute("ROLLBACK");
    } catch (const StoreError&) {
      // SQLite has rolled back by itself.
    }
  }

  IndexSet indices(const char* sql) {
    IndexSet set;
    detail::Statement select(*connection, sql);
    while (select.step()) set.insert(static_cast<std::uint64_t>(select.integer(0)));
    return set;
  }

  std::filesystem::path directory;
  StudyIdentity identity;
  detail::WriterLock lock;  // before the connection, so that it is given up after it
  std::optional<detail::Connection> connection;
  std::optional<detail::Statement> insert_results;
  std::optional<detail::Statement> insert_evaluation;
  std::optional<detail::ArrayFiles> arrays;
  std::optional<Resumption> resumption;
  IndexSet failed;  // in the file or pending
  CommitTimer timer;
  bool pending = false;  // a transaction is open
  std::string failure;   // the error that ended all writing
};

Store::Store(const std::filesystem::path& directory, const StudyIdentity& identity,
             const std::vector<std::pair<std::string, std::string>>& provenance, Journal journal,
             const PointValues& points) {
  detail::check_limits(identity);
  impl_ = std::make_unique<Impl>(directory, identity);
  impl_->resumption = detail::open_study(*impl_->connection, impl_->directory, impl_->identity, points);
  impl_->begin_run(provenance, journal);
}

Store::~Store() = default;
Store::Store(Store&&) noexcept = default;
Store& Store::operator=(Store&&) noexcept = default;

const std::filesystem::path& Store::directory() const {
  return impl_->directory;
}

const std::optional<Resumption>& Store::resumption() const {
  return impl_->resumption;
}

IndexSet Store::failed() const {
  return impl_->indices(failed_sql);
}

IndexSet Store::succeeded() const {
  // The rows of `evaluations` are short whatever the number of columns, and there is one for every result.
  IndexSet set;
  detail::Statement evaluated(*impl_->connection, "SELECT \"index\" FROM evaluations ORDER BY \"index\"");
  const IndexSet failures = failed();
  auto failure = failures.ranges().begin();
  while (evaluated.step()) {
    const auto index = static_cast<std::uint64_t>(evaluated.integer(0));
    while (failure != failures.ranges().end() && failure->first + failure->count <= index) ++failure;
    const bool failed_here = failure != failures.ranges().end() && failure->first <= index;
    if (!failed_here) set.insert(index);
  }
  return set;
}

IndexSet Store::damaged() const {
  IndexSet set;
  if (!impl_->arrays->any()) return set;
  StoreReader(impl_->directory).for_each([&](const Record& record) {
    const bool whole = std::ranges::all_of(record.arrays, &ArrayFile::is_whole);
    if (!whole) set.insert(record.index);
  });
  return set;
}

std::filesystem::path Store::incoming() const {
  return impl_->arrays->incoming();
}

void Store::record(const Record& record) {
  impl_->require(record);
  impl_->guarded([&] { impl_->write(record); });
}

void Store::record_attempt(const Attempt& attempt) {
  impl_->require_index(attempt.failure.index);
  impl_->guarded([&] { impl_->write(attempt); });
}

void Store::note_index_matters() {
  if (!impl_->identity.index_matters) impl_->guarded([&] { impl_->note_index_matters(); });
}

void Store::note(const std::string& name, const std::string& text) {
  impl_->guarded([&] {
    impl_->commit();
    detail::add_to_last_run(*impl_->connection, name, text);
  });
}

void Store::record_account(const TimeAccount& account) {
  impl_->guarded([&] {
    impl_->commit();
    detail::write_account(*impl_->connection, account);
  });
}

void Store::tick() {
  impl_->guarded([&] {
    if (impl_->timer.is_due()) impl_->commit();
  });
}

void Store::commit() {
  impl_->guarded([&] { impl_->commit(); });
}

}  // namespace windrow
