#include "windrow/process/shared_value.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <stdexcept>
#include <vector>

#include "faults/support.hpp"
#include "process/random_kills.hpp"
#include "windrow/process/process.hpp"

namespace windrow {
namespace {

using test::RandomKills;

TEST(SharedValueTest, is_seen_by_all_processes) {
  SharedValue<double> value(1.5);
  EXPECT_EQ(value.get(), 1.5);
  Process child = test::forked("sets", [&] {
    value.set(value.get() + 1.0);
    return 0;
  });
  child.join();
  EXPECT_EQ(value.get(), 2.5);
  EXPECT_EQ(SharedValue<int>().get(), 0);
}

TEST(SharedValueTest, no_update_is_lost) {
  SharedValue<std::uint64_t> value;
  std::vector<Process> children;
  for (int i = 0; i < 4; ++i) {
    children.push_back(test::forked("updates", [&] {
      for (int k = 0; k < 20000; ++k) value.update([](std::uint64_t& current) { ++current; });
      return 0;
    }));
  }
  for (Process& child : children) EXPECT_EQ(child.join(), ExitStatus::exited(0));
  EXPECT_EQ(value.get(), 80000U);
}

TEST(SharedValueTest, an_update_that_throws_changes_nothing) {
  SharedValue<int> value(3);
  EXPECT_THROW(value.update([](int& current) {
    current = 4;
    throw std::runtime_error("no");
  }),
               std::runtime_error);
  EXPECT_EQ(value.get(), 3);
  EXPECT_EQ(value.update([](int& current) { current *= 2; }), 6);
}

TEST(SharedValueTest, is_never_half_changed_by_a_process_that_was_killed) {
  using Block = std::array<std::uint64_t, 512>;
  RandomKills kills;
  SharedValue<Block> value;
  for (int round = 0; round < test::kRounds; ++round) {
    Process victim = test::again_and_again([&] {
      value.update([](Block& block) {
        for (std::uint64_t& number : block) ++number;
      });
    });
    kills.kill_soon(victim);
    const Block block = value.get();
    ASSERT_TRUE(std::equal(block.begin() + 1, block.end(), block.begin())) << "round " << round;
  }
  EXPECT_GT(value.get()[0], 0U);
}

TEST(SharedValueTest, leaves_nothing_behind) {
  const test::Belongings before;
  {
    SharedValue<int> value(1);
    SharedValue<int> moved(std::move(value));
    EXPECT_EQ(moved.get(), 1);
  }
  EXPECT_EQ(test::Belongings(), before);
}

}  // namespace
}  // namespace windrow
