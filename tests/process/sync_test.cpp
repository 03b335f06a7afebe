#include "windrow/process/sync.hpp"

#include <gtest/gtest.h>
#include <sys/syscall.h>

#include <array>
#include <cstdint>
#include <mutex>
#include <thread>
#include <vector>

#include "faults/support.hpp"
#include "process/random_kills.hpp"
#include "windrow/process/process.hpp"
#include "windrow/process/shared_array.hpp"

namespace windrow {
namespace {

using std::chrono::milliseconds;
using test::again_and_again;
using test::kLong;
using test::RandomKills;

// In what this file tests, not while it is started.
bool sleeps(const Process& child) {
  return test::content_of("/proc/" + std::to_string(child.pid()) + "/syscall")
      .starts_with(std::to_string(SYS_futex) + " ");
}

TEST(MutexTest, admits_one_process_at_a_time) {
  Mutex mutex;
  SharedArray<std::uint64_t> count({1});
  std::vector<Process> children;
  for (int i = 0; i < 4; ++i) {
    children.push_back(test::forked("counts", [&] {
      for (int k = 0; k < 20000; ++k) {
        const std::lock_guard lock(mutex);
        volatile std::uint64_t& shared = count(0);
        shared = shared + 1;
      }
      return 0;
    }));
  }
  for (Process& child : children) EXPECT_EQ(child.join(), ExitStatus::exited(0));
  EXPECT_EQ(count(0), 80000U);
}

TEST(MutexTest, admits_one_thread_at_a_time) {
  Mutex mutex;
  std::uint64_t count = 0;
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([&] {
        for (int k = 0; k < 20000; ++k) {
          const std::scoped_lock lock(mutex);
          ++count;
        }
      });
    }
  }
  EXPECT_EQ(count, 80000U);
}

TEST(MutexTest, says_once_that_its_holder_died) {
  Mutex mutex;
  Process child = test::forked("dies", [&]() -> int {
    mutex.lock();
    ::raise(SIGKILL);
    return 0;
  });
  child.join();
  EXPECT_TRUE(mutex.lock() == LockState::owner_died);
  mutex.unlock();
  EXPECT_TRUE(mutex.lock() == LockState::acquired);
  mutex.unlock();
}

TEST(MutexTest, says_so_to_who_waits_already) {
  Mutex mutex;
  Event locked;
  Process child = test::forked("dies", [&]() -> int {
    mutex.lock();
    locked.set();
    for (;;) ::pause();
  });
  ASSERT_TRUE(locked.wait_for(kLong));
  std::jthread killer([&] {
    std::this_thread::sleep_for(milliseconds(20));
    child.signal(SIGKILL);
  });
  EXPECT_TRUE(mutex.try_lock_for(kLong) == LockState::owner_died);
  mutex.unlock();
}

TEST(MutexTest, waits_no_longer_than_asked) {
  Mutex mutex;
  const std::lock_guard lock(mutex);
  Process child = test::forked("waits", [&] {
    const bool got = mutex.try_lock() || mutex.try_lock_for(milliseconds(-1)) || mutex.try_lock_for(milliseconds(30));
    const std::unique_lock other(mutex, std::try_to_lock);
    return got || other.owns_lock() ? 1 : 0;
  });
  ASSERT_TRUE(child.join_for(kLong));
  EXPECT_EQ(child.status(), ExitStatus::exited(0));
}

TEST(MutexTest, wrong_use_is_an_error_rather_than_a_hang) {
  Mutex mutex;
  EXPECT_THROW(mutex.unlock(), SystemError);
  const std::lock_guard lock(mutex);
  EXPECT_THROW(mutex.lock(), SystemError);
  EXPECT_FALSE(mutex.try_lock());
  Process child = test::forked("unlocks", [&] {
    try {
      mutex.unlock();
    } catch (const SystemError&) {
      return 0;
    }
    return 1;
  });
  EXPECT_EQ(child.join(), ExitStatus::exited(0));
}

// Both halves are the same whenever the mutex is free, unless a holder died.
void change_pair(Mutex& mutex, SharedArray<std::uint64_t>& pair, SharedArray<int>& wrong) {
  const LockState state = mutex.try_lock_for(kLong);
  if (!state) wrong(0) = 1;
  if (state == LockState::owner_died) pair(1) = pair(0);
  if (pair(0) != pair(1)) wrong(0) = 2;
  pair(0) = pair(0) + 1;
  pair(1) = pair(1) + 1;
  mutex.unlock();
}

TEST(MutexTest, stays_usable_when_users_are_killed_at_random_moments) {
  RandomKills kills;
  Mutex mutex;
  SharedArray<std::uint64_t> pair({2});
  SharedArray<int> wrong({1});
  const auto use = [&] { change_pair(mutex, pair, wrong); };
  Process survivor = again_and_again(use);
  for (int round = 0; round < test::kRounds; ++round) {
    Process first = again_and_again(use);
    Process second = again_and_again(use);
    kills.kill_soon(first);
    use();
    kills.kill_soon(second);
    use();
    ASSERT_EQ(wrong(0), 0) << "round " << round << ": 1 is a hang, 2 an unreported death";
  }
}

TEST(SemaphoreTest, counts_permits) {
  Semaphore semaphore(2);
  EXPECT_TRUE(semaphore.try_acquire());
  semaphore.acquire();
  EXPECT_FALSE(semaphore.try_acquire());
  EXPECT_FALSE(semaphore.try_acquire_for(milliseconds(20)));
  semaphore.release(3);
  EXPECT_EQ(semaphore.value(), 3U);
  EXPECT_THROW(semaphore.release(0xffffffff), SpecError);
}

TEST(SemaphoreTest, a_release_lets_as_many_waiting_processes_go_on) {
  Semaphore semaphore;
  Semaphore done;
  std::vector<Process> children;
  for (int i = 0; i < 3; ++i) {
    children.push_back(test::forked("waits", [&] {
      semaphore.acquire();
      done.release();
      return 0;
    }));
  }
  semaphore.release(2);
  EXPECT_TRUE(done.try_acquire_for(kLong));
  EXPECT_TRUE(done.try_acquire_for(kLong));
  EXPECT_FALSE(done.try_acquire_for(milliseconds(30)));
  semaphore.release();
  EXPECT_TRUE(done.try_acquire_for(kLong));
}

TEST(SemaphoreTest, a_killed_process_takes_at_most_one_permit_with_it) {
  RandomKills kills;
  Semaphore semaphore(1);
  for (int round = 0; round < test::kRounds; ++round) {
    Process victim = again_and_again([&] {
      if (semaphore.try_acquire_for(milliseconds(1))) semaphore.release();
    });
    kills.kill_soon(victim);
    semaphore.release();
    ASSERT_TRUE(semaphore.try_acquire_for(kLong)) << "round " << round;
    ASSERT_LE(semaphore.value(), 1U);
    if (semaphore.value() == 0) semaphore.release();
  }
}

TEST(SemaphoreTest, a_bounded_one_notices_who_releases_too_much) {
  Semaphore semaphore(2, 2);
  EXPECT_THROW(semaphore.release(), SpecError);
  semaphore.acquire();
  EXPECT_THROW(semaphore.release(2), SpecError);
  semaphore.release();
  EXPECT_EQ(semaphore.value(), 2U);
  EXPECT_THROW(Semaphore(3, 2), SpecError);
}

TEST(RecursiveMutexTest, is_locked_again_by_its_holder_and_by_nobody_else) {
  RecursiveMutex mutex;
  const auto is_free_for_another = [&] {
    Process child = test::forked("tries", [&] {
      if (!mutex.try_lock_for(milliseconds(20))) return 1;
      mutex.unlock();
      return 0;
    });
    return child.join() == ExitStatus::exited(0);
  };
  EXPECT_TRUE(mutex.lock() == LockState::acquired);
  EXPECT_TRUE(mutex.lock() == LockState::acquired);
  EXPECT_TRUE(mutex.try_lock());
  for (int held = 3; held > 0; --held) {
    EXPECT_FALSE(is_free_for_another()) << held;
    mutex.unlock();
  }
  EXPECT_TRUE(is_free_for_another());
  EXPECT_THROW(mutex.unlock(), SystemError);
}

TEST(RecursiveMutexTest, says_that_its_holder_died) {
  RecursiveMutex mutex;
  Process child = test::forked("dies", [&]() -> int {
    mutex.lock();
    mutex.lock();
    ::raise(SIGKILL);
    return 0;
  });
  child.join();
  EXPECT_TRUE(mutex.lock() == LockState::owner_died);
  mutex.unlock();
  EXPECT_TRUE(mutex.lock() == LockState::acquired);
  mutex.unlock();
}

TEST(ConditionTest, processes_wait_for_what_others_make_true) {
  Mutex mutex;
  Condition changed;
  SharedArray<int> turn({1});
  std::vector<Process> children;
  for (int i = 0; i < 3; ++i) {
    children.push_back(test::forked("takes turns", [&, i] {
      for (int k = 0; k < 200; ++k) {
        std::unique_lock lock(mutex);
        if (!changed.wait_for(lock, kLong, [&] { return turn(0) % 3 == i; })) return 1;
        ++turn(0);
        changed.notify_all();
      }
      return 0;
    }));
  }
  for (Process& child : children) EXPECT_EQ(child.join(), ExitStatus::exited(0));
  EXPECT_EQ(turn(0), 600);
}

TEST(ConditionTest, a_wait_ends_in_time_and_holds_the_lock_then) {
  Mutex mutex;
  Condition never;
  mutex.lock();
  EXPECT_FALSE(never.wait_for(mutex, milliseconds(20), [] { return false; }));
  EXPECT_TRUE(never.wait_for(mutex, milliseconds(0), [] { return true; }));
  EXPECT_FALSE(mutex.try_lock()) << "it is held";
  mutex.unlock();
}

TEST(ConditionTest, waiters_that_are_killed_take_no_notice_from_the_others) {
  RandomKills kills;
  Mutex mutex;
  Condition changed;
  SharedArray<int> count({1});
  for (int round = 0; round < test::kRounds / 5; ++round) {
    Process victim = again_and_again([&] {
      std::unique_lock lock(mutex);
      changed.wait_for(lock, milliseconds(1), [] { return false; });
    });
    Process waiter = test::forked("waits", [&, round] {
      std::unique_lock lock(mutex);
      return changed.wait_for(lock, kLong, [&] { return count(0) > round; }) ? 0 : 1;
    });
    kills.kill_soon(victim);
    {
      const std::lock_guard lock(mutex);
      ++count(0);
    }
    changed.notify_one();
    ASSERT_EQ(waiter.join(), ExitStatus::exited(0)) << "round " << round;
  }
}

TEST(EventTest, is_seen_by_all_until_it_is_cleared) {
  Event event;
  EXPECT_FALSE(event.is_set());
  EXPECT_FALSE(event.wait_for(milliseconds(10)));
  std::vector<Process> children;
  for (int i = 0; i < 3; ++i) {
    children.push_back(
        test::forked("waits", [&] { return event.wait_for(kLong) && event.wait_for(milliseconds(0)) ? 0 : 1; }));
  }
  event.set();
  event.set();
  for (Process& child : children) EXPECT_EQ(child.join(), ExitStatus::exited(0));
  EXPECT_TRUE(event.is_set());
  event.clear();
  event.clear();
  EXPECT_FALSE(event.is_set());
  EXPECT_FALSE(event.wait_for(milliseconds(0)));
}

TEST(EventTest, one_that_is_cleared_at_once_still_ends_a_wait) {
  Event ready;
  Event event;
  Process child = test::forked("waits", [&] {
    ready.set();
    return event.wait_for(kLong) ? 0 : 1;
  });
  ASSERT_TRUE(ready.wait_for(kLong));
  ASSERT_TRUE(test::within(kLong, [&] { return sleeps(child); }));
  event.set();
  event.clear();
  EXPECT_EQ(child.join(), ExitStatus::exited(0));
}

TEST(EventTest, works_on_when_users_are_killed_at_random_moments) {
  RandomKills kills;
  Event event;
  for (int round = 0; round < test::kRounds; ++round) {
    Process waits = again_and_again([&] { event.wait_for(milliseconds(1)); });
    Process changes = again_and_again([&] {
      event.set();
      event.clear();
    });
    kills.kill_soon(waits);
    kills.kill_soon(changes);
    event.clear();
    ASSERT_FALSE(event.is_set());
    Process survivor = test::forked("waits", [&] { return event.wait_for(kLong) ? 0 : 1; });
    event.set();
    ASSERT_EQ(survivor.join(), ExitStatus::exited(0)) << "round " << round;
  }
}

TEST(BarrierTest, nobody_passes_before_all_have_arrived) {
  constexpr std::uint32_t parties = 4;
  constexpr std::uint32_t rounds = 300;
  Barrier barrier(parties);
  SharedArray<std::uint32_t> arrived({rounds});
  std::vector<Process> children;
  for (std::uint32_t i = 0; i < parties; ++i) {
    children.push_back(test::forked("arrives", [&] {
      for (std::uint32_t round = 0; round < rounds; ++round) {
        std::atomic_ref count(arrived(round));
        ++count;
        if (!barrier.wait_for(kLong) || count != parties) return 1;
      }
      return 0;
    }));
  }
  for (Process& child : children) EXPECT_EQ(child.join(), ExitStatus::exited(0));
}

TEST(BarrierTest, running_out_of_time_breaks_it_for_all_until_it_is_mended) {
  Barrier barrier(3);
  Process waits = test::forked("waits", [&] { return barrier.wait_for(kLong) ? 1 : 0; });
  Process throws = test::forked("throws", [&] {
    try {
      barrier.wait();
    } catch (const BarrierBroken&) {
      return 0;
    }
    return 1;
  });
  ASSERT_TRUE(test::within(kLong, [&] { return sleeps(waits) && sleeps(throws); }));
  // Only now the impatient one: it makes three, so it must not be the last to arrive.
  barrier.reset();
  EXPECT_EQ(waits.join(), ExitStatus::exited(0)) << "reset counts as broken for who waits";
  EXPECT_EQ(throws.join(), ExitStatus::exited(0));
  EXPECT_FALSE(barrier.is_broken());

  Process patient = test::forked("patient", [&] { return barrier.wait_for(kLong) ? 1 : 0; });
  EXPECT_FALSE(barrier.wait_for(milliseconds(30)));
  EXPECT_EQ(patient.join(), ExitStatus::exited(0)) << "broken by another party";
  for (int late = 0; late < 4; ++late) EXPECT_FALSE(barrier.wait_for(kLong)) << "late comer " << late;
  EXPECT_TRUE(barrier.is_broken());
  EXPECT_THROW(barrier.wait(), BarrierBroken);

  barrier.reset();
  std::array<Process, 2> others;
  for (Process& child : others) child = test::forked("arrives", [&] { return barrier.wait_for(kLong) ? 0 : 1; });
  EXPECT_TRUE(barrier.wait_for(kLong));
  for (Process& child : others) EXPECT_EQ(child.join(), ExitStatus::exited(0));
}

TEST(BarrierTest, works_on_when_users_are_killed_at_random_moments) {
  RandomKills kills;
  Barrier barrier(2);
  for (int round = 0; round < test::kRounds; ++round) {
    Process first = again_and_again([&] { barrier.wait_for(kLong); });
    Process second = again_and_again([&] { barrier.wait_for(kLong); });
    kills.kill_soon(first);
    kills.kill_soon(second);
    if (barrier.wait_for(milliseconds(1))) {  // one of them had arrived before it was killed
      ASSERT_FALSE(barrier.wait_for(milliseconds(1))) << "nobody is there";
    }
    ASSERT_TRUE(barrier.is_broken());
    barrier.reset();
    Process partner = test::forked("partner", [&] { return barrier.wait_for(kLong) ? 0 : 1; });
    ASSERT_TRUE(barrier.wait_for(kLong)) << "round " << round;
    ASSERT_EQ(partner.join(), ExitStatus::exited(0));
  }
}

TEST(BarrierTest, number_of_parties_is_checked) {
  EXPECT_THROW(Barrier(0), SpecError);
  EXPECT_THROW(Barrier(65536), SpecError);
  Barrier alone(1);
  EXPECT_TRUE(alone.wait_for(milliseconds(0)));
  EXPECT_TRUE(alone.wait_for(milliseconds(0)));
}

TEST(SyncTest, a_wait_sleeps_and_does_not_poll) {
  Mutex mutex;
  mutex.lock();
  Semaphore semaphore;
  Event event;
  Barrier barrier(2);
  std::jthread waits([&] {
    const long sleeps = test::sleeps_during([&] {
      EXPECT_FALSE(mutex.try_lock_for(milliseconds(200)));
      EXPECT_FALSE(semaphore.try_acquire_for(milliseconds(200)));
      EXPECT_FALSE(event.wait_for(milliseconds(200)));
      EXPECT_FALSE(barrier.wait_for(milliseconds(200)));
    });
    EXPECT_GE(sleeps, 4);
    EXPECT_LE(sleeps, 200) << "in 0.8 s; they wake up now and then, in case a holder died";
  });
  waits.join();
  mutex.unlock();
}

TEST(SyncTest, states_may_be_kept_in_memory_of_the_caller) {
  SharedArray<detail::EventState> pool({100});
  for (detail::EventState& state : pool) state.initialize();
  Process child = test::forked("sets", [&] {
    Event(pool(7)).set();
    return 0;
  });
  EXPECT_TRUE(Event(pool(7)).wait_for(kLong));
  EXPECT_FALSE(Event(pool(8)).is_set());
}

TEST(SyncTest, leaves_nothing_behind) {
  const test::Belongings before;
  {
    Mutex mutex;
    Semaphore semaphore;
    Event event;
    Barrier barrier(2);
    Event moved(std::move(event));
    moved.set();
    EXPECT_TRUE(moved.is_set());
  }
  EXPECT_EQ(test::Belongings(), before);
}

}  // namespace
}  // namespace windrow
