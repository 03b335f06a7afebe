#include "parallel/supply.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <map>
#include <set>
#include <vector>

#include "parallel/ranked_supply.hpp"

namespace windrow::detail {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::vector<std::uint64_t> indices(const std::vector<IndexRun>& runs) {
  std::vector<std::uint64_t> all;
  for (const IndexRun& run : runs) {
    for (std::uint64_t i = 0; i < run.count; ++i) all.push_back(run.first + i * run.step);
  }
  return all;
}

std::unique_ptr<Supply> supply_of(Schedule schedule, const IndexSet& points, int workers, int first = 0,
                                  std::shared_ptr<CostModel> costs = nullptr) {
  JobSpec job;
  job.schedule = schedule;
  job.pending = points;
  job.costs = std::move(costs);
  return make_supply(job, first, workers);
}

IndexSet with_holes() {
  IndexSet points;
  for (const IndexRange range : {IndexRange{0, 3}, IndexRange{10, 1}, IndexRange{20, 6}}) points.insert(range);
  return points;
}

TEST(SupplyTest, cyclic_shares_are_dealt_out_over_whatever_is_pending) {
  const auto supply = supply_of(Schedule::cyclic, with_holes(), 3);  // 0 1 2 | 10 20 21 | 22 23 24 | 25
  EXPECT_EQ(supply->size(), 10U);
  EXPECT_EQ(supply->available(0), 4U);
  EXPECT_THAT(indices(supply->take(0, 2)), ElementsAre(0, 10));
  EXPECT_THAT(indices(supply->take(1, 99)), ElementsAre(1, 20, 23));
  EXPECT_THAT(indices(supply->take(2, 99)), ElementsAre(2, 21, 24));
  EXPECT_THAT(indices(supply->take(0, 99)), ElementsAre(22, 25));
  EXPECT_EQ(supply->size(), 0U);
  EXPECT_THAT(supply->take(1, 5), IsEmpty());
}

TEST(SupplyTest, a_cyclic_share_of_a_whole_design_is_one_run) {
  const auto supply = supply_of(Schedule::cyclic, IndexSet::first(1'000'000'000), 4);
  EXPECT_THAT(supply->take(3, 1000), ElementsAre(IndexRun{3, 1000, 4}));
}

TEST(SupplyTest, a_root_that_only_coordinates_has_no_share) {
  for (const Schedule schedule : {Schedule::static_split, Schedule::cyclic}) {
    const auto supply = supply_of(schedule, IndexSet::first(9), 4, 1);
    EXPECT_EQ(supply->available(0), 0U);
    for (const int w : {1, 2, 3}) EXPECT_EQ(supply->available(w), 3U);
  }
}

TEST(SupplyTest, a_share_without_a_worker_is_anyones_after_their_own) {
  for (const Schedule schedule : {Schedule::static_split, Schedule::cyclic}) {
    const auto supply = supply_of(schedule, IndexSet::first(12), 3);
    const auto handed = supply->take(1, 2);
    supply->put_back(1, {handed.front().first, 1, 1});
    supply->disown(1);
    EXPECT_EQ(supply->available(0), 4U);
    const auto own = supply->take(0, 4);
    EXPECT_EQ(supply->available(0), 3U) << "of the four of worker 1 one was evaluated";
    std::vector<std::uint64_t> taken_over = indices(supply->take(0, 2));
    for (const std::uint64_t index : indices(supply->take(0, 99))) taken_over.push_back(index);
    EXPECT_EQ(taken_over.size(), 3U);
    EXPECT_EQ(supply->available(0), 0U);
    EXPECT_EQ(supply->available(2), 4U);
    EXPECT_EQ(supply->size(), 4U);
  }
}

TEST(SupplyTest, every_schedule_hands_out_each_point_once_whoever_asks) {
  for (const Schedule schedule : all_schedules) {
    const auto costs = known_costs([](std::uint64_t index) { return static_cast<double>(index * 7919 % 13); });
    const auto supply = supply_of(schedule, with_holes(), 3, 0, costs);
    std::multiset<std::uint64_t> seen;
    for (int turn = 0; supply->size() > 0; turn = (turn + 1) % 3) {
      const std::uint64_t before = supply->size();
      const auto taken = indices(supply->take(turn, 2));
      EXPECT_EQ(supply->size(), before - taken.size());
      seen.insert(taken.begin(), taken.end());
      ASSERT_LE(seen.size(), 10U);
    }
    EXPECT_THAT(seen, ElementsAre(0, 1, 2, 10, 20, 21, 22, 23, 24, 25));
  }
}

TEST(RankedSupplyTest, the_most_expensive_points_come_first_and_equals_in_index_order) {
  const std::map<std::uint64_t, double> cost = {{0, 1.0}, {1, 5.0}, {2, 3.0}, {10, 5.0}, {20, -1.0}};
  IndexSet points;
  for (const auto& [index, unused] : cost) points.insert(index);
  const auto supply =
      supply_of(Schedule::longest_first, points, 2, 0, known_costs([&](std::uint64_t i) { return cost.at(i); }));
  EXPECT_THAT(indices(supply->take(0, 2)), ElementsAre(1, 10));
  supply->put_back(0, {10, 1, 1});
  EXPECT_THAT(indices(supply->take(1, 99)), ElementsAre(10, 2, 0, 20));
  supply->put_back(0, {20, 1, 1});
  supply->put_back(0, {0, 1, 1});
  supply->put_back(0, {10, 1, 1});
  supply->put_back(0, {2, 1, 1});
  EXPECT_THAT(indices(supply->take(1, 99)), ElementsAre(10, 2, 0, 20)) << "each finds its place again";
}

TEST(RankedSupplyTest, costs_that_are_not_numbers_are_met_first_and_no_trouble) {
  const auto supply =
      supply_of(Schedule::longest_first, IndexSet::first(5), 2, 0,
                known_costs([](std::uint64_t i) { return i % 2 == 0 ? static_cast<double>(i) : std::nan(""); }));
  EXPECT_THAT(indices(supply->take(0, 99)), ElementsAre(1, 3, 4, 2, 0));
}

TEST(RankedSupplyTest, of_very_many_points_the_most_expensive_ones_are_in_order) {
  constexpr std::uint64_t count = RankedSupply::kMostRanked * 5 / 2;
  const auto supply =
      supply_of(Schedule::longest_first, IndexSet::first(count), 2, 0,
                known_costs([](std::uint64_t i) { return static_cast<double>(i * 2654435761U % 1000003U); }));
  std::vector<double> order;
  std::set<std::uint64_t> seen;
  while (supply->size() > 0) {
    for (const std::uint64_t i : indices(supply->take(0, 1000))) {
      order.push_back(static_cast<double>(i * 2654435761U % 1000003U));
      seen.insert(i);
    }
  }
  EXPECT_EQ(seen.size(), count);
  const auto end = order.begin() + RankedSupply::kMostRanked;
  EXPECT_TRUE(std::is_sorted(order.begin(), end, std::greater<>()));
  EXPECT_LE(*std::max_element(end, order.end()), *(end - 1));
}

/// Knows nothing until it is told to.
class LateCosts : public CostModel {
 public:
  std::uint64_t revision() const override { return known; }
  double cost(std::uint64_t index) const override { return static_cast<double>(index); }
  void observe(std::uint64_t, double) override {}
  std::uint64_t known = 0;
};

TEST(RankedSupplyTest, while_nothing_is_known_a_sample_from_everywhere_goes_out_first) {
  const auto costs = std::make_shared<LateCosts>();
  const auto supply = supply_of(Schedule::longest_first, IndexSet::first(8000), 2, 0, costs);
  std::vector<int> eighths(8, 0);
  for (int i = 0; i < 64; ++i) ++eighths[indices(supply->take(0, 1)).front() / 1000];
  for (const int n : eighths) EXPECT_GE(n, 5) << "of 64";
  const auto next = indices(supply->take(0, 3));
  EXPECT_LT(next.back(), 100U) << "then in index order";

  costs->known = 1;
  EXPECT_THAT(indices(supply->take(0, 1)).front(), testing::Ge(7990U));
  EXPECT_EQ(supply->size(), 8000U - 64 - 3 - 1);
}

TEST(RankedSupplyTest, new_costs_put_what_is_left_in_a_new_order) {
  class Turning : public LateCosts {
   public:
    double cost(std::uint64_t index) const override {
      return known == 1 ? static_cast<double>(index) : -static_cast<double>(index);
    }
  };
  const auto costs = std::make_shared<Turning>();
  costs->known = 1;
  const auto supply = supply_of(Schedule::longest_first, IndexSet::first(10), 2, 0, costs);
  EXPECT_THAT(indices(supply->take(0, 3)), ElementsAre(9, 8, 7));
  costs->known = 2;
  EXPECT_THAT(indices(supply->take(0, 3)), ElementsAre(0, 1, 2));
  EXPECT_EQ(supply->size(), 4U);
}

}  // namespace
}  // namespace windrow::detail
