#pragma once

#include <cstdint>
#include <memory>

#include "windrow/parallel/dispatch.hpp"
#include "windrow/run/selection.hpp"
#include "windrow/run/sweep.hpp"

namespace windrow::detail {

/// So many points of a study, drawn at random: always the same, and those of a smaller number are among them.
IndexSet sample_points(std::uint64_t seed, std::uint64_t points, std::uint64_t number);

/// Those of `points` that a run is about, by SweepOptions::only and SweepOptions::sample.
IndexSet chosen_points(const Design& design, const SweepOptions& options, IndexSet points);

/// Costs by which `longest_first` hands out points in random order. They are negative: they predict no times.
std::shared_ptr<CostModel> random_order(std::uint64_t seed, std::uint64_t points);

}  // namespace windrow::detail
