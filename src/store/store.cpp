#include "windrow/store/store.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "arrays/interface/array_files.hpp"
#include "collected.hpp"
#include "elapsed.hpp"
#include "open_study.hpp"
#include "readings.hpp"
#include "resume.hpp"
#include "rows.hpp"
#include "schema.hpp"
#include "sqlite.hpp"
#include "store/interface/journal.hpp"
#include "sums.hpp"
#include "windrow/error.hpp"
#include "windrow/process/log.hpp"

namespace windrow {
namespace {

using Clock = std::chrono::steady_clock;

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

struct Store::Impl : detail::OpenStudy {
  using OpenStudy::OpenStudy;
  ~Impl() {
    if (!connection.is_owner()) return;  // a forked copy
    if (arrays) arrays->clear();
    try {
      if (!failure.empty()) return;
      commit();
      seal.renew(connection);
    } catch (const StoreError&) {
      // Nobody is left to tell; what is lost is recomputed by the next run.
    }
  }

  void begin_run(std::vector<std::pair<std::string, std::string>> provenance, Journal journal) {
    provenance.emplace_back("journal", detail::set_journal(connection, detail::journal_for(directory, journal)));
    detail::Transaction transaction(connection, "BEGIN IMMEDIATE");
    detail::update_annotations(connection, identity);
    detail::add_run(connection, provenance);
    detail::require_elapsed(connection);
    detail::renew_spare(connection);
    const Clock::time_point begin = Clock::now();
    transaction.commit();
    timer.committed(begin);
    seal.begin(connection);
    if (stat(connection.file().c_str(), &opened) != 0) opened = {};
    sums.emplace(connection);
    writer.emplace(connection, identity, *sums);
    failed = detail::read_failed(connection);
    marked = detail::read_again(connection, /*evaluate=*/false);
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
      const Value& value = record.outcome.value()[i];
      const bool in_file = detail::is_array_type(identity.outputs[i].type) && !value.is_array() && !value.is_number();
      files += in_file ? 1 : 0;
    }
    require_count(record.index, "files of arrays", record.arrays.size(), files);
  }

  static void require_count(std::uint64_t index, const char* what, std::size_t given, std::size_t wanted) {
    if (given == wanted) return;
    throw StoreError(
        fmt::format("point {} cannot be recorded: it has {} {}, the study {}", index, given, what, wanted));
  }

  void unmark(std::uint64_t index) {
    if (!marked.remove(index)) return;
    connection.run("DELETE FROM again WHERE \"index\" = ?", index);
  }

  void mark(const IndexSet& points, bool evaluate) {
    if (points.empty()) return;
    begin();
    detail::insert_again(connection, points, evaluate);
    marked = marked.united(points);
  }

  /// Reads what a failed point lacks, and judges it, in its place.
  void read_in_place(detail::UnreadOutcomes& unread, std::uint64_t index, Resumption& found) {
    const std::optional<UnreadOutcome> stored = unread.find(index, index);
    const ReadFrom from = read_outputs ? detail::source_of(stored, read_outputs) : ReadFrom::nothing;
    if (from == ReadFrom::nothing) {
      ++found.without_files;
      return;
    }
    const auto outcome = read_outputs.read(*stored);
    ++(from == ReadFrom::files ? found.read : found.judged);
    begin();
    sums->open(index);
    if (!outcome.ok()) {
      ++found.unreadable;
      connection.run("UPDATE evaluations SET message = ? WHERE \"index\" = ?", outcome.failure().message, index);
      sums->close(index);
      return;
    }
    for (const std::size_t i : detail::unknown_outputs(*stored)) write_output(index, i, outcome.value()[i]);
    connection.run("UPDATE results SET status = 'ok' WHERE \"index\" = ?", index);
    connection.run("UPDATE evaluations SET code = 0, message = '' WHERE \"index\" = ?", index);
    sums->close(index);
    failed.remove(index);
  }

  void write_output(std::uint64_t index, std::size_t output, const Value& value) {
    const Column& column = identity.outputs[output];
    detail::Statement update(connection, fmt::format("UPDATE results SET o{} = ? WHERE \"index\" = ?", output));
    if (detail::is_array_type(column.type) && !value.is_number()) {
      const auto names = detail::names_of_arrays(identity);
      const auto position = static_cast<std::size_t>(std::ranges::find(names, column.name) - names.begin());
      const ArrayFile placed = arrays->place(position, index, detail::store_array(value, arrays->incoming()));
      update.bind(1, std::string_view(detail::array_cell(placed)));
    } else {
      detail::bind_value(update, 1, value, column.type == "boolean");
    }
    update.bind(2, index);
    while (update.step()) {
    }
  }

  void begin() {
    if (!pending) pending.emplace(connection, "BEGIN IMMEDIATE");
  }

  void keep_as_attempt(std::uint64_t index) {
    detail::keep_as_attempt(connection, index);
    sums->close_attempts(index);
  }

  void write(const Record& record) {
    begin();
    if (failed.remove(record.index)) keep_as_attempt(record.index);
    if (!marked.empty()) unmark(record.index);
    if (!record.outcome.ok()) {
      failed.insert(record.index);
      arrays->remove(record.index);
    }
    writer->write(record, place_arrays(record));
    ++written;
    if (timer.is_due()) commit();
  }

  /// In the order of their outputs; an empty one for an array that is optional and missing.
  std::vector<ArrayFile> place_arrays(const Record& record) {
    std::vector<ArrayFile> placed;
    if (!arrays->any() || !record.outcome.ok()) return placed;
    auto delivered = record.arrays.begin();
    for (std::size_t i = 0; i < identity.outputs.size(); ++i) {
      if (!detail::is_array_type(identity.outputs[i].type)) continue;
      const Value& value = record.outcome.value()[i];
      if (value.is_number()) {
        arrays->remove(placed.size(), record.index);
        placed.emplace_back();
        continue;
      }
      placed.push_back(value.is_array() ? arrays->place(placed.size(), record.index, value.array())
                                        : arrays->place(placed.size(), record.index, *delivered++));
    }
    return placed;
  }

  bool write_equal(std::uint64_t index, std::uint64_t of) {
    begin();
    if (arrays->any()) {
      const std::vector<std::string> cells = detail::read_array_cells(connection, identity, of);
      if (!cells.empty() && !arrays->link(of, index, cells)) return false;
      if (cells.empty()) arrays->remove(index);  // it failed
    }
    if (failed.remove(index)) keep_as_attempt(index);
    detail::copy_outcome(connection, identity, *sums, of, index);
    if (failed.contains(of)) failed.insert(index);
    ++written;
    if (timer.is_due()) commit();
    return true;
  }

  void write(const Attempt& attempt) {
    begin();
    detail::write_attempt(connection, attempt);
    sums->close_attempts(attempt.failure.index);
    ++written;
    if (timer.is_due()) commit();
  }

  void note_index_matters() {
    begin();
    connection.execute("UPDATE study SET index_matters = 1");
    detail::renew_spare(connection);
    identity.index_matters = true;
  }

  void commit() {
    if (!pending) return;
    const Clock::time_point begin = Clock::now();
    const std::string lost = why_lost();
    try {
      arrays->sync();
      sums->write();
      pending->commit();
      pending.reset();
    } catch (const StoreError&) {
      if (lost.empty()) throw;
    }
    if (!lost.empty()) throw StoreError(lost);
    timer.committed(begin);
    log::debug("{}: committed {} outcomes and attempts in {:.1f} ms", directory.string(), std::exchange(written, 0),
               std::chrono::duration<double, std::milli>(Clock::now() - begin).count());
  }

  /// SQLite goes on writing to a file that has lost its name. If it was moved, what finished before that was noticed is
  /// safe there; if it was removed, all of it will be gone with this process. @return why no more is written, or
  /// nothing
  std::string why_lost() const {
    struct stat now {};
    const bool there = stat(connection.file().c_str(), &now) == 0 && now.st_ino == opened.st_ino;
    if (there || opened.st_ino == 0) return {};
    return fmt::format(
        "{}: was removed, moved or replaced while the study ran, so no outcome can be kept there any more; "
        "bring it back, or run the same again",
        connection.file().string());
  }

  /// Runs `work`, which writes. The first error is final: half a group must not be committed later as if it were whole.
  template <typename Work>
  void guarded(Work&& work) {
    connection.require_owner();
    if (!failure.empty()) throw StoreError(failure);
    try {
      work();
    } catch (const StoreError& error) {
      failure = error.what();
      pending.reset();
      throw;
    }
  }

  std::optional<detail::RowSums> sums;
  std::optional<detail::RecordWriter> writer;
  std::optional<detail::ArrayFiles> arrays;
  IndexSet failed;  // in the file or pending
  IndexSet marked;  // to be evaluated again, or being so
  PointValues point_values;
  ReadOutputs read_outputs;
  CommitTimer timer;
  struct stat opened {};
  std::optional<detail::Transaction> pending;
  std::uint64_t written = 0;  // rows of it
  std::string failure;        // the error that ended all writing
};

Store::Store(const std::filesystem::path& directory, const StudyIdentity& identity,
             const std::vector<std::pair<std::string, std::string>>& provenance, Journal journal,
             const PointValues& points, const ReadOutputs& read) {
  impl_ = std::make_unique<Impl>(directory, identity, points, read);
  impl_->point_values = points;
  impl_->read_outputs = read;
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

const IndexSet& Store::damaged_rows() const {
  return impl_->damage.points;
}

std::vector<std::string> Store::damage() const {
  constexpr std::size_t most = 10;
  return impl_->damage.lines(most, ", and evaluated again");
}

IndexSet Store::failed() const {
  return detail::read_failed(impl_->connection);
}

IndexSet Store::failed(const std::vector<FailureKind>& kinds) const {
  IndexSet failed;
  for (const FailureKind kind : kinds) failed = failed.united(detail::read_failed(impl_->connection, kind));
  return failed;
}

IndexSet Store::again() const {
  return detail::read_again(impl_->connection, /*evaluate=*/true);
}

void Store::mark_again(const IndexSet& points) {
  impl_->guarded([&] {
    impl_->mark(points, /*evaluate=*/true);
    if (impl_->point_values) {
      detail::forget_earlier(impl_->connection, impl_->identity, impl_->point_values, points);
    }
    impl_->commit();
  });
}

void Store::doubt_files(const IndexSet& points) {
  impl_->guarded([&] {
    impl_->mark(points, /*evaluate=*/false);
    impl_->commit();
  });
}

Resumption Store::read_again() {
  Resumption found;
  found.points = impl_->identity.points;
  impl_->guarded([&] {
    detail::UnreadOutcomes outcomes(impl_->connection, {0, impl_->identity}, /*is_present=*/true, impl_->identity);
    const IndexSet unread = detail::read_failed(impl_->connection, FailureKind::bad_output).without(impl_->marked);
    for (const IndexRange& range : unread.ranges()) {
      for (std::uint64_t i = 0; i < range.count; ++i) {
        impl_->read_in_place(outcomes, range.first + i, found);
        if (impl_->timer.is_due()) impl_->commit();
      }
    }
    impl_->commit();
  });
  return found;
}

IndexSet Store::succeeded() const {
  return detail::read_checked(impl_->connection).succeeded;
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

bool Store::record_equal(std::uint64_t index, std::uint64_t of) {
  impl_->require_index(index);
  impl_->require_index(of);
  bool done = false;
  impl_->guarded([&] { done = impl_->write_equal(index, of); });
  return done;
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
    detail::add_to_last_run(impl_->connection, name, text);
  });
}

void Store::record_account(const TimeAccount& account) {
  impl_->guarded([&] {
    impl_->commit();
    detail::write_account(impl_->connection, account);
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
