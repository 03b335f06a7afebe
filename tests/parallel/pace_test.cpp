#include "parallel/pace.hpp"

#include <gtest/gtest.h>

namespace windrow::detail {
namespace {

constexpr std::uint64_t kMany = 1'000'000'000;

Pace after(Schedule schedule, int workers, int points, double seconds) {
  Pace pace(schedule, workers);
  for (int i = 0; i < points; ++i) pace.observe(seconds, 8);
  return pace;
}

TEST(PaceTest, before_anything_is_known_points_go_out_one_by_one) {
  const Pace pace(Schedule::automatic, 4);
  EXPECT_EQ(pace.chunk(kMany, kMany), 1U);
  EXPECT_EQ(pace.ahead(kMany), 1U);
}

TEST(PaceTest, quick_points_travel_together_and_ahead) {
  const Pace pace = after(Schedule::automatic, 4, 100, 1e-6);
  EXPECT_NEAR(static_cast<double>(pace.chunk(kMany, kMany)), 10'000.0, 1.0);
  EXPECT_EQ(pace.ahead(kMany), 2U);
}

TEST(PaceTest, points_that_share_a_time_count_as_many) {
  Pace together(Schedule::automatic, 4), one_by_one(Schedule::automatic, 4);
  for (int i = 1; i < 200; ++i) {
    const double seconds = 1e-6 * (i % 7 + 1);
    const auto points = static_cast<std::uint64_t>(i % 5 + 1);
    together.observe(seconds, 8, points);
    for (std::uint64_t n = 0; n < points; ++n) one_by_one.observe(seconds, 8);
    EXPECT_NEAR(static_cast<double>(together.chunk(kMany, kMany)), static_cast<double>(one_by_one.chunk(kMany, kMany)),
                1.0);
    EXPECT_NEAR(together.most_end_within(), one_by_one.most_end_within(), 1e-12);
  }
}

TEST(PaceTest, parameters_travel_in_small_messages) {
  Pace pace = after(Schedule::static_split, 4, 100, 1e-6);
  for (int i = 0; i < 10; ++i) pace.observe_parameter(1024);
  EXPECT_EQ(pace.chunk(kMany, kMany), 256U);
  pace.observe_parameter(std::uint64_t{1} << 30U);
  EXPECT_EQ(pace.chunk(kMany, kMany), 1U);
}

TEST(PaceTest, ten_minute_points_go_out_one_by_one_and_not_ahead) {
  const Pace pace = after(Schedule::automatic, 4, 10, 600.0);
  EXPECT_EQ(pace.chunk(kMany, kMany), 1U);
  EXPECT_EQ(pace.ahead(kMany), 1U);
}

TEST(PaceTest, one_long_point_among_many_quick_ones_makes_it_careful) {
  Pace pace = after(Schedule::automatic, 4, 500, 1e-6);
  pace.observe(0.1, 8);
  for (int i = 0; i < 500; ++i) pace.observe(1e-6, 8);
  EXPECT_LE(pace.chunk(kMany, kMany), 100U) << "by the mean of all points, 100 us, not by that of the last ones";
}

TEST(PaceTest, it_notices_at_once_that_points_have_become_long) {
  Pace pace = after(Schedule::automatic, 4, 1'000'000, 1e-6);
  for (int i = 0; i < 4; ++i) pace.observe(1.0, 8);
  EXPECT_EQ(pace.chunk(kMany, kMany), 1U);
  EXPECT_EQ(pace.ahead(kMany), 1U);
}

TEST(PaceTest, outcomes_wait_only_briefly_where_a_loss_would_not_tell_its_point) {
  const Pace pace = after(Schedule::automatic, 4, 100'000, 0.005);
  EXPECT_DOUBLE_EQ(pace.patience(true), 0.1);
  EXPECT_DOUBLE_EQ(pace.patience(false), 0.001);
  const Pace large = after(Schedule::automatic, 1000, 1'000'000, 0.005);
  EXPECT_DOUBLE_EQ(large.patience(false), 0.008) << "as the coordinator could not take more messages";
}

TEST(PaceTest, near_the_end_points_go_out_one_by_one_and_not_ahead) {
  const Pace quick = after(Schedule::automatic, 8, 100, 0.9e-4);
  EXPECT_EQ(quick.chunk(640, 640), 20U);
  EXPECT_EQ(quick.chunk(31, 31), 1U);
  const Pace slow = after(Schedule::automatic, 8, 100, 0.01);
  EXPECT_EQ(slow.ahead(31), 1U);
  EXPECT_EQ(slow.ahead(32), 2U);
}

TEST(PaceTest, near_the_end_quick_points_still_travel_together_for_as_long_as_a_message_takes) {
  const Pace few = after(Schedule::automatic, 8, 100, 1e-6);
  EXPECT_NEAR(static_cast<double>(few.chunk(31, 31)), 100.0, 1.0) << "0.1 ms";
  EXPECT_EQ(few.ahead(31), 2U);
  const Pace many = after(Schedule::automatic, 4096, 100, 1e-3);
  EXPECT_EQ(many.chunk(100, 100), 16U) << "until everybody has been served twice";
  EXPECT_EQ(many.chunk(1'000'000'000, 1'000'000'000), 32U) << "twice that";
}

TEST(PaceTest, a_point_that_is_still_running_counts_by_its_age) {
  Pace pace = after(Schedule::automatic, 4, 1000, 1e-6);
  pace.observe_running(0.02);
  EXPECT_LE(pace.chunk(kMany, kMany), 10U);
  pace.observe_running(1e-9);
  EXPECT_LE(pace.chunk(kMany, kMany), 10U) << "nothing is quick because it has only begun";
}

TEST(PaceTest, an_assignment_is_late_when_it_takes_half_as_long_again_as_it_should) {
  EXPECT_DOUBLE_EQ(after(Schedule::automatic, 4, 10, 1e-6).budget(100), 0.02);
  EXPECT_DOUBLE_EQ(after(Schedule::automatic, 4, 10, 600.0).budget(1), 900.0);
}

TEST(PaceTest, assignments_grow_with_the_time_that_has_passed) {
  EXPECT_EQ(after(Schedule::automatic, 2, 2050, 1e-3).chunk(kMany, kMany), 20U) << "2 % of 1.025 s";
  EXPECT_EQ(after(Schedule::automatic, 2, 20'000, 0.9e-3).chunk(kMany, kMany), 111U) << "0.1 s at most";
}

TEST(PaceTest, large_results_travel_in_small_numbers) {
  Pace pace(Schedule::automatic, 2);
  for (int i = 0; i < 10; ++i) pace.observe(1e-6, 1 << 20);
  EXPECT_EQ(pace.chunk(kMany, kMany), 4U);
}

TEST(PaceTest, a_coordinator_that_cannot_keep_up_hands_out_more_at_a_time) {
  Pace pace = after(Schedule::automatic, 1000, 100, 0.9e-3);
  EXPECT_EQ(pace.chunk(kMany, kMany), 11U);
  pace.observe_load(0.9, 1.0);
  pace.observe_load(0.9, 1.0);
  EXPECT_EQ(pace.chunk(kMany, kMany), 44U);
  EXPECT_DOUBLE_EQ(pace.patience(true), 0.04);
  pace.observe_load(0.3, 1.0);
  EXPECT_EQ(pace.chunk(kMany, kMany), 44U) << "busy enough, not too busy";
  for (int i = 0; i < 10; ++i) pace.observe_load(0.01, 1.0);
  EXPECT_EQ(pace.chunk(kMany, kMany), 11U);
}

TEST(PaceTest, only_the_automatic_schedule_takes_work_back) {
  EXPECT_TRUE(Pace(Schedule::automatic, 4).gives_back());
  for (const Schedule schedule :
       {Schedule::static_split, Schedule::cyclic, Schedule::dynamic, Schedule::guided, Schedule::longest_first}) {
    EXPECT_FALSE(Pace(schedule, 4).gives_back());
  }
}

TEST(PaceTest, dynamic_hands_out_single_points_and_guided_the_share_of_one_worker) {
  EXPECT_EQ(after(Schedule::dynamic, 4, 10, 1e-6).chunk(kMany, kMany), 1U);
  EXPECT_EQ(Pace(Schedule::guided, 4).chunk(100, 100), 25U);
  EXPECT_EQ(Pace(Schedule::guided, 4).chunk(75, 75), 19U);
  EXPECT_EQ(Pace(Schedule::guided, 4).chunk(1, 1), 1U);
}

}  // namespace
}  // namespace windrow::detail
