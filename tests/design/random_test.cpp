#include "windrow/design/random.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <limits>
#include <map>
#include <numeric>
#include <vector>

namespace windrow::rng {
namespace {

using testing::ElementsAre;

TEST(Fnv1aTest, agrees_with_the_published_values) {
  EXPECT_EQ(fnv1a(""), 0xcbf29ce484222325U);
  EXPECT_EQ(fnv1a("a"), 0xaf63dc4c8601ec8cU);
  EXPECT_EQ(fnv1a("foobar"), 0x85944171f73967e8U);
  EXPECT_EQ(fnv1a("bar", fnv1a("foo")), fnv1a("foobar"));
}

// Known answers that come with Random123.
TEST(PhiloxTest, agrees_with_its_authors_known_answers) {
  constexpr std::uint64_t ones = std::numeric_limits<std::uint64_t>::max();
  EXPECT_THAT(block(0, 0, 0), ElementsAre(0x6627e8d5U, 0xe169c58dU, 0xbc57ac4cU, 0x9b00dbd8U));
  EXPECT_THAT(block(ones, ones, ones), ElementsAre(0x408f276dU, 0x41c83b0eU, 0xa20bc7c6U, 0x6d5451fdU));
  EXPECT_THAT(block(0x299f31d0a4093822U, 0x0370734413198a2eU, 0x85a308d3243f6a88U),
              ElementsAre(0xd16cfe09U, 0x94fdccebU, 0x5001e420U, 0x24126ea1U));
}

TEST(UniformTest, never_changes_between_versions) {
  EXPECT_EQ(uniform(42, stream_of("x"), 0), 0.3017172809525296);
  EXPECT_EQ(uniform(42, stream_of("x"), 1), 0.1708524610663703);
  EXPECT_EQ(uniform(42, stream_of("x"), 2), 0.09190712086536401);
}

TEST(UniformTest, depends_on_seed_stream_and_index) {
  const double draw = uniform(1, 2, 3);
  EXPECT_EQ(uniform(1, 2, 3), draw);
  EXPECT_NE(uniform(2, 2, 3), draw);
  EXPECT_NE(uniform(1, 3, 3), draw);
  EXPECT_NE(uniform(1, 2, 4), draw);
  EXPECT_NE(uniform(1, 2, 3 + (std::uint64_t{1} << 32)), draw);
  EXPECT_NE(uniform(1 + (std::uint64_t{1} << 32), 2, 3), draw);
  EXPECT_NE(uniform(1, 2 + (std::uint64_t{1} << 32), 3), draw);
}

TEST(UniformTest, fills_the_open_interval_evenly) {
  std::vector<int> counts(10, 0);
  constexpr int draws = 100'000;
  for (int i = 0; i < draws; ++i) {
    const double u = uniform(5, 6, static_cast<std::uint64_t>(i));
    ASSERT_GT(u, 0.0);
    ASSERT_LT(u, 1.0);
    ++counts[static_cast<std::size_t>(u * 10)];
  }
  for (const int count : counts) EXPECT_NEAR(count, draws / 10, 500);  // five standard deviations
}

TEST(PermuteTest, visits_every_place_once) {
  for (const std::uint64_t size : {1U, 2U, 3U, 4U, 5U, 7U, 16U, 17U, 100U, 1000U, 4097U}) {
    std::vector<std::uint64_t> places(size);
    for (std::uint64_t i = 0; i < size; ++i) places[i] = permute(11, 22, size, i);
    std::sort(places.begin(), places.end());
    std::vector<std::uint64_t> expected(size);
    std::iota(expected.begin(), expected.end(), 0);
    EXPECT_EQ(places, expected) << size;
  }
}

TEST(PermuteTest, stays_inside_a_huge_size) {
  const std::uint64_t largest = std::uint64_t{1} << 62;
  for (const std::uint64_t size : {std::uint64_t{1'000'000'007}, largest - 1, largest}) {
    for (std::uint64_t i = size - 100; i < size; ++i) EXPECT_LT(permute(1, 2, size, i), size);
  }
}

TEST(PermuteTest, makes_every_order_equally_likely) {
  std::map<std::vector<std::uint64_t>, int> orders;
  constexpr int seeds = 24'000;
  for (std::uint64_t seed = 0; seed < seeds; ++seed) {
    std::vector<std::uint64_t> order(4);
    for (std::uint64_t i = 0; i < 4; ++i) order[i] = permute(seed, 9, 4, i);
    ++orders[order];
  }
  EXPECT_EQ(orders.size(), 24U);
  for (const auto& [order, count] : orders) EXPECT_NEAR(count, seeds / 24, 160);  // five standard deviations
}

TEST(PermuteTest, never_changes_between_versions) {
  std::vector<std::uint64_t> places(10);
  for (std::uint64_t i = 0; i < 10; ++i) places[i] = permute(7, 1, 10, i);
  EXPECT_THAT(places, ElementsAre(8, 1, 6, 3, 5, 4, 7, 0, 9, 2));
}

TEST(StratifiedTest, stays_in_its_stratum_however_numbers_round) {
  constexpr double last = 1 - 0x1p-53;
  for (const std::uint64_t strata : {1U, 3U, 10U, 1000U}) {
    for (std::uint64_t i = 0; i < strata; ++i) {
      const double end = static_cast<double>(i + 1) / static_cast<double>(strata);
      EXPECT_LT(stratified(i, strata, last), end);
      EXPECT_GE(stratified(i, strata, 0x1p-53), static_cast<double>(i) / static_cast<double>(strata));
    }
  }
  EXPECT_EQ(stratified(1, 4, 0.5), 0.375);
}

TEST(StratifiedTest, never_reaches_the_ends) {
  for (const std::uint64_t strata :
       {std::uint64_t{1}, std::uint64_t{3}, std::uint64_t{1} << 53, std::uint64_t{1} << 62}) {
    EXPECT_LT(stratified(strata - 1, strata, 1 - 0x1p-53), 1.0);
    EXPECT_GT(stratified(0, strata, 0x1p-53), 0.0);
  }
}

TEST(NormalQuantileTest, inverts_the_distribution) {
  EXPECT_EQ(normal_quantile(0.5), 0.0);
  EXPECT_DOUBLE_EQ(normal_quantile(0.975), 1.959963984540054);
  EXPECT_DOUBLE_EQ(normal_quantile(0x1p-53), -8.209536151601387);
  EXPECT_DOUBLE_EQ(normal_quantile(1 - 0x1p-53), 8.209536151601387);
}

}  // namespace
}  // namespace windrow::rng
