// The account that the root puts together, with made-up times.
#include "parallel/job_accounting.hpp"

#include <gmock/gmock.h>

#include <cmath>
#include <string>

namespace windrow::detail {
namespace {

WorkerTimes times(double span, double began, ActivityTimes spent, double failed = 0.0) {
  return {spent, failed, span, began};
}

TimeAccount closed(JobAccounting& ledger, double now, const ActivityTimes& root = {}, bool is_worker = false) {
  return ledger.close(now, root, is_worker, [](int worker) { return "node" + std::to_string(worker); });
}

TEST(JobAccountingTest, what_a_worker_does_not_tell_of_it_waited) {
  JobAccounting ledger(0, 2, 100.0);
  ledger.heard(0, times(2.0, 5000.0, {.build = 0.5, .evaluate = 1.0, .wait = 0.5}), 103.0);
  ledger.heard(0, times(8.0, 5000.0, {.build = 0.5, .evaluate = 6.0, .transfer = 0.5, .wait = 0.5}), 108.5);
  const TimeAccount account = closed(ledger, 110.0, {.coordinate = 1.0, .wait = 9.0});
  EXPECT_DOUBLE_EQ(account.wall, 10.0);
  ASSERT_EQ(account.workers.size(), 2U);
  const WorkerAccount& told = account.workers[0];
  EXPECT_DOUBLE_EQ(told.spent.evaluate, 6.0) << "running totals, not to be added up";
  EXPECT_DOUBLE_EQ(told.spent.wait, 0.5 + 2.0) << "the job took 2 s more than it was there";
  EXPECT_DOUBLE_EQ(told.other(), 0.5) << "it was there for 8 s and tells of 7.5 s";
  EXPECT_DOUBLE_EQ(told.began_after, 0.5) << "of both messages the second was faster on its way";
  EXPECT_EQ(told.host, "node0");
  EXPECT_DOUBLE_EQ(account.workers[1].spent.wait, 10.0) << "never heard of";
  EXPECT_TRUE(std::isnan(account.workers[1].began));
  ASSERT_TRUE(account.root);
  EXPECT_DOUBLE_EQ(account.root->other(), 0.0);
}

TEST(JobAccountingTest, a_rank_that_was_there_before_the_job_did_not_wait_for_it_in_vain) {
  JobAccounting ledger(0, 1, 100.0);
  ledger.heard(0, times(7.0, 5000.0, {.evaluate = 4.0, .wait = 3.0}), 104.0);  // it waited 3 s before the job began
  const TimeAccount account = closed(ledger, 104.0);
  EXPECT_DOUBLE_EQ(account.workers[0].spent.wait, 0.0);
  EXPECT_DOUBLE_EQ(account.workers[0].other(), 0.0);
  EXPECT_DOUBLE_EQ(account.workers[0].began_after, -3.0);
}

TEST(JobAccountingTest, what_a_lost_worker_was_evaluating_brought_no_result) {
  JobAccounting ledger(0, 1, 0.0);
  ledger.heard(0, times(2.0, 5000.0, {.evaluate = 1.5, .wait = 0.5}, 0.25), 3.0);  // it began at 1
  ledger.lost(0, /*evaluating=*/true, 7.0);
  ledger.heard(0, times(2.0, 6000.0, {.evaluate = 2.0}), 10.0);  // the next one began at 8
  const TimeAccount account = closed(ledger, 12.0);
  const WorkerAccount& place = account.workers[0];
  EXPECT_DOUBLE_EQ(place.spent.evaluate, 1.5 + 4.0 + 2.0);
  EXPECT_DOUBLE_EQ(place.failed, 0.25 + 4.0);
  EXPECT_DOUBLE_EQ(place.spent.wait, 1.0 + 0.5 + 1.0 + 2.0);
  EXPECT_NEAR(place.other(), 0.0, 1e-12);
  EXPECT_EQ(place.losses, 1U);
  EXPECT_DOUBLE_EQ(place.began, 5000.0) << "the clock of the host is the same for both";
  EXPECT_DOUBLE_EQ(place.began_after, 1.0);
}

TEST(JobAccountingTest, an_idle_worker_that_is_lost_has_waited) {
  JobAccounting ledger(0, 1, 0.0);
  ledger.lost(0, /*evaluating=*/false, 4.0);
  const TimeAccount account = closed(ledger, 10.0);
  EXPECT_DOUBLE_EQ(account.workers[0].spent.wait, 10.0);
  EXPECT_DOUBLE_EQ(account.workers[0].failed, 0.0);
}

TEST(JobAccountingTest, one_thread_for_all_has_one_account) {
  JobAccounting ledger(0, 1, 0.0);
  ledger.heard(0, times(9.0, 5000.0, {.evaluate = 6.0}), 9.0);
  const TimeAccount account = closed(ledger, 10.0, {.store = 1.0, .coordinate = 2.0, .wait = 0.5}, true);
  EXPECT_FALSE(account.root);
  EXPECT_EQ(account.workers[0].spent, (ActivityTimes{.evaluate = 6.0, .store = 1.0, .coordinate = 2.0, .wait = 0.5}));
  EXPECT_DOUBLE_EQ(account.workers[0].other(), 0.5);
}

TEST(JobAccountingTest, keeps_the_longest_points) {
  JobAccounting ledger(1, 3, 0.0);
  for (std::uint64_t i = 0; i < 100; ++i)
    ledger.evaluated(i, static_cast<double>(i * 37 % 101), i % 2 == 0 ? 1 : 2, i == 30);
  const TimeAccount account = closed(ledger, 1.0);
  std::vector<double> seconds;
  for (const LongPoint& point : account.longest) seconds.push_back(point.seconds);
  EXPECT_THAT(seconds, testing::ElementsAre(100.0, 99.0, 98.0, 97.0, 96.0));
  EXPECT_EQ(account.longest.front().index, 30U);
  EXPECT_TRUE(account.longest.front().failed);
  EXPECT_EQ(account.longest.front().host, "node1");
}

TEST(JobAccountingTest, counts_of_nobody_are_nobodys) {
  JobAccounting ledger(1, 2, 0.0);  // the root, number 0, takes no points
  ledger.count(0, 0, 5);
  ledger.count(1, 3, 2);
  const TimeAccount account = closed(ledger, 1.0);
  ASSERT_EQ(account.workers.size(), 1U);
  EXPECT_EQ(account.workers[0].worker, 1);
  EXPECT_EQ(account.attempts(), 3U);
  EXPECT_EQ(account.points(), 2U);
}

TEST(TimeAccountTest, figures) {
  TimeAccount account;
  account.wall = 10.0;
  account.workers.resize(2);
  account.workers[0].spent = {.build = 1.0, .evaluate = 8.0, .transfer = 0.5, .wait = 0.25};
  account.workers[1].spent = {.evaluate = 4.0, .wait = 6.0};
  for (WorkerAccount& worker : account.workers) {
    worker.wall = 10.0;
    worker.attempts = 5;
  }
  account.root.emplace();
  account.root->spent = {.store = 1.0, .coordinate = 0.25, .wait = 8.75};
  EXPECT_DOUBLE_EQ(account.efficiency(), 0.6);
  EXPECT_DOUBLE_EQ(account.imbalance(), 9.5 / 6.75);
  EXPECT_DOUBLE_EQ(account.overhead(), (0.5 + 0.25 + 1.25) / 10.0);
  EXPECT_DOUBLE_EQ(account.other(), 0.25);
  EXPECT_DOUBLE_EQ(TimeAccount().efficiency(), 0.0);
  EXPECT_DOUBLE_EQ(TimeAccount().imbalance(), 1.0);
  EXPECT_DOUBLE_EQ(TimeAccount().overhead(), 0.0);
}

TEST(TimeAccountTest, records_have_what_is_not_zero_and_the_wall_time_as_total) {
  TimeAccount account;
  account.workers.resize(1);
  account.workers[0].worker = 3;
  account.workers[0].host = "node7";
  account.workers[0].wall = 10.0;
  account.workers[0].attempts = 4;
  account.workers[0].spent = {.evaluate = 8.0, .wait = 1.0};
  account.root.emplace();
  account.root->worker = -1;
  account.root->host = "node1";
  const auto records = timing_records(account);
  ASSERT_EQ(records.size(), 2U);
  EXPECT_EQ(records[0].name, "worker 3 on node7");
  EXPECT_EQ(records[1].name, "root on node1");
  EXPECT_EQ(records[0].total, std::chrono::seconds(10));
  ASSERT_EQ(records[0].stamps.size(), 2U);
  EXPECT_EQ(records[0].stamps[0].name, "evaluate");
  EXPECT_EQ(records[0].stamps[0].count, 4U);
  EXPECT_EQ(records[0].stamps[0].mean(), std::chrono::seconds(2));
  EXPECT_EQ(records[0].stamps[1].cumulative, std::chrono::seconds(1));
}

}  // namespace
}  // namespace windrow::detail
