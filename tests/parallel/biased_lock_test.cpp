#include "parallel/biased_lock.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

namespace windrow::detail {
namespace {

TEST(BiasedLockTest, it_can_be_borrowed_only_while_it_is_lent) {
  BiasedLock lock;
  EXPECT_FALSE(lock.borrow());
  lock.lend();
  EXPECT_TRUE(lock.borrow());
  EXPECT_FALSE(lock.borrow()) << "somebody has it";
  lock.give_back();
  lock.take_back();
  EXPECT_FALSE(lock.borrow());
}

// As after an exception from between taking it back and lending it again.
TEST(BiasedLockTest, to_take_back_what_is_not_lent_does_nothing) {
  BiasedLock lock;
  lock.take_back();
  lock.lend();
  lock.take_back();
  lock.take_back();
  EXPECT_FALSE(lock.borrow());
}

TEST(BiasedLockTest, owner_and_borrower_never_have_it_at_once) {
  BiasedLock lock;
  std::atomic<bool> ended = false;
  long count = 0;  // under the lock; not atomic
  long borrowed = 0;
  std::thread other([&] {
    while (!ended) {
      if (!lock.borrow()) continue;
      ++count;
      ++borrowed;
      lock.give_back();
    }
  });
  constexpr long rounds = 100'000;
  for (long i = 0; i < rounds; ++i) {
    ++count;
    lock.lend();
    lock.take_back();
  }
  ended = true;
  other.join();
  EXPECT_EQ(count, rounds + borrowed);
}

}  // namespace
}  // namespace windrow::detail
