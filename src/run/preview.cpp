#include <algorithm>
#include <filesystem>
#include <functional>
#include <system_error>
#include <utility>
#include <vector>

#include "equal_outcomes.hpp"
#include "evaluation/interface/evaluation_kind.hpp"
#include "selection.hpp"
#include "windrow/run/sweep.hpp"

namespace windrow {
namespace {

IndexSet damaged_points(const StoreReader& store, const IndexSet& succeeded) {
  IndexSet damaged;
  const auto is_array = [](const Column& output) { return output.type == "array"; };
  if (std::ranges::none_of(store.identity().outputs, is_array)) return damaged;
  store.for_each([&](const Record& record) {
    if (!std::ranges::all_of(record.arrays, &ArrayFile::is_whole)) damaged.insert(record.index);
  });
  return damaged.intersected(succeeded);
}

/// What of a store stands, as a run with these options takes it.
KnownOutcomes standing(const StoreReader& store, const Foreseen& foreseen, const IndexSet& again,
                       const SweepOptions& options) {
  KnownOutcomes stands = foreseen.known;
  stands.succeeded = stands.succeeded.without(again);
  stands.failed = stands.failed.without(again);
  if (!options.retry_failed) return stands;
  if (!options.retry_kinds.empty()) {
    stands.failed = stands.failed.without(foreseen.of_kinds);
    return stands;
  }
  stands.failed = IndexSet();
  if (!foreseen.found) stands.succeeded = stands.succeeded.without(damaged_points(store, stands.succeeded));
  return stands;
}

std::vector<std::uint64_t> first_of_random_order(const Design& design, const IndexSet& points) {
  constexpr std::size_t kFirst = 10;
  constexpr std::uint64_t kMost = std::uint64_t{1} << 20U;
  std::vector<std::uint64_t> order;
  if (points.size() > kMost) return order;
  for (const IndexRange& range : points.ranges()) {
    for (std::uint64_t i = 0; i < range.count; ++i) order.push_back(range.first + i);
  }
  const auto costs = detail::random_order(design.seed(), design.size());
  const auto first = order.begin() + static_cast<std::ptrdiff_t>(std::min(kFirst, order.size()));
  std::ranges::partial_sort(order, first, std::greater<>(), [&](std::uint64_t index) { return costs->cost(index); });
  order.erase(first, order.end());
  return order;
}

}  // namespace

SweepPreview Sweep::preview(const SweepOptions& options) const {
  SweepPreview preview;
  KnownOutcomes stands;
  IndexSet again;
  std::error_code none;
  if (std::filesystem::exists(options.store / "results.sqlite", none)) {
    const StoreReader store(options.store);
    const auto points = [this](std::uint64_t index) { return design_.point(index).values(); };
    Foreseen foreseen = store.foresee(identity(options.name), points, options.retry_kinds, reader());
    preview.succeeded = foreseen.known.succeeded.size();
    preview.failed = foreseen.known.failed.size();
    again = foreseen.again;
    if (options.again) {
      const IndexSet known = foreseen.known.succeeded.united(foreseen.known.failed);
      again = again.united(detail::chosen_points(design_, options, options.again->intersected(known)));
    }
    stands = standing(store, foreseen, again, options);
    preview.found = std::move(foreseen.found);
  }
  const IndexSet open = stands.succeeded.united(stands.failed).complement(design_.size());
  preview.left = detail::chosen_points(design_, options, open);
  preview.not_chosen = open.size() - preview.left.size();
  const std::vector<EqualPoint> equal = equal_points();
  if (!equal.empty()) {
    const auto take = [&](std::uint64_t index, std::uint64_t) { return !again.contains(index); };
    detail::EqualOutcomes outcomes(equal, IndexSet::first(design_.size()));
    preview.left = outcomes.choose(stands.succeeded, stands.failed, preview.left, take);
  }
  if (options.random_order) preview.first = first_of_random_order(design_, preview.left);
  return preview;
}

IndexSet chosen_points(const Design& design, const SweepOptions& options) {
  return detail::chosen_points(design, options, IndexSet::first(design.size()));
}

}  // namespace windrow
