#include "parallel/supply.hpp"

#include <algorithm>
#include <limits>
#include <utility>

#include "parallel/ranked_supply.hpp"

namespace windrow::detail {
namespace {

std::vector<IndexRun> as_runs(const std::vector<IndexRange>& ranges) {
  std::vector<IndexRun> runs;
  runs.reserve(ranges.size());
  for (const IndexRange& range : ranges) runs.push_back({range.first, range.count, 1});
  return runs;
}

/// All points are anyone's, lowest index first.
class SharedSupply : public Supply {
 public:
  explicit SharedSupply(IndexSet points) : points_(std::move(points)) {}
  std::uint64_t size() const override { return points_.size(); }
  std::uint64_t available(int) const override { return points_.size(); }
  std::vector<IndexRun> take(int, std::uint64_t most) override { return as_runs(points_.take(most)); }
  void put_back(int, const IndexRun& run) override { insert(points_, run); }
  std::vector<IndexRun> take_share(int) override { return {}; }
  void disown(int) override {}

 private:
  IndexSet points_;
};

/// Every step-th of the points in a list of ranges, as a position in it.
class EveryNth {
 public:
  EveryNth() = default;
  EveryNth(std::shared_ptr<const std::vector<IndexRange>> ranges, std::uint64_t total, std::uint64_t begin,
           std::uint64_t step)
      : ranges_(std::move(ranges)), left_(total > begin ? (total - begin - 1) / step + 1 : 0), step_(step) {
    advance(begin);
  }
  std::uint64_t size() const { return left_; }

  void take(std::uint64_t most, std::vector<IndexRun>& to) {
    while (most > 0 && left_ > 0) {
      const IndexRange& range = (*ranges_)[at_];
      const std::uint64_t here = std::min(most, (range.count - offset_ - 1) / step_ + 1);
      to.push_back({range.first + offset_, here, step_});
      most -= here;
      left_ -= here;
      if (left_ > 0) advance(here * step_);
    }
  }

 private:
  void advance(std::uint64_t positions) {
    offset_ += positions;
    for (; left_ > 0 && offset_ >= (*ranges_)[at_].count; ++at_) offset_ -= (*ranges_)[at_].count;
  }

  std::shared_ptr<const std::vector<IndexRange>> ranges_;
  std::uint64_t left_ = 0;
  std::uint64_t step_ = 1;
  std::size_t at_ = 0;
  std::uint64_t offset_ = 0;  // in the range
};

/// Every worker has a share of its own, contiguous or dealt out; shares that lost their worker are anyone's.
class OwnedSupply : public Supply {
 public:
  OwnedSupply(IndexSet points, int first_worker, int worker_count, bool dealt)
      : size_(points.size()), shares_(static_cast<std::size_t>(worker_count)) {
    const auto ranges = std::make_shared<std::vector<IndexRange>>(points.ranges().begin(), points.ranges().end());
    const auto owners = static_cast<std::uint64_t>(std::max(0, worker_count - first_worker));
    for (std::uint64_t k = 0; k < owners; ++k) {
      Share& share = shares_[static_cast<std::size_t>(first_worker) + static_cast<std::size_t>(k)];
      if (dealt) {
        share.dealt = EveryNth(ranges, size_, k, owners);
      } else {
        for (const IndexRange& range : points.take(size_ / owners + (k < size_ % owners ? 1 : 0)))
          share.points.insert(range);
      }
    }
  }

  std::uint64_t size() const override { return size_; }
  std::uint64_t available(int worker) const override {
    const std::uint64_t own = share(worker).size();
    return own > 0 ? own : orphaned_;
  }
  std::vector<IndexRun> take(int worker, std::uint64_t most) override {
    if (share(worker).size() > 0) return take_from(share(worker), most);
    for (Share& other : shares_) {
      if (!other.orphaned || other.size() == 0) continue;
      const std::uint64_t count = std::min(most, other.size());
      orphaned_ -= count;
      return take_from(other, count);
    }
    return {};
  }
  void put_back(int worker, const IndexRun& run) override {
    insert(share(worker).points, run);
    size_ += run.count;
    if (share(worker).orphaned) orphaned_ += run.count;
  }
  std::vector<IndexRun> take_share(int worker) override { return take_from(share(worker), share(worker).size()); }
  void disown(int worker) override {
    if (!std::exchange(share(worker).orphaned, true)) orphaned_ += share(worker).size();
  }

 private:
  struct Share {
    IndexSet points;  // contiguous, or given back
    EveryNth dealt;
    bool orphaned = false;
    std::uint64_t size() const { return points.size() + dealt.size(); }
  };

  Share& share(int worker) { return shares_[static_cast<std::size_t>(worker)]; }
  const Share& share(int worker) const { return shares_[static_cast<std::size_t>(worker)]; }

  std::vector<IndexRun> take_from(Share& share, std::uint64_t most) {
    std::vector<IndexRun> runs = as_runs(share.points.take(most));
    std::uint64_t taken = 0;
    for (const IndexRun& run : runs) taken += run.count;
    const std::uint64_t before = share.dealt.size();
    share.dealt.take(most - taken, runs);
    size_ -= taken + (before - share.dealt.size());
    return runs;
  }

  std::uint64_t size_;
  std::uint64_t orphaned_ = 0;
  std::vector<Share> shares_;
};

}  // namespace

void insert(IndexSet& set, const IndexRun& run) {
  if (run.step == 1) return set.insert(IndexRange{run.first, run.count});
  for (std::uint64_t i = 0; i < run.count; ++i) set.insert(run.first + i * run.step);
}

std::unique_ptr<Supply> make_supply(JobSpec& job, int first_worker, int worker_count) {
  IndexSet points = std::exchange(job.pending, {});
  switch (job.schedule) {
    case Schedule::static_split:
      return std::make_unique<OwnedSupply>(std::move(points), first_worker, worker_count, /*dealt=*/false);
    case Schedule::cyclic:
      return std::make_unique<OwnedSupply>(std::move(points), first_worker, worker_count, /*dealt=*/true);
    case Schedule::longest_first:
      if (job.costs) return std::make_unique<RankedSupply>(std::move(points), job.costs, worker_count - first_worker);
      return std::make_unique<SharedSupply>(std::move(points));
    case Schedule::dynamic:
    case Schedule::guided:
    case Schedule::automatic:
      break;
  }
  return std::make_unique<SharedSupply>(std::move(points));
}

}  // namespace windrow::detail
