#include "study_state.hpp"

#include <filesystem>
#include <system_error>
#include <utility>

namespace windrow::app {

StudyState state_of(const Study& study, const Sweep& sweep, const Selection& selection) {
  SweepOptions options;
  options.store = study.directory;
  options.name = study.name;
  choose_points(selection, study, options);
  SweepPreview preview = sweep.preview(options);
  StudyState state;
  std::error_code none;
  state.has_store = std::filesystem::exists(study.directory / "results.sqlite", none);
  state.succeeded = preview.succeeded;
  state.failed = preview.failed;
  state.chosen = chosen_points(study.design, options).size();
  state.left = preview.left.size();
  state.first = std::move(preview.first);
  state.found = std::move(preview.found);
  if (!state.has_store) return state;
  const StoreReader store(study.directory);
  state.running = store.status().running;
  if (state.succeeded + state.failed > 0) state.remaining = estimate_remaining(store, state.left);
  return state;
}

}  // namespace windrow::app
