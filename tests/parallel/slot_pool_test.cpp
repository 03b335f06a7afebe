#include "parallel/slot_pool.hpp"

#include <gmock/gmock.h>

#include <random>
#include <vector>

namespace windrow::detail {
namespace {

using testing::ElementsAre;
using testing::Optional;
using testing::UnorderedElementsAre;

TEST(SlotPoolTest, slots_of_a_host_that_is_named_again_add_up) {
  SlotPool pool({{"a", 1}, {"b", 2}, {"a", 1}});
  EXPECT_EQ(pool.size(), 4U);
  EXPECT_THAT(pool.take(4), Optional(UnorderedElementsAre(HostSlots{"a", 2}, HostSlots{"b", 2})));
  EXPECT_EQ(pool.size(), 4U) << "taken ones are counted";
}

TEST(SlotPoolTest, one_host_is_better_than_two_and_a_small_gap_better_than_a_large_one) {
  SlotPool pool({{"large", 8}, {"small", 2}, {"middle", 4}});
  EXPECT_THAT(pool.take(2), Optional(ElementsAre(HostSlots{"small", 2})));
  EXPECT_THAT(pool.take(3), Optional(ElementsAre(HostSlots{"middle", 3})));
  EXPECT_THAT(pool.take(5), Optional(ElementsAre(HostSlots{"large", 5})));
  EXPECT_THAT(pool.take(4), Optional(ElementsAre(HostSlots{"large", 3}, HostSlots{"middle", 1})));
}

TEST(SlotPoolTest, all_or_nothing) {
  SlotPool pool({{"a", 2}, {"b", 1}});
  const auto two = pool.take(2);
  EXPECT_EQ(pool.take(2), std::nullopt);
  const auto one = pool.take(1);
  EXPECT_THAT(one, Optional(ElementsAre(HostSlots{"b", 1})));
  EXPECT_EQ(pool.take(1), std::nullopt);
  pool.give_back(*two);
  EXPECT_THAT(pool.take(2), Optional(ElementsAre(HostSlots{"a", 2})));
}

TEST(SlotPoolTest, a_slot_that_is_removed_while_it_is_taken_does_not_come_back) {
  SlotPool pool({{"a", 2}, {"b", 1}});
  const auto two = pool.take(2);
  pool.remove("a");
  pool.remove("nobody knows this host");
  EXPECT_EQ(pool.size(), 2U);
  EXPECT_EQ(pool.initial_size(), 3U);
  EXPECT_EQ(pool.take(2), std::nullopt);
  pool.give_back(*two);
  EXPECT_THAT(pool.take(2), Optional(UnorderedElementsAre(HostSlots{"a", 1}, HostSlots{"b", 1})));
  pool.remove("b");
  pool.remove("b");
  EXPECT_EQ(pool.size(), 1U);
}

TEST(SlotPoolTest, never_more_than_there_are_whatever_is_taken_and_given_back) {
  std::mt19937 random(7);
  const Slots all = {{"a", 4}, {"b", 3}, {"c", 5}};
  SlotPool pool(all);
  std::vector<Slots> taken;
  const auto taken_of = [&](const std::string& host) {
    int sum = 0;
    for (const Slots& slots : taken) {
      for (const HostSlots& some : slots) sum += some.host == host ? some.slots : 0;
    }
    return sum;
  };
  for (int round = 0; round < 2000; ++round) {
    const std::uint64_t count = 1 + random() % 12;
    const int free = 12 - taken_of("a") - taken_of("b") - taken_of("c");
    auto slots = pool.take(count);
    EXPECT_EQ(slots.has_value(), static_cast<int>(count) <= free);
    if (slots) taken.push_back(*std::move(slots));
    for (const HostSlots& host : all) EXPECT_LE(taken_of(host.host), host.slots);
    if (!taken.empty() && random() % 2 == 0) {
      std::swap(taken[random() % taken.size()], taken.back());
      pool.give_back(taken.back());
      taken.pop_back();
    }
  }
}

}  // namespace
}  // namespace windrow::detail
