#include "open_study.hpp"

#include <fmt/format.h>

#include <system_error>

#include "point_files.hpp"
#include "points_view.hpp"
#include "resume.hpp"
#include "schema.hpp"
#include "sums.hpp"
#include "windrow/error.hpp"

namespace windrow::detail {

namespace fs = std::filesystem;

namespace {

/// Makes a directory for results, if need be. @return its absolute path
fs::path prepared_directory(const fs::path& directory) {
  std::error_code error;
  fs::create_directories(directory, error);
  if (error || !fs::is_directory(directory, error)) {
    throw StoreError(fmt::format("{}: cannot make this directory: {}; choose another directory", directory.string(),
                                 error ? error.message() : "a file has its name"));
  }
  return fs::absolute(directory);
}

const StudyIdentity& checked(const StudyIdentity& study) {
  check_limits(study);
  return study;
}

}  // namespace

fs::path results_in(const fs::path& directory) {
  const fs::path file = directory / results_file;
  std::error_code ignored;
  const auto log = fs::path(file.string() + "-wal");
  const bool emptied = fs::exists(file, ignored) && fs::file_size(file, ignored) == 0;
  if (emptied && fs::exists(log, ignored) && fs::file_size(log, ignored) > 0) {
    throw StoreError(
        fmt::format("{}: the file is empty but its log `{}` is not: it was damaged; move both away and run again",
                    file.string(), log.filename().string()));
  }
  return file;
}

OpenStudy::OpenStudy(const fs::path& where, const StudyIdentity& study, const PointValues& points,
                     const ReadOutputs& read)
    : identity(checked(study)),
      directory(prepared_directory(where)),
      lock(directory),
      connection(results_in(directory), Connection::Mode::write),
      resumption(open(points, read)) {
  renew_points_view(connection, read_identity(connection));  // an earlier windrow has made none
}

/// Of a store that knows no content of programs: those of the study stand for them.
std::optional<Resumption> OpenStudy::take_programs(const StudyIdentity& stored) {
  if (study_differences(stored, identity).empty()) return std::nullopt;
  Resumption found;
  found.points = identity.points;
  found.differences = differences(stored.definition, identity.definition);
  keep_definition();
  return found;
}

std::optional<Resumption> OpenStudy::open(const PointValues& points, const ReadOutputs& read) {
  if (inspect(connection) == Content::nothing) {
    Transaction transaction(connection, "BEGIN IMMEDIATE");
    create_tables(connection, identity);
    transaction.commit();
    return std::nullopt;
  }
  migrate(connection);
  if (!seal.holds(connection)) damage = verify(connection);
  if (!damage.structure.empty()) {
    throw StoreError(fmt::format("{}: {}; the file is damaged: move it away and run again, or recover it first: {}",
                                 connection.file().string(), damage.structure.front(),
                                 how_to_recover(connection.file())));
  }
  if (!damage.sound()) remove_damaged(connection);
  move_point_files(connection, directory);
  const StudyIdentity stored = read_identity(connection);
  identity.index_matters = identity.index_matters || stored.index_matters;
  const bool may_differ = points && stored.name == identity.name;
  if (!may_differ && has_outcomes_of(stored, identity)) return take_programs(stored);
  if (!may_differ) {
    require_same_study(directory, stored, identity);
    return std::nullopt;
  }
  if (study_differences(stored, identity).empty()) {
    if (stored.definition != identity.definition) keep_definition();  // it says more than an earlier windrow did
    return std::nullopt;
  }
  return change_study(connection, directory, identity, points, read);
}

void OpenStudy::keep_definition() {
  Transaction transaction(connection, "BEGIN IMMEDIATE");
  replace_identity(connection, identity);
  transaction.commit();
}

}  // namespace windrow::detail
