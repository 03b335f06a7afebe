#include "windrow/analysis/moments.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "windrow/design/random.hpp"

namespace windrow {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

/// NIST StRD, univariate, "NumAcc": a number, then two others by turns.
std::vector<double> numacc(double first, double low, double high) {
  std::vector<double> sample{first};
  for (int i = 0; i < 500; ++i) sample.insert(sample.end(), {low, high});
  return sample;
}

TEST(MomentsTest, numacc_of_the_statistical_reference_datasets) {
  const Moments one = moments(std::vector<double>{10000001, 10000003, 10000002});
  EXPECT_EQ(one.mean, 10000002.0);
  EXPECT_EQ(one.sd, 1.0);
  const Moments two = moments(numacc(1.2, 1.1, 1.3));
  EXPECT_NEAR(two.mean, 1.2, 1.2e-15);
  EXPECT_NEAR(two.sd, 0.1, 1e-15);
  const Moments three = moments(numacc(1000000.2, 1000000.1, 1000000.3));
  EXPECT_NEAR(three.mean, 1000000.2, 1e-9);
  EXPECT_NEAR(three.sd, 0.1, 1e-10);  // as far as the doubles are these numbers
  const Moments four = moments(numacc(10000000.2, 10000000.1, 10000000.3));
  EXPECT_NEAR(four.mean, 10000000.2, 2e-9);
  EXPECT_NEAR(four.sd, 0.1, 1e-9);
}

// 2, 4, 4, 4, 5, 5, 7, 9: mean 5, sum of squares 32. Skewness and kurtosis as by hand from these.
TEST(MomentsTest, all_moments_of_a_small_sample) {
  const Moments m = moments(std::vector<double>{2, 4, kNan, 4, 4, 5, 5, 7, 9});
  EXPECT_EQ(m.count, 8U);
  EXPECT_EQ(m.mean, 5.0);
  EXPECT_DOUBLE_EQ(m.sd, std::sqrt(32.0 / 7.0));
  EXPECT_NEAR(m.skewness, 0.65625 * std::sqrt(56.0) / 6.0, 1e-15);  // g1 = (42 / 8) / 2^3
  const double g2 = 356.0 / 8.0 / 16.0 - 3.0;
  EXPECT_NEAR(m.kurtosis, 7.0 / 30.0 * (9.0 * g2 + 6.0), 1e-14);
  EXPECT_EQ(m.least, 2.0);
  EXPECT_EQ(m.largest, 9.0);
  EXPECT_NEAR(m.mean_interval.high - m.mean, 2.364624251592785 * m.sd / std::sqrt(8.0), 1e-12);  // t of 7 degrees, .975
  EXPECT_NEAR(m.sd_interval.low, std::sqrt(32.0 / 16.012764274629326), 1e-10);                   // chi2 of 7, .975
  EXPECT_NEAR(m.sd_interval.high, std::sqrt(32.0 / 1.6898691806773554), 1e-10);                  // .025
}

TEST(MomentsTest, samples_that_are_too_small_say_so) {
  EXPECT_EQ(moments({}).count, 0U);
  EXPECT_TRUE(std::isnan(moments({}).mean));
  const Moments one = moments(std::vector<double>{3.0});
  EXPECT_EQ(one.mean, 3.0);
  EXPECT_TRUE(std::isnan(one.sd));
  const Moments same = moments(std::vector<double>{3.0, 3.0, 3.0, 3.0});
  EXPECT_EQ(same.sd, 0.0);
  EXPECT_TRUE(std::isnan(same.skewness));
}

// Hyndman & Fan 1996, type 7, as numpy.quantile([1, 2, 3, 4], ...).
TEST(QuantileTest, is_interpolated_between_order_statistics) {
  const std::vector<double> sorted{1, 2, 3, 4};
  EXPECT_EQ(quantile(sorted, 0.0), 1.0);
  EXPECT_EQ(quantile(sorted, 1.0), 4.0);
  EXPECT_DOUBLE_EQ(quantile(sorted, 0.5), 2.5);
  EXPECT_DOUBLE_EQ(quantile(sorted, 0.9), 3.7);
}

// The median of 10: ranks 2 and 9 (level 0.9785; Conover 1999, table A3).
TEST(QuantileTest, interval_of_order_statistics) {
  const std::vector<double> ten{1, 2, 3, 4, 5, 6, 7, 8, 9, 10};
  const ConfidenceInterval median = quantile_interval(ten, 0.5);
  EXPECT_EQ(median.low, 2.0);
  EXPECT_EQ(median.high, 9.0);
  EXPECT_TRUE(std::isinf(quantile_interval(ten, 0.95).high));
}

TEST(QuantileTest, intervals_have_the_quantile_as_often_as_they_say) {
  int inside = 0;
  for (std::uint64_t seed = 0; seed < 1000; ++seed) {
    std::vector<double> sample;
    for (std::uint64_t i = 0; i < 200; ++i) sample.push_back(rng::uniform(seed, 1, i));
    std::sort(sample.begin(), sample.end());
    const ConfidenceInterval interval = quantile_interval(sample, 0.9);
    inside += interval.low <= 0.9 && 0.9 <= interval.high ? 1 : 0;
  }
  EXPECT_GE(inside, 940);
  EXPECT_LE(inside, 985);
}

// Wilson 1927, as R's prop.test(8, 10, correct = FALSE).
TEST(ShareTest, interval_of_wilson) {
  const ConfidenceInterval interval = share_interval(8, 10);
  EXPECT_NEAR(interval.low, 0.4901625, 1e-6);
  EXPECT_NEAR(interval.high, 0.9433178, 1e-6);
  EXPECT_EQ(share_interval(0, 10).low, 0.0);
  EXPECT_EQ(share_interval(10, 10).high, 1.0);
}

}  // namespace
}  // namespace windrow
