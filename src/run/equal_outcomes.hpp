#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "windrow/design/design.hpp"
#include "windrow/parallel/index_set.hpp"

namespace windrow::detail {

/// Equal points in one run: one of each kind is evaluated, and its outcome is that of the others.
class EqualOutcomes {
 public:
  EqualOutcomes() = default;
  /// @param equal  of the whole design, as Design::equal_points()
  /// @param share  the points that this run is about
  EqualOutcomes(std::span<const EqualPoint> equal, const IndexSet& share);

  /// How many points of the share are equal to an earlier one of it.
  std::uint64_t count() const { return count_; }

  /// Decides who is evaluated. Called once, before the run.
  /// @param succeeded, failed  points whose outcome stands: a result goes before a failure
  /// @param pending            those that are to get one
  /// @param take               gives a pending point the outcome of one of these; false if that cannot be
  /// @return what is to be evaluated
  IndexSet choose(const IndexSet& succeeded, const IndexSet& failed, const IndexSet& pending,
                  const std::function<bool(std::uint64_t index, std::uint64_t of)>& take);

  /// The points that get the outcome of this one, in ascending order.
  std::vector<std::uint64_t> waiting_for(std::uint64_t evaluated) const;

 private:
  std::vector<EqualPoint> groups_;   // of the share, with the first of each group itself, by group
  std::vector<EqualPoint> waiting_;  // `first` is the one that is evaluated
  std::uint64_t count_ = 0;
};

}  // namespace windrow::detail
