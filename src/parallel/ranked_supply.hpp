#pragma once

#include <memory>
#include <vector>

#include "parallel/supply.hpp"

namespace windrow::detail {

/// All points are anyone's, the most expensive first. While nothing can be said about costs, a sample spread over all
/// indices goes out first, so that something can be learned from it, and then points in index order.
class RankedSupply : public Supply {
 public:
  RankedSupply(IndexSet points, std::shared_ptr<CostModel> costs, int workers);

  std::uint64_t size() const override { return points_.size() + (ranked_.size() - next_); }
  std::uint64_t available(int) const override { return size(); }
  std::vector<IndexRun> take(int worker, std::uint64_t most) override;
  void put_back(int worker, const IndexRun& run) override;
  std::vector<IndexRun> take_share(int) override { return {}; }
  void disown(int) override {}

  /// So many points, the most expensive ones, are put in order; beyond them those with higher costs are not told apart.
  static constexpr std::size_t kMostRanked = std::size_t{1} << 18U;

 private:
  struct Ranked {
    double cost;
    std::uint64_t index;
  };
  static bool before(const Ranked& a, const Ranked& b);
  void rank();
  void unrank();
  std::vector<IndexRun> take_sample(std::uint64_t most);

  std::shared_ptr<CostModel> costs_;
  IndexSet points_;             // without a rank
  std::vector<Ranked> ranked_;  // those before next_ have been taken
  std::size_t next_ = 0;
  std::uint64_t revision_ = 0;  // of the costs that the ranks came from
  std::uint64_t sample_left_;
  double sample_at_ = 0.0;  // in [0, 1)
};

}  // namespace windrow::detail
