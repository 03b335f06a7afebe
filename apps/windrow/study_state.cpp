#include "study_state.hpp"

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <utility>
#include <vector>

#include "common.hpp"
#include "windrow/run/sweep.hpp"

namespace windrow::app {
namespace {

/// How many points without an outcome need not be evaluated, since an equal one has been, or will be.
std::uint64_t spared_points(const std::vector<EqualPoint>& equal, const KnownOutcomes& known, bool retry_failed) {
  const auto is_known = [&](std::uint64_t index) {
    return known.succeeded.contains(index) || (!retry_failed && known.failed.contains(index));
  };
  std::uint64_t spared = 0;
  for (auto begin = equal.begin(); begin != equal.end();) {
    const std::uint64_t first = begin->first;
    const auto end = std::find_if(begin, equal.end(), [first](const EqualPoint& p) { return p.first != first; });
    const auto others = std::count_if(begin, end, [&](const EqualPoint& p) { return !is_known(p.index); });
    const std::uint64_t open = static_cast<std::uint64_t>(others) + (is_known(first) ? 0 : 1);
    const std::uint64_t members = static_cast<std::uint64_t>(end - begin) + 1;
    spared += open == members ? open - 1 : open;
    begin = end;
  }
  return spared;
}

}  // namespace

std::optional<StudyState> state_of(const Study& study, Command command, bool retry_failed) {
  std::error_code none;
  if (!std::filesystem::exists(study.directory / "results.sqlite", none)) return std::nullopt;
  const StoreReader store(study.directory);
  const auto points = [&](std::uint64_t index) { return study.design.point(index).values(); };
  const Sweep sweep(study.design, std::move(command));
  const StudyIdentity present = sweep.identity(study.name);
  const StoreStatus status = store.status();
  StudyState state{
      status.succeeded, status.failed, 0, status.running, store.preview(present, points, sweep.reader()), {}};
  if (state.found) {
    state.succeeded = state.found->succeeded;
    state.failed = state.found->failed;
  }
  const std::uint64_t damaged = retry_failed && !state.found ? for_damaged_arrays(store, [](const ArrayFile&) {}) : 0;
  const std::uint64_t done = state.succeeded - std::min(damaged, state.succeeded) + (retry_failed ? 0 : state.failed);
  const std::uint64_t again = std::min(done, status.again);
  state.left = study.design.size() - std::min(done - again, study.design.size());
  const std::vector<EqualPoint> equal = sweep.equal_points();
  if (!equal.empty()) {
    state.left -=
        std::min(state.left, spared_points(equal, store.known(present, points, sweep.reader()), retry_failed));
  }
  if (state.succeeded + state.failed > 0) state.remaining = estimate_remaining(store, state.left);
  return state;
}

}  // namespace windrow::app
