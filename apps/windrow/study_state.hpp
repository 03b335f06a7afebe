#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "selection.hpp"
#include "windrow/report/estimate.hpp"
#include "windrow/store/store.hpp"
#include "windrow/study/study.hpp"

namespace windrow::app {

/// What there is of a study's results before a run.
struct StudyState {
  bool has_store = false;
  std::uint64_t succeeded = 0;             ///< points of the present study
  std::uint64_t failed = 0;                ///< ... the same
  std::uint64_t chosen = 0;                ///< points that the run is about
  std::uint64_t left = 0;                  ///< of these, that it would evaluate: of equal points one
  std::vector<std::uint64_t> first;        ///< in a random order: the points to begin with, if there are not very many
  bool running = false;                    ///< a run has the store open
  std::optional<Resumption> found;         ///< if the study has changed since it ran
  std::optional<RemainingTime> remaining;  ///< how long those that are left may take, if something is known
};

/// @throws StoreError if there is a store that cannot be read
StudyState state_of(const Study& study, const Sweep& sweep, const Selection& selection);

}  // namespace windrow::app
