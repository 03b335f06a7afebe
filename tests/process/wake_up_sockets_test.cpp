#include "process/interface/wake_up_sockets.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <string>

#include "windrow/process/process.hpp"

namespace windrow::detail {
namespace {

using Clock = std::chrono::steady_clock;

// Far beyond what anything here takes: a wait that nobody ends would show.
constexpr double kVeryLong = 60.0;

double seconds_since(Clock::time_point begin) {
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

TEST(WakeUpSocketsTest, a_ring_ends_the_wait_of_another_process) {
  WakeUpSockets own;
  own.know({own.address(), own.address()});
  EXPECT_TRUE(own.all_reachable());
  Process child([&] {
    WakeUpSockets other;
    other.know({own.address(), other.address()});
    other.wake(0);
    return 0;
  });
  const auto begin = Clock::now();
  own.wait(kVeryLong, -1);
  EXPECT_LT(seconds_since(begin), kVeryLong / 2);
  EXPECT_EQ(child.join().code(), 0);
}

TEST(WakeUpSocketsTest, a_ring_before_the_wait_is_not_missed_and_quiet_forgets_all_of_them) {
  WakeUpSockets own;
  own.know({own.address()});
  for (int i = 0; i < 1000; ++i) own.wake(0);  // more than fit
  const auto begin = Clock::now();
  own.wait(kVeryLong, -1);
  own.wait(kVeryLong, -1);
  EXPECT_LT(seconds_since(begin), kVeryLong / 2);
  EXPECT_TRUE(own.clear());
  EXPECT_FALSE(own.clear());
  const auto quiet = Clock::now();
  own.wait(0.05, -1);
  EXPECT_GE(seconds_since(quiet), 0.045);
}

TEST(WakeUpSocketsTest, another_descriptor_ends_the_wait_too) {
  WakeUpSockets own;
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  ASSERT_EQ(::write(ends[1], "x", 1), 1);
  const auto begin = Clock::now();
  own.wait(kVeryLong, ends[0]);
  EXPECT_LT(seconds_since(begin), kVeryLong / 2);
  ::close(ends[0]);
  ::close(ends[1]);
}

TEST(WakeUpSocketsTest, who_cannot_be_reached_is_no_trouble) {
  std::string gone;
  {
    const WakeUpSockets short_lived;
    gone = short_lived.address();
  }
  WakeUpSockets own;
  own.know({gone, "", std::string("\0nobody", 7)});
  EXPECT_FALSE(own.all_reachable());
  for (const int rank : {0, 1, 2, 3, 1000}) own.wake(rank);
}

}  // namespace
}  // namespace windrow::detail
