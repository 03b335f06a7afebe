#include "run/failure_policy.hpp"

#include <gmock/gmock.h>

#include "run/typical_time.hpp"
#include "windrow/error.hpp"

namespace windrow::detail {
namespace {

using testing::Optional;

TEST(MaxFailuresTest, numbers_and_shares_are_read) {
  EXPECT_EQ(parse_max_failures("10")->of(50), 10U);
  EXPECT_EQ(parse_max_failures("5%")->of(1000), 50U);
  EXPECT_EQ(parse_max_failures("5%")->of(50), 3U) << "rounded up";
  EXPECT_EQ(parse_max_failures("0.1%")->of(10), 1U);
  EXPECT_EQ(parse_max_failures("5%")->text(), "5%");
  for (const char* text : {"", "0", "-1", "1.5", "ten", "%", "0%", "101%", "-5%", "5 percent"}) {
    EXPECT_FALSE(parse_max_failures(text)) << text;
  }
}

TEST(FailureJudgeTest, retries_are_for_failures_that_may_pass) {
  FailurePolicy policy;
  policy.retries = 2;
  const FailureJudge judge(policy, 100);
  for (const FailureKind kind :
       {FailureKind::exception, FailureKind::crashed, FailureKind::exited, FailureKind::timed_out, FailureKind::lost}) {
    EXPECT_TRUE(judge.retry(kind, 2));
    EXPECT_FALSE(judge.retry(kind, 3));
  }
  EXPECT_FALSE(judge.retry(FailureKind::rejected, 1));
  EXPECT_FALSE(judge.retry(FailureKind::bad_output, 1));
}

TEST(FailureJudgeTest, a_kind_that_is_named_has_its_own_number) {
  FailurePolicy policy;
  policy.retries = 2;
  policy.retries_of.set(FailureKind::bad_output, 1);
  policy.retries_of.set(FailureKind::timed_out, 0);
  const FailureJudge judge(policy, 100);
  EXPECT_TRUE(judge.retry(FailureKind::bad_output, 1));
  EXPECT_FALSE(judge.retry(FailureKind::bad_output, 2));
  EXPECT_FALSE(judge.retry(FailureKind::timed_out, 1));
  EXPECT_TRUE(judge.retry(FailureKind::exited, 2));
}

TEST(FailureJudgeTest, delays_grow_by_the_back_off_up_to_an_hour) {
  FailurePolicy policy;
  policy.retries = 100;
  policy.retry_delay = std::chrono::seconds(2);
  policy.backoff = 3.0;
  const FailureJudge judge(policy, 100);
  EXPECT_THAT(judge.retry(FailureKind::exited, 1), Optional(2.0));
  EXPECT_THAT(judge.retry(FailureKind::exited, 2), Optional(6.0));
  EXPECT_THAT(judge.retry(FailureKind::exited, 3), Optional(18.0));
  EXPECT_THAT(judge.retry(FailureKind::exited, 99), Optional(3600.0));
}

TEST(FailureJudgeTest, it_gives_up_at_the_limit_and_rejected_points_do_not_count) {
  FailurePolicy policy;
  policy.max_failures = parse_max_failures("2%");
  FailureJudge judge(policy, 100);
  judge.count(FailureKind::rejected);
  judge.count(FailureKind::exited);
  EXPECT_FALSE(judge.gives_up());
  EXPECT_EQ(judge.failures_left(), 1U);
  judge.count(FailureKind::bad_output);
  EXPECT_TRUE(judge.gives_up());
  judge.count(FailureKind::bad_output);  // was on its way
  EXPECT_EQ(judge.failures_left(), 0U);
  EXPECT_EQ(judge.why(), "at 3 failed points (max_failures = 2%)");
  policy.max_failures = parse_max_failures("1");
  FailureJudge strict(policy, 100);
  strict.count(FailureKind::exited);
  EXPECT_EQ(strict.why(), "at the first failed point");
}

TEST(FailureJudgeTest, numbers_that_make_no_sense_are_refused) {
  FailurePolicy negative;
  negative.retries = -1;
  EXPECT_THROW(FailureJudge(negative, 1), SpecError);
  FailurePolicy shrinking;
  shrinking.backoff = 0.5;
  EXPECT_THROW(FailureJudge(shrinking, 1), SpecError);
}

TEST(MedianTimeTest, it_is_within_a_hundredth_in_any_order) {
  MedianTime up, down;
  for (int i = 1; i <= 999; ++i) {
    up.add(0.001 * i);
    down.add(0.001 * (1000 - i));
  }
  EXPECT_NEAR(up.median(), 0.5, 0.005 + 0.001);
  EXPECT_EQ(up.median(), down.median());
}

TEST(MedianTimeTest, times_beyond_its_range_count_as_the_ends_of_it) {
  MedianTime times;
  for (const double seconds : {0.0, -1.0, 1e-9}) times.add(seconds);
  EXPECT_LT(times.median(), 1.1e-6);
  for (int i = 0; i < 4; ++i) times.add(1e300);
  EXPECT_GT(times.median(), 9e8);
}

TEST(RelativeLimitTest, there_is_none_before_ten_points_and_then_it_follows_the_median) {
  RelativeLimit limit(3.0);
  for (int i = 0; i < 9; ++i) limit.add(2.0);
  EXPECT_EQ(limit.seconds(), 0.0);
  limit.add(2.0);
  EXPECT_NEAR(limit.seconds(), 6.0, 0.1);
  for (int i = 0; i < 100; ++i) limit.add(4.0);
  EXPECT_NEAR(limit.seconds(), 12.0, 0.2);
}

TEST(RelativeLimitTest, it_is_never_below_a_second) {
  RelativeLimit limit(3.0);
  for (int i = 0; i < 10; ++i) limit.add(0.001);
  EXPECT_EQ(limit.seconds(), 1.0);
}

}  // namespace
}  // namespace windrow::detail
