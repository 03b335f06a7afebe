#include "renamed.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <functional>
#include <system_error>
#include <utility>
#include <vector>

#include "common.hpp"
#include "windrow/error.hpp"
#include "windrow/store/store.hpp"

namespace windrow::app {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMostLookedAt = 20;

/// Results beside the study file, those that were written last first.
std::vector<fs::path> results_beside(const fs::path& folder) {
  std::vector<std::pair<fs::file_time_type, fs::path>> found;
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
    std::error_code none;
    const auto written = fs::last_write_time(entry->path() / "results.sqlite", none);
    if (!none && entry->path().extension() == ".windrow") found.emplace_back(written, entry->path());
  }
  std::ranges::sort(found, std::greater<>());
  std::vector<fs::path> paths;
  for (auto& [written, path] : found) paths.push_back(std::move(path));
  if (paths.size() > kMostLookedAt) paths.resize(kMostLookedAt);
  return paths;
}

/// Outcomes that the results have of the points, and the name of their study.
struct Shared {
  std::uint64_t points = 0;
  std::string name;
};

Shared shared_points(const fs::path& results, const Study& study, StudyIdentity identity) {
  try {
    const StoreReader store(results);
    identity.name = store.identity().name;
    const auto points = [&](std::uint64_t index) { return study.design.point(index).values(); };
    const KnownOutcomes known = store.known(identity, points);
    return {known.succeeded.size() + known.failed.size(), identity.name};
  } catch (const Error&) {
    return {};
  }
}

}  // namespace

std::string results_of_other_name(const Study& study, const Sweep& sweep) {
  std::error_code none;
  const bool chosen = study.directory != study.file.parent_path() / (study.name + ".windrow");  // by --dir
  if (chosen || fs::exists(study.directory / "results.sqlite", none)) return {};
  const std::vector<fs::path> candidates = results_beside(study.file.parent_path());
  if (candidates.empty()) return {};
  StudyIdentity identity;
  try {
    identity = sweep.identity(study.name);
  } catch (const Error&) {
    return {};
  }
  for (const fs::path& results : candidates) {
    const Shared shared = shared_points(results, study, identity);
    if (shared.points == 0) continue;
    return fmt::format(
        "{} of its {} {} evaluated already in {}, under the name `{}`: to go on with those, write name = \"{}\" in "
        "[study]{}",
        shared.points, counted(study.design.size(), "point"), shared.points == 1 ? "is" : "are",
        results.filename().string(), shared.name, shared.name,
        results == study.file.parent_path() / (shared.name + ".windrow")
            ? ""
            : fmt::format(" and use --dir {}", shell_line({results.filename().string()})));
  }
  return {};
}

}  // namespace windrow::app
