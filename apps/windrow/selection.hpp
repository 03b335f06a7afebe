#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "windrow/parallel/index_set.hpp"
#include "windrow/run/sweep.hpp"
#include "windrow/study/study.hpp"

namespace windrow::app {

/// Which points a run is about, and in what order, as the command line says.
struct Selection {
  std::string only;  ///< valid indices; empty: all
  std::optional<std::uint64_t> sample;
  bool random_order = false;
  bool retry_failed = false;
  std::vector<std::string> retry_kinds;  ///< valid names of kinds; empty: all
  bool again = false;
  std::string again_points;  ///< valid indices; empty: all

  /// Whether points may be left open. `--again 3` is about point 3 alone.
  bool chooses() const { return !only.empty() || sample || !again_points.empty(); }
};

/// "--only: there is no point 40: study has points 0 to 39": a slip would be taken for a run that has nothing to do.
/// Empty if all are there.
std::string unknown_points(const Selection& selection, const Study& study);

void choose_points(const Selection& selection, const Study& study, SweepOptions& options);

/// The options of `windrow run` that say the same, without --again.
std::vector<std::string> words_of(const Selection& selection);

}  // namespace windrow::app
