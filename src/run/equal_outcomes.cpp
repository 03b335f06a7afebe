#include "equal_outcomes.hpp"

#include <algorithm>
#include <iterator>

namespace windrow::detail {

EqualOutcomes::EqualOutcomes(std::span<const EqualPoint> equal, const IndexSet& share) {
  for (auto begin = equal.begin(); begin != equal.end();) {
    const std::uint64_t first = begin->first;
    const auto end = std::find_if(begin, equal.end(), [first](const EqualPoint& p) { return p.first != first; });
    const std::size_t before = groups_.size();
    if (share.contains(first)) groups_.push_back({first, first});
    std::copy_if(begin, end, std::back_inserter(groups_), [&](const EqualPoint& p) { return share.contains(p.index); });
    const std::size_t members = groups_.size() - before;
    if (members > 1) count_ += members - 1;
    if (members == 1) groups_.pop_back();
    begin = end;
  }
}

IndexSet EqualOutcomes::choose(const IndexSet& succeeded, const IndexSet& failed, const IndexSet& pending,
                               const std::function<bool(std::uint64_t index, std::uint64_t of)>& take) {
  std::vector<std::uint64_t> spared;
  for (auto begin = groups_.begin(); begin != groups_.end();) {
    const std::uint64_t first = begin->first;
    const auto end = std::find_if(begin, groups_.end(), [first](const EqualPoint& p) { return p.first != first; });
    auto source = std::find_if(begin, end, [&](const EqualPoint& p) { return succeeded.contains(p.index); });
    if (source == end) source = std::find_if(begin, end, [&](const EqualPoint& p) { return failed.contains(p.index); });
    const EqualPoint* evaluated = nullptr;
    for (auto point = begin; point != end; ++point) {
      if (!pending.contains(point->index)) continue;
      const bool taken = source != end && take(point->index, source->index);
      if (taken || evaluated != nullptr) spared.push_back(point->index);
      if (taken) continue;
      if (evaluated == nullptr) {
        evaluated = &*point;
      } else {
        waiting_.push_back({evaluated->index, point->index});
      }
    }
    begin = end;
  }
  groups_ = {};
  std::ranges::sort(waiting_);
  std::ranges::sort(spared);
  IndexSet without;
  for (const std::uint64_t index : spared) without.insert(index);
  return pending.without(without);
}

std::vector<std::uint64_t> EqualOutcomes::waiting_for(std::uint64_t evaluated) const {
  std::vector<std::uint64_t> points;
  for (auto at = std::ranges::lower_bound(waiting_, EqualPoint{evaluated, 0});
       at != waiting_.end() && at->first == evaluated; ++at) {
    points.push_back(at->index);
  }
  return points;
}

}  // namespace windrow::detail
