// How long the rest may take.
#include "windrow/report/estimate.hpp"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>

namespace windrow {
namespace {

class EstimateTest : public testing::Test {
 protected:
  EstimateTest() {
    std::string name = (std::filesystem::temp_directory_path() / "windrow-estimate-XXXXXX").string();
    directory_ = mkdtemp(name.data());
  }
  ~EstimateTest() override { std::filesystem::remove_all(directory_); }

  /// 100 points of which `finished` have taken 30 s each, on `workers`.
  Store store(std::uint64_t finished, std::vector<std::pair<std::string, std::string>> provenance) const {
    StudyIdentity study;
    study.name = "s";
    study.points = 100;
    study.parameters = {{"x", "", "integer"}};
    Store store(directory_, study, provenance);
    for (std::uint64_t i = 0; i < finished; ++i) {
      Record record;
      record.index = i;
      record.parameters = {static_cast<std::int64_t>(i)};
      record.outcome = std::vector<Value>{};
      record.elapsed = 30.0;
      store.record(record);
    }
    return store;
  }
  std::optional<RemainingTime> estimate(std::uint64_t left) const {
    return estimate_remaining(StoreReader(directory_), left);
  }

  std::filesystem::path directory_;
};

TEST_F(EstimateTest, is_the_mean_of_what_is_finished_by_the_workers) {
  store(80, {{"workers", "4"}}).commit();
  const auto remaining = estimate(20);
  ASSERT_TRUE(remaining);
  EXPECT_DOUBLE_EQ(remaining->seconds, 150.0);
  EXPECT_DOUBLE_EQ(remaining->seconds_per_point, 30.0);
  EXPECT_EQ(remaining->describe(),
            "Estimate for the 20 points left: 2m30s, 4 at a time, by the mean of 80 finished points (30s)");
  EXPECT_DOUBLE_EQ(estimate(1)->seconds, 30.0) << "the last one is not shared";
}

TEST_F(EstimateTest, there_is_none_where_nothing_is_known) {
  store(0, {{"workers", "4"}}).commit();
  EXPECT_FALSE(estimate(100));
  store(10, {}).commit();
  EXPECT_FALSE(estimate(0));
}

TEST_F(EstimateTest, nobody_said_how_many_workers) {
  store(10, {}).commit();
  EXPECT_FALSE(estimate(90));
}

TEST_F(EstimateTest, where_points_hold_slots_it_is_as_many_as_went_on_at_once) {
  Store open = store(50, {{"workers", "8"}, {"points_hold_slots", "true"}});
  TimeAccount account;
  account.wall = 100.0;
  for (int w = 0; w < 8; ++w) {
    WorkerAccount& worker = account.workers.emplace_back();
    worker.worker = w;
    worker.wall = 100.0;
    worker.attempts = worker.points = 1;
    worker.spent.evaluate = 25.0;
  }
  open.record_account(account);
  open.commit();
  ASSERT_TRUE(estimate(50));
  EXPECT_DOUBLE_EQ(estimate(50)->at_a_time, 2.0);
  EXPECT_DOUBLE_EQ(estimate(50)->seconds, 750.0);
}

}  // namespace
}  // namespace windrow
