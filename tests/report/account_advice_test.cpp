// The sentence that a run ends with.
#include <gmock/gmock.h>

#include <algorithm>
#include <string>

#include "windrow/report/account_summary.hpp"

namespace windrow {
namespace {

using testing::HasSubstr;

/// 4 workers of 100 s with 50 points each, that spent as told; the rest they evaluated.
TimeAccount account_with(ActivityTimes spent, std::uint64_t points_each = 50) {
  TimeAccount account;
  account.wall = 100.0;
  for (int w = 0; w < 4; ++w) {
    WorkerAccount& worker = account.workers.emplace_back();
    worker.worker = w;
    worker.host = "node" + std::to_string(w);
    worker.wall = account.wall;
    worker.spent = spent;
    worker.spent.evaluate = account.wall - spent.sum();
    worker.points = worker.attempts = points_each;
  }
  account.root.emplace();
  account.root->worker = -1;
  account.root->wall = account.wall;
  account.root->spent = {.coordinate = 1.0, .wait = 99.0};
  account.longest = {{17, 2.5, 3, "node3", false}, {4, 2.0, 0, "node0", true}};
  return account;
}

TEST(AccountAdviceTest, nothing_but_evaluations_asks_for_more_workers_while_there_are_cores) {
  TimeAccount account = account_with({.wait = 2.0});
  EXPECT_EQ(account_advice(account),
            "98 % of the time went into evaluations: more workers would help, if there are cores for them.");
  account.cores = 16;
  EXPECT_EQ(account_advice(account),
            "98 % of the time went into evaluations: more workers would help, there are 16 cores.");
  account.cores = 4;
  EXPECT_EQ(account_advice(account), "98 % of the time went into evaluations, on all 4 cores: that is what there is.");
  account.cores = 2;
  EXPECT_EQ(account_advice(account), "98 % of the time went into evaluations, of 4 workers on 2 cores.");
  EXPECT_EQ(account_advice(account_with({.wait = 2.0}, 2)), "98 % of the time went into evaluations.")
      << "with 2 points for each worker more of them may bring nothing";
}

TEST(AccountAdviceTest, workers_wait_while_others_points_hold_their_slots) {
  TimeAccount account = account_with({.wait = 50.0});
  EXPECT_THAT(account_advice(account), HasSubstr("fewer of them would be as fast"));
  account.points_hold_slots = true;
  EXPECT_EQ(account_advice(account), "Workers waited 50 % of the time while points held the slots of several.");
}

TEST(AccountAdviceTest, nothing_evaluated_is_nothing_to_say) {
  EXPECT_EQ(account_advice(TimeAccount()), "");
  EXPECT_EQ(account_advice(account_with({.wait = 100.0}, 0)), "");
  EXPECT_EQ(account_summary(TimeAccount()), "");
}

TEST(AccountAdviceTest, long_last_points) {
  TimeAccount account = account_with({.wait = 40.0});
  account.longest.front().seconds = 45.0;
  EXPECT_EQ(account_advice(account),
            "Workers waited 40 % of the time because the last points were long: try schedule longest_first.");
  account.schedule = Schedule::longest_first;
  EXPECT_EQ(account_advice(account), "Workers waited 40 % of the time: fewer of them would be as fast.");
  account.longest.front().seconds = 98.0;
  EXPECT_EQ(account_advice(account),
            "The longest point alone took 98 % of the run, so workers waited 40 % of the time: more of them would not "
            "help.");
}

TEST(AccountAdviceTest, shares_fixed_beforehand) {
  TimeAccount account = account_with({.wait = 30.0});
  account.schedule = Schedule::static_split;
  EXPECT_THAT(account_advice(account), HasSubstr("fixed beforehand (static): try schedule auto"));
}

TEST(AccountAdviceTest, a_busy_root) {
  TimeAccount account = account_with({.wait = 50.0});
  account.root->spent = {.store = 80.0, .coordinate = 5.0, .wait = 15.0};
  EXPECT_THAT(account_advice(account), HasSubstr("because the root was busy (recording results)"));
  account.root->spent = {.store = 5.0, .coordinate = 80.0, .wait = 15.0};
  EXPECT_THAT(account_advice(account), HasSubstr("because the root was busy (handing out points)"));
  account = account_with({.transfer = 31.0, .wait = 15.0});
  EXPECT_THAT(account_advice(account), HasSubstr("Sending and storing results took 31 %"));
  account.root->spent = {.store = 90.0, .wait = 10.0};
  EXPECT_THAT(account_advice(account), HasSubstr("Workers waited 46 % of the time because the root was busy"))
      << "nobody took what they sent";
}

TEST(AccountAdviceTest, few_points) {
  EXPECT_EQ(account_advice(account_with({.wait = 50.0}, 3)),
            "Workers waited 50 % of the time: 12 points are few for 4 workers.");
  TimeAccount account = account_with({.wait = 10.0}, 1);
  account.workers[1] = account_with({.wait = 100.0}, 0).workers[1];
  EXPECT_EQ(account_advice(account), "There were fewer points (3) than workers (4).");
}

TEST(AccountAdviceTest, building_and_results_and_managing) {
  EXPECT_THAT(account_advice(account_with({.build = 60.0, .wait = 10.0})), HasSubstr("Building models took 60 %"));
  EXPECT_THAT(account_advice(account_with({.transfer = 20.0, .store = 20.0, .wait = 5.0})),
              HasSubstr("Sending and storing results took 40 %"));
  EXPECT_THAT(account_advice(account_with({.coordinate = 30.0})),
              HasSubstr("30 % of the time went into managing points"));
}

TEST(AccountAdviceTest, failures_come_first) {
  TimeAccount account = account_with({.wait = 2.0});
  account.workers[0].failed = account.workers[1].failed = 95.0;
  EXPECT_THAT(account_advice(account),
              HasSubstr("48 % of the evaluation time went into evaluations that brought no result"));
}

TEST(AccountSummaryTest, is_a_few_lines) {
  EXPECT_EQ(account_summary(account_with({.build = 5.0, .transfer = 0.05, .wait = 20.0})),
            "Time: evaluate 75.0 % of 4 x 1m40s; wait 20.0 %, build 5.0 %\n"
            "  efficiency 0.75, imbalance 1.00, overhead 6ms a point; root busy 1.0 %\n"
            "  longest points: 17 (2.5s on node3), 4 (2s on node0, failed)\n"
            "  Workers waited 20 % of the time: fewer of them would be as fast.\n");
}

}  // namespace
}  // namespace windrow
