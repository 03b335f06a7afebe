#pragma once

#include <cstdint>
#include <optional>

#include "windrow/report/estimate.hpp"
#include "windrow/store/store.hpp"
#include "windrow/study/study.hpp"

namespace windrow::app {

/// What there is of a study's results before a run.
struct StudyState {
  std::uint64_t succeeded = 0;             ///< points of the present study
  std::uint64_t failed = 0;                ///< ... the same
  std::uint64_t left = 0;                  ///< that a run would evaluate: of equal points one
  bool running = false;                    ///< a run has the store open
  std::optional<Resumption> found;         ///< if the study has changed since it ran
  std::optional<RemainingTime> remaining;  ///< how long those that are left may take, if something is known
};

/// @return nothing if there is no store yet
/// @throws StoreError if it cannot be read
std::optional<StudyState> state_of(const Study& study, Command command, bool retry_failed);

}  // namespace windrow::app
