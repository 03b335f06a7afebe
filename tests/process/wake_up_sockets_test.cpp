#include "process/interface/wake_up_sockets.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <string>
#include <thread>

#include "windrow/process/process.hpp"

namespace windrow::detail {
namespace {

// A wait that nobody ends is a hang, which the test's time limit tells.
constexpr double kForEver = 3600.0;

// Waits until a thread of its own has written to another descriptor. @return whether nothing else ended the wait
bool sleeps_until_written(const WakeUpSockets& own) {
  int ends[2];
  if (::pipe(ends) != 0) return false;
  std::atomic<bool> written = false;
  std::jthread writer([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    written = true;
    EXPECT_EQ(::write(ends[1], "x", 1), 1);
  });
  own.wait(kForEver, ends[0]);
  const bool slept = written;
  writer.join();
  ::close(ends[0]);
  ::close(ends[1]);
  return slept;
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
  own.wait(kForEver, -1);
  EXPECT_TRUE(own.clear()) << "it was woken";
  EXPECT_EQ(child.join().code(), 0);
}

TEST(WakeUpSocketsTest, a_ring_before_the_wait_is_not_missed_and_quiet_forgets_all_of_them) {
  WakeUpSockets own;
  own.know({own.address()});
  for (int i = 0; i < 1000; ++i) own.wake(0);  // more than fit
  own.wait(kForEver, -1);
  own.wait(kForEver, -1);
  EXPECT_TRUE(own.clear());
  EXPECT_FALSE(own.clear());
  EXPECT_TRUE(sleeps_until_written(own));
  own.wait(0.001, -1);  // ends by itself
}

TEST(WakeUpSocketsTest, another_descriptor_ends_the_wait_too) {
  const WakeUpSockets own;
  EXPECT_TRUE(sleeps_until_written(own));
  EXPECT_FALSE(own.clear()) << "nobody woke it";
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
