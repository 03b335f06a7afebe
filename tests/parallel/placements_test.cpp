// Points that need slots, from the coordinator's side, on workers with a simulated clock.
#include "parallel/placements.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

#include "parallel/callbacks.hpp"
#include "parallel/coordinator.hpp"
#include "parallel/simulated_workers.hpp"

namespace windrow::detail {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class PlacementsTest : public testing::Test {
 protected:
  explicit PlacementsTest(std::vector<std::string> hosts = {"a", "a", "a", "b", "b", "b"})
      : workers_(static_cast<int>(hosts.size())) {
    workers_.hosts = std::move(hosts);
    job_.schedule = Schedule::automatic;
    job_.on_completed = [this](const Completed& completed) {
      ++times_[completed.index];
      if (completed.failure != nullptr) failures_[completed.index] = *completed.failure;
    };
  }

  JobReport run(std::vector<std::uint64_t> needs) {
    job_.pending = IndexSet::first(needs.size());
    job_.needs = needs_slots([needs](std::uint64_t index) { return needs[index]; });
    return coordinate(workers_, job_);
  }
  void expect_each_once(std::uint64_t count) const {
    EXPECT_EQ(times_.size(), count);
    for (const auto& [index, n] : times_) EXPECT_EQ(n, 1) << "point " << index;
  }
  std::vector<std::uint64_t> order() const {
    std::vector<std::uint64_t> order;
    for (const auto& placed : workers_.placed) order.push_back(placed.index);
    return order;
  }

  FakeWorkers workers_;
  TestJob job_;
  std::map<std::uint64_t, int> times_;
  std::map<std::uint64_t, TaskFailure> failures_;
};

TEST_F(PlacementsTest, never_more_slots_than_a_host_has_and_all_of_them_used) {
  std::vector<std::uint64_t> needs;
  for (std::uint64_t i = 0; i < 300; ++i) needs.push_back(1 + i * i % 6);
  workers_.seconds = [](std::uint64_t index) { return 0.1 * static_cast<double>(1 + index * 7 % 11); };
  const JobReport report = run(needs);
  expect_each_once(300);
  EXPECT_TRUE(failures_.empty());
  EXPECT_FALSE(report.stopped);
  EXPECT_EQ(workers_.most_slots_taken, (std::map<std::string, int>{{"a", 3}, {"b", 3}}));
  for (const auto& placed : workers_.placed) {
    int slots = 0;
    for (const HostSlots& some : placed.slots) slots += some.slots;
    EXPECT_EQ(static_cast<std::uint64_t>(slots), needs[placed.index]);
  }
}

TEST_F(PlacementsTest, the_worker_that_launches_is_on_a_host_of_the_slots_and_one_host_is_enough_where_it_can_be) {
  run({3, 2, 1, 4, 2, 6, 1, 1, 3, 3});
  for (const auto& placed : workers_.placed) {
    const auto& host = workers_.hosts[static_cast<std::size_t>(placed.worker)];
    const auto is_here = [&](const HostSlots& some) { return some.host == host; };
    EXPECT_TRUE(std::ranges::any_of(placed.slots, is_here)) << "point " << placed.index;
  }
  EXPECT_THAT(workers_.placed[0].slots, ElementsAre(HostSlots{"a", 3}));
  EXPECT_THAT(workers_.placed[1].slots, ElementsAre(HostSlots{"b", 2}));
}

TEST_F(PlacementsTest, a_large_point_is_not_starved_by_small_ones) {
  std::vector<std::uint64_t> needs(60, 1);
  needs[10] = 6;
  workers_.seconds = [](std::uint64_t index) { return 1.0 + 0.01 * static_cast<double>(index); };
  run(needs);
  const auto order = this->order();
  EXPECT_TRUE(std::ranges::is_sorted(order)) << "none is overtaken";
}

TEST_F(PlacementsTest, what_is_larger_than_everything_is_rejected_and_holds_nobody_up) {
  run({1, 7, 6});
  expect_each_once(3);
  ASSERT_EQ(failures_.size(), 1U);
  EXPECT_EQ(failures_[1].kind, FailureKind::rejected);
  EXPECT_EQ(failures_[1].index, 1U);
  EXPECT_EQ(failures_[1].message, "it needs 7 slots, and there are 6 in all");
}

TEST_F(PlacementsTest, a_number_of_slots_that_cannot_be_told_rejects_its_point) {
  job_.pending = IndexSet::first(3);
  job_.needs = needs_slots([](std::uint64_t index) -> std::uint64_t {
    if (index == 1) throw std::runtime_error("no whole number");
    if (index == 2) throw 42;
    return 2;
  });
  coordinate(workers_, job_);
  expect_each_once(3);
  EXPECT_EQ(failures_.size(), 2U);
  EXPECT_EQ(failures_[2].message, "42");
  EXPECT_EQ(failures_[1].kind, FailureKind::rejected);
  EXPECT_EQ(failures_[1].message, "no whole number");
}

TEST_F(PlacementsTest, the_slots_of_a_worker_that_is_replaced_come_back) {
  workers_.replaceable = true;
  workers_.crashing = {2, 5};
  run(std::vector<std::uint64_t>(20, 3));
  expect_each_once(20);
  EXPECT_EQ(workers_.replacements, 2);
  EXPECT_EQ(failures_.size(), 2U);
  EXPECT_EQ(workers_.most_slots_taken, (std::map<std::string, int>{{"a", 3}, {"b", 3}}));
}

TEST_F(PlacementsTest, a_worker_that_is_lost_for_good_takes_a_slot_with_it) {
  workers_.crashing = {0};
  std::vector<std::uint64_t> needs(12, 2);
  needs[11] = 6;
  run(needs);
  expect_each_once(12);
  ASSERT_EQ(failures_.size(), 2U);
  EXPECT_EQ(failures_[11].kind, FailureKind::lost);
  EXPECT_EQ(failures_[11].message, "it needs 6 slots, and 5 are left of 6: workers were lost");
}

TEST_F(PlacementsTest, without_any_worker_left_the_rest_fails) {
  workers_.dying = {0, 1, 2, 3, 4, 5};
  run(std::vector<std::uint64_t>(8, 1));
  expect_each_once(8);
  EXPECT_EQ(failures_.size(), 8U);
}

TEST_F(PlacementsTest, slots_need_not_be_those_of_the_workers) {
  job_.slots = {{"n1", 2}, {"n2", 2}};
  run(std::vector<std::uint64_t>(9, 2));
  expect_each_once(9);
  EXPECT_EQ(workers_.most_slots_taken, (std::map<std::string, int>{{"n1", 2}, {"n2", 2}}));
}

TEST_F(PlacementsTest, a_stop_leaves_what_waits_for_slots_unfinished) {
  int ticks = 0;
  job_.on_tick = [&] { return Direction(++ticks > 3); };
  const JobReport report = run(std::vector<std::uint64_t>(50, 6));
  EXPECT_TRUE(report.stopped);
  EXPECT_EQ(report.unfinished + times_.size(), 50U);
  EXPECT_GT(report.unfinished, 40U);
}

TEST_F(PlacementsTest, longest_first_orders_points_with_slots_too) {
  job_.schedule = Schedule::longest_first;
  job_.costs = known_costs([](std::uint64_t index) { return static_cast<double>(index); });
  run(std::vector<std::uint64_t>(10, 4));
  EXPECT_THAT(order(), ElementsAre(9, 8, 7, 6, 5, 4, 3, 2, 1, 0));
}

}  // namespace
}  // namespace windrow::detail
