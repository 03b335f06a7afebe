#include "study_state.hpp"

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <utility>

#include "common.hpp"
#include "windrow/run/sweep.hpp"

namespace windrow::app {

std::optional<StudyState> state_of(const Study& study, Command command, bool retry_failed) {
  std::error_code none;
  if (!std::filesystem::exists(study.directory / "results.sqlite", none)) return std::nullopt;
  const StoreReader store(study.directory);
  const auto points = [&](std::uint64_t index) { return study.design.point(index).values(); };
  const StudyIdentity present = Sweep(study.design, std::move(command)).identity(study.name);
  const StoreStatus status = store.status();
  StudyState state{status.succeeded, status.failed, 0, status.running, store.preview(present, points), {}};
  if (state.found) {
    state.succeeded = state.found->succeeded;
    state.failed = state.found->failed;
  }
  const std::uint64_t damaged = retry_failed && !state.found ? for_damaged_arrays(store, [](const ArrayFile&) {}) : 0;
  const std::uint64_t done = state.succeeded - std::min(damaged, state.succeeded) + (retry_failed ? 0 : state.failed);
  state.left = study.design.size() - std::min(done, study.design.size());
  if (state.succeeded + state.failed > 0) state.remaining = estimate_remaining(store, state.left);
  return state;
}

}  // namespace windrow::app
