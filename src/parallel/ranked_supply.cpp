#include "parallel/ranked_supply.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace windrow::detail {
namespace {

constexpr std::uint64_t kSmallestSample = 64;
constexpr double kGoldenRatio = 0.6180339887498949;  // its multiples, modulo 1, are spread evenly however many they are

}  // namespace

RankedSupply::RankedSupply(IndexSet points, std::shared_ptr<CostModel> costs, int workers)
    : costs_(std::move(costs)),
      points_(std::move(points)),
      sample_left_(std::max<std::uint64_t>(kSmallestSample, 4 * static_cast<std::uint64_t>(std::max(1, workers)))) {}

// Equal costs in index order, so that the order is the same everywhere. What is not a number comes first: who knows.
bool RankedSupply::before(const Ranked& a, const Ranked& b) {
  const double left = std::isnan(a.cost) ? HUGE_VAL : a.cost;
  const double right = std::isnan(b.cost) ? HUGE_VAL : b.cost;
  return left != right ? left > right : a.index < b.index;
}

std::vector<IndexRun> RankedSupply::take(int, std::uint64_t most) {
  if (costs_->revision() != revision_) rank();
  std::vector<IndexRun> runs;
  if (revision_ == 0 && sample_left_ > 0) return take_sample(most);
  for (; most > 0 && next_ < ranked_.size(); --most) runs.push_back({ranked_[next_++].index, 1, 1});
  for (const IndexRange& range : points_.take(most)) runs.push_back({range.first, range.count, 1});
  return runs;
}

std::vector<IndexRun> RankedSupply::take_sample(std::uint64_t most) {
  std::vector<IndexRun> runs;
  for (; most > 0 && sample_left_ > 0 && !points_.empty(); --most, --sample_left_) {
    const double position = std::floor(sample_at_ * static_cast<double>(points_.size()));
    sample_at_ += kGoldenRatio;
    sample_at_ -= std::floor(sample_at_);
    const std::uint64_t index = points_.at(std::min(static_cast<std::uint64_t>(position), points_.size() - 1));
    points_.remove(index);
    runs.push_back({index, 1, 1});
  }
  return runs;
}

// A point that is to be tried again finds its place among the others; for many it is quicker to rank all anew.
void RankedSupply::put_back(int, const IndexRun& run) {
  if (revision_ != 0 && run.count == 1 && next_ > 0) {
    const Ranked point{costs_->cost(run.first), run.first};
    const auto begin = ranked_.begin() + static_cast<std::ptrdiff_t>(next_);
    const auto place = std::lower_bound(begin, ranked_.end(), point, before);
    std::move(begin, place, begin - 1);
    *(place - 1) = point;
    --next_;
    return;
  }
  insert(points_, run);
  revision_ = 0;  // it is ranked anew with all others
}

void RankedSupply::unrank() {
  std::vector<IndexRange> all(points_.ranges().begin(), points_.ranges().end());
  for (; next_ < ranked_.size(); ++next_) all.push_back({ranked_[next_].index, 1});
  std::sort(all.begin(), all.end(), [](const IndexRange& a, const IndexRange& b) { return a.first < b.first; });
  points_ = IndexSet();
  for (const IndexRange& range : all) points_.insert(range);  // in ascending order that is quick
  ranked_.clear();
  next_ = 0;
}

// One pass over the points, which keeps the most expensive ones.
void RankedSupply::rank() {
  revision_ = costs_->revision();
  unrank();
  const auto keep_best = [this] {
    if (ranked_.size() <= kMostRanked) return;
    const auto end = ranked_.begin() + static_cast<std::ptrdiff_t>(kMostRanked);
    std::nth_element(ranked_.begin(), end, ranked_.end(), before);
    ranked_.erase(end, ranked_.end());
  };
  for (const IndexRange& range : points_.ranges()) {
    for (std::uint64_t i = 0; i < range.count; ++i) {
      ranked_.push_back({costs_->cost(range.first + i), range.first + i});
      if (ranked_.size() == 2 * kMostRanked) keep_best();
    }
  }
  keep_best();
  if (ranked_.size() == points_.size()) {
    points_ = IndexSet();
  } else {
    std::sort(ranked_.begin(), ranked_.end(), [](const Ranked& a, const Ranked& b) { return a.index < b.index; });
    IndexSet ranked;
    for (const Ranked& point : ranked_) ranked.insert(point.index);
    points_ = points_.without(ranked);
  }
  std::sort(ranked_.begin(), ranked_.end(), before);
}

}  // namespace windrow::detail
