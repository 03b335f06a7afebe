#include "process/interface/lifeline.hpp"

#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <future>
#include <thread>

#include "faults/support.hpp"

namespace windrow::detail {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

/// A process with a lifeline to the host, which waits for its end.
Process connected(const std::string& address, int number) {
  return test::forked("test-lifeline", [address, number] {
    const Fd lifeline = connect_lifeline(address, number);
    for (int i = 0; lifeline && i < 2000 && !has_ended(lifeline); ++i) std::this_thread::sleep_for(10ms);
    return lifeline && has_ended(lifeline) ? 7 : 1;
  });
}

TEST(LifelineTest, a_lifeline_ends_with_a_process_that_is_killed_and_with_no_other) {
  LifelineHost host;
  Process first = connected(host.address(), 1);
  auto one = host.accept_until(Clock::now() + 10s);
  Process second = connected(host.address(), 2);
  auto two = host.accept_until(Clock::now() + 10s);
  ASSERT_TRUE(one && two);
  EXPECT_EQ(one->number, 1);
  EXPECT_EQ(two->number, 2);
  first.signal(SIGSTOP);  // a stopped process lives
  EXPECT_FALSE(test::within(100ms, [&] { return has_ended(one->connection); }));
  first.signal(SIGKILL);
  EXPECT_TRUE(test::within(10s, [&] { return has_ended(one->connection); }));
  EXPECT_FALSE(has_ended(two->connection));
  two->connection.reset();  // as when the host dies
  EXPECT_EQ(second.join().code(), 7) << "the other side did not notice";
}

TEST(LifelineTest, strangers_are_not_let_in_and_strange_hosts_are_not_believed) {
  LifelineHost host;
  LifelineHost other;
  const std::string mixed = host.address().substr(0, 32) + other.address().substr(32);  // the port of another program
  auto refused = std::async(std::launch::async, [&] { return static_cast<bool>(connect_lifeline(mixed, 3)); });
  EXPECT_FALSE(other.accept_until(Clock::now() + 1s));
  EXPECT_FALSE(refused.get());
  EXPECT_FALSE(connect_lifeline("garbage", 3));
}

TEST(LifelineTest, nobody_is_reached_where_nobody_listens) {
  std::string address;
  {
    const LifelineHost host;
    address = host.address();
  }
  EXPECT_FALSE(connect_lifeline(address, 1));
}

}  // namespace
}  // namespace windrow::detail
