#include "windrow/store/merge.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <system_error>
#include <utility>

#include "arrays/interface/array_files.hpp"
#include "generations.hpp"
#include "merge_rows.hpp"
#include "open_study.hpp"
#include "point_files.hpp"
#include "rows.hpp"
#include "schema.hpp"
#include "sqlite.hpp"
#include "store/interface/journal.hpp"
#include "store/interface/writer_lock.hpp"
#include "windrow/base/text.hpp"
#include "windrow/error.hpp"

namespace windrow {
namespace {

namespace fs = std::filesystem;
using detail::Connection;

void require_form(const fs::path& from, const StudyIdentity& theirs, const StudyIdentity& ours) {
  const std::vector<std::string> lines = detail::study_differences(theirs, ours);
  if (lines.empty()) return;
  throw StoreError(fmt::format("{}: these are results of another form of the study; what differs, there -> here:{}",
                               from.string(), detail::list_differences(lines)));
}

/// A store that is to be taken, as long as nobody else can write it.
class Source {
 public:
  Source(const fs::path& directory, const StudyIdentity& study) : directory_(directory) {
    const fs::path file = directory / detail::results_file;
    std::error_code ignored;
    if (!fs::exists(file, ignored)) {
      throw StoreError(fmt::format("{}: there are no results here: the run that was to write them did not begin",
                                   directory.string()));
    }
    lock_.emplace(directory);
    Connection connection(detail::results_in(directory), Connection::Mode::write);
    if (detail::inspect(connection) == detail::Content::nothing) {
      throw StoreError(
          fmt::format("{}: holds no results yet; the run that was to write it did not begin", file.string()));
    }
    detail::migrate(connection);
    detail::move_point_files(connection, directory);
    require_form(directory, detail::read_identity(connection), study);
    require_sound(connection);
    earlier_ = detail::count_earlier(connection);
  }

  const fs::path& directory() const { return directory_; }
  /// Outcomes of points that its design has no more: they belong to no index of the present one.
  std::uint64_t earlier() const { return earlier_; }

  /// Under another name first, so that nobody takes what is left of it for a store.
  void remove() {
    const fs::path leaving = directory_.string() + ".merged";
    std::error_code error;
    fs::remove_all(leaving, error);
    fs::rename(directory_, leaving, error);
    if (error) {
      throw StoreError(fmt::format("{}: all of it is merged, but it cannot be removed: {}; remove it",
                                   directory_.string(), error.message()));
    }
    lock_.reset();
    fs::remove_all(leaving, error);
  }

 private:
  /// It may be removed afterwards, so what cannot be read has to be noticed before.
  static void require_sound(Connection& connection) {
    const std::string answer = connection.text("PRAGMA quick_check(1)");
    if (answer == "ok") return;
    throw StoreError(
        fmt::format("{}: the file is damaged ({}): move it away and run again, or recover rows with "
                    "`sqlite3 FILE .recover`",
                    connection.file().string(), answer));
  }

  fs::path directory_;
  std::optional<detail::WriterLock> lock_;
  std::uint64_t earlier_ = 0;
};

}  // namespace

struct StoreMerge::Impl : detail::OpenStudy {
  Impl(const fs::path& where, const StudyIdentity& study, const PointValues& points)
      : OpenStudy(where, study, points), arrays(directory, detail::names_of_arrays(identity)) {
    detail::set_journal(connection, detail::journal_for(directory, Journal::automatic));
  }
  ~Impl() { arrays.clear(); }

  detail::ArrayFiles arrays;
};

StoreMerge::StoreMerge(const fs::path& directory, const StudyIdentity& study, const PointValues& points)
    : impl_(std::make_unique<Impl>(directory, study, points)) {}

StoreMerge::~StoreMerge() = default;
StoreMerge::StoreMerge(StoreMerge&&) noexcept = default;
StoreMerge& StoreMerge::operator=(StoreMerge&&) noexcept = default;

const std::optional<Resumption>& StoreMerge::resumption() const {
  return impl_->resumption;
}

Taken StoreMerge::take(const fs::path& from, Then then) {
  std::error_code ignored;
  if (then == Then::remove) fs::remove_all(from.string() + ".merged", ignored);
  Source source(fs::absolute(from), impl_->identity);
  Taken taken;
  {
    detail::MergeRows rows(impl_->connection, impl_->arrays, impl_->identity, impl_->directory, source.directory());
    taken.outcomes = rows.take(taken.problems);
    rows.take_point_files(then == Then::remove);
  }
  if (source.earlier() > 0) {
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
