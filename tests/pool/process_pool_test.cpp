#include <dirent.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <random>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "faults/strays.hpp"
#include "pool/executor_checks.hpp"
#include "pool/open_descriptors.hpp"
#include "windrow/pool/executor.hpp"

namespace windrow {
namespace {

using test::open_descriptors;
using namespace std::chrono_literals;

/// Open MPI's own, of tests that run at the same time, left out.
std::set<std::string> shared_segments() {
  std::set<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator("/dev/shm")) {
    if (!entry.path().filename().string().starts_with("vader_segment")) names.insert(entry.path().filename());
  }
  return names;
}

/// The pids of an executor's workers: they tell themselves.
std::vector<pid_t> worker_pids(Executor& executor) {
  std::set<pid_t> pids;
  for (const auto& outcome : executor.map(
           MapOptions{1},
           [](int) {
             std::this_thread::sleep_for(2ms);
             return ::getpid();
           },
           test::first_integers(20 * executor.worker_count()))) {
    if (outcome.ok()) pids.insert(outcome.value());
  }
  return {pids.begin(), pids.end()};
}

TEST(ProcessPoolTest, a_worker_that_dies_costs_the_item_it_was_at) {
  ProcessPool pool(3);
  const auto outcomes = pool.map(
      MapOptions{10},
      [](int i) {
        if (i == 5) ::raise(SIGKILL);
        if (i == 25) ::_exit(7);
        if (i == 45) std::abort();
        if (i == 65) {
          ::signal(SIGSEGV, SIG_DFL);  // AddressSanitizer catches it
          ::raise(SIGSEGV);
        }
        return i;
      },
      test::first_integers(100));
  for (int i = 0; i < 100; ++i) {
    const auto& outcome = outcomes[static_cast<std::size_t>(i)];
    if (i % 20 != 5 || i == 85) {
      EXPECT_EQ(outcome.value(), i);
      continue;
    }
    ASSERT_FALSE(outcome.ok());
    EXPECT_EQ(outcome.failure().kind, i == 25 ? FailureKind::exited : FailureKind::crashed);
    const int codes[] = {-SIGKILL, 7, -SIGABRT, -SIGSEGV};
    EXPECT_EQ(outcome.failure().code, codes[i / 20]);
  }
  EXPECT_EQ(pool.submit([] { return 1; }).get().value(), 1);
}

TEST(ProcessPoolTest, a_lost_item_is_tried_again_within_its_retries) {
  ProcessPool pool(2, {.loss = {.retries = 2}});
  char name[] = "/tmp/windrow-retries-XXXXXX";
  ASSERT_NE(::mkdtemp(name), nullptr);
  // Dies at its first two tries: each leaves a file.
  const auto die_twice = [](const std::string& folder, int i) {
    for (int attempt = 0; attempt < 2; ++attempt) {
      const std::string file = folder + "/" + std::to_string(i) + "." + std::to_string(attempt);
      if (std::filesystem::exists(file)) continue;
      std::FILE* out = std::fopen(file.c_str(), "w");
      std::fclose(out);
      ::raise(SIGKILL);
    }
    return i;
  };
  auto twice = pool.submit(die_twice, std::string(name), 3);
  EXPECT_EQ(twice.get().value(), 3);
  const auto always = pool.submit([] { ::raise(SIGKILL); }).get();
  ASSERT_FALSE(always.ok());
  EXPECT_EQ(always.failure().attempts, 3);
  std::filesystem::remove_all(name);
}

TEST(ProcessPoolTest, skipping_leaves_lost_items_out_of_an_imap) {
  ProcessPool pool(2, {.loss = {.skip = true}});
  std::vector<int> seen;
  for (auto& outcome : pool.imap(
           [](int i) {
             if (i % 7 == 0) ::raise(SIGKILL);
             return i;
           },
           test::first_integers(30))) {
    seen.push_back(outcome.value());
  }
  std::vector<int> expected;
  for (int i = 0; i < 30; ++i) {
    if (i % 7 != 0) expected.push_back(i);
  }
  EXPECT_EQ(seen, expected);
}

TEST(ProcessPoolTest, a_killed_worker_is_noticed_while_it_evaluates) {
  ProcessPool pool(2);
  auto slow = pool.submit([] { std::this_thread::sleep_for(60s); });
  auto pid = pool.submit([] { return ::getpid(); }).get().value();
  std::this_thread::sleep_for(50ms);
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/task")) {
    std::FILE* children = std::fopen((entry.path() / "children").c_str(), "r");
    for (int child = 0; std::fscanf(children, "%d", &child) == 1;) {
      if (child != pid) ::kill(child, SIGKILL);
    }
    std::fclose(children);
  }
  ASSERT_TRUE(slow.wait_for(20s));
  EXPECT_EQ(slow.get().failure().kind, FailureKind::crashed);
}

TEST(ProcessPoolTest, workers_that_always_die_end_in_failures_and_not_in_a_storm) {
  ProcessPool pool(2, {.respawn_budget = 5});
  const auto outcomes = pool.map(
      MapOptions{1}, [](int) { ::_exit(1); }, test::first_integers(50));
  std::size_t exited = 0;
  for (const auto& outcome : outcomes) {
    ASSERT_FALSE(outcome.ok());
    exited += outcome.failure().kind == FailureKind::exited ? 1 : 0;
  }
  EXPECT_LE(exited, 7U);  // two workers and five more
  EXPECT_FALSE(pool.submit([] { return 1; }).get().ok());
}

TEST(ProcessPoolTest, an_initializer_that_kills_its_worker_does_not_storm) {
  ProcessPool pool(2, {.initializer = [] { ::_exit(9); }});
  for (const auto& outcome : pool.map([](int i) { return i; }, test::first_integers(10))) EXPECT_FALSE(outcome.ok());
}

TEST(ProcessPoolTest, a_worker_is_replaced_after_its_share_of_items) {
  ProcessPool pool(2, {.max_tasks_per_worker = 10});
  std::map<pid_t, int> items;
  for (const auto& outcome : pool.map(
           MapOptions{1}, [](int) { return ::getpid(); }, test::first_integers(100))) {
    ++items[outcome.value()];
  }
  EXPECT_GE(items.size(), 10U);
  for (const auto& [pid, count] : items) EXPECT_LE(count, 10);
}

TEST(ProcessPoolTest, nothing_quick_waits_behind_something_slow) {
  ProcessPool pool(2);
  const auto slow = [] { std::this_thread::sleep_for(60s); };
  auto stuck = pool.submit(slow);
  const auto quick = pool.map_async(
      MapOptions{1}, [](int i) { return i; }, test::first_integers(200));
  EXPECT_TRUE(quick.wait_for(20s));  // on the other worker, all of them
  EXPECT_FALSE(stuck.is_ready());
}

TEST(ProcessPoolTest, stays_whole_when_workers_die) {
  ProcessPool pool(3);
  for (int round = 0; round < 5; ++round) {
    for (const pid_t pid : worker_pids(pool)) ::kill(pid, SIGKILL);
    EXPECT_TRUE(pool.map([](int i) { return i; }, test::first_integers(10)).size() == 10);
  }
  EXPECT_EQ(worker_pids(pool).size(), 3U);
}

TEST(ProcessPoolTest, ends_in_bounded_time_whatever_its_workers_do) {
  std::vector<Future<void>> hung;
  {
    ProcessPool pool(2);
    for (int i = 0; i < 4; ++i) {
      hung.push_back(pool.submit([] {
        ::signal(SIGTERM, SIG_IGN);
        for (;;) ::pause();
      }));
    }
    std::this_thread::sleep_for(50ms);
  }  // the TIMEOUT of the test is the bound
  for (const auto& item : hung) EXPECT_EQ(item.get().failure().kind, FailureKind::lost);
}

TEST(ProcessPoolTest, nothing_is_left_behind) {
  const std::size_t descriptors = open_descriptors();
  const auto segments = shared_segments();
  std::vector<pid_t> pids;
  for (int round = 0; round < 5; ++round) {
    ProcessPool pool(4);
    for (const pid_t pid : worker_pids(pool)) pids.push_back(pid);
    if (round % 2 == 0) {
      pool.close();
      pool.join();
    }
  }
  EXPECT_EQ(open_descriptors(), descriptors);
  EXPECT_EQ(shared_segments(), segments);
  for (const pid_t pid : pids) EXPECT_EQ(::kill(pid, 0), -1) << pid;
}

test::Strays* strays_of_items = nullptr;  // as they are in the front when it forks the workers

TEST(ProcessPoolTest, what_an_item_starts_on_its_own_ends_with_the_front_the_worker_or_the_pool) {
  enum class Ends { front, worker, pool };
  for (const Ends ends : {Ends::front, Ends::worker, Ends::pool}) {
    SCOPED_TRACE(static_cast<int>(ends));
    test::Strays strays;
    strays_of_items = &strays;
    const test::Front front([ends] {
      {
        ProcessPool pool(2);
        const auto start = [](bool stays) {
          strays_of_items->make();
          while (stays) ::pause();
        };
        (void)pool.submit(start, ends != Ends::pool).get();
      }
      for (;;) ::pause();
    });
    ASSERT_TRUE(test::within(20s, [&] { return strays.are_made(); }));
    if (ends != Ends::pool) {
      ASSERT_TRUE(strays.are_there());
      ::kill(ends == Ends::front ? front.pid() : strays.maker(), SIGKILL);
    }
    EXPECT_TRUE(test::within(20s, [&] { return strays.are_gone(); }));
  }
}

TEST(ProcessPoolTest, two_pools_side_by_side_do_not_mind_each_other) {
  ProcessPool one(2);
  ProcessPool two(2);
  auto a = one.map_async([](int i) { return i; }, test::first_integers(500));
  auto b = two.map_async([](int i) { return -i; }, test::first_integers(500));
  EXPECT_EQ(a.get()[499].value(), 499);
  EXPECT_EQ(b.get()[499].value(), -499);
}

TEST(ProcessPoolTest, a_pool_in_a_worker_of_a_pool_does_not_deadlock) {
  ProcessPool outer(2);
  const auto outcomes = outer.map(
      [](int i) {
        ProcessPool inner(2);
        int sum = 0;
        for (const auto& outcome : inner.map([](int k) { return k; }, test::first_integers(i))) sum += outcome.value();
        return sum;
      },
      test::first_integers(6));
  for (int i = 0; i < 6; ++i) EXPECT_EQ(outcomes[static_cast<std::size_t>(i)].value(), i * (i - 1) / 2);
}

// A random worker is killed at a random moment, again and again, while items pass.
TEST(ProcessPoolSoakTest, every_item_has_exactly_one_outcome_whatever_is_killed) {
  const char* wanted = std::getenv("WINDROW_SOAK_ROUNDS");
  const int rounds = wanted != nullptr ? std::atoi(wanted) : 20;
  const unsigned seed = std::random_device{}();
  std::printf("seed %u, %d rounds\n", seed, rounds);
  std::mt19937 random(seed);
  const std::size_t descriptors = open_descriptors();
  const auto segments = shared_segments();
  for (int round = 0; round < rounds; ++round) {
    ProcessPool pool(4);
    const auto pids = worker_pids(pool);
    auto later = pool.map_async(
        MapOptions{1}, [](int i) { return 3 * i; }, test::first_integers(10000));
    std::this_thread::sleep_for(std::chrono::microseconds(random() % 20000));
    ::kill(pids[random() % pids.size()], SIGKILL);
    const auto outcomes = later.get();
    ASSERT_EQ(outcomes.size(), 10000U);
    std::size_t lost = 0;
    for (std::size_t i = 0; i < outcomes.size(); ++i) {
      if (outcomes[i].ok()) {
        ASSERT_EQ(outcomes[i].value(), 3 * static_cast<int>(i));
      } else {
        ASSERT_EQ(outcomes[i].failure().kind, FailureKind::crashed);
        ++lost;
      }
    }
    ASSERT_LE(lost, 1U);
  }
  EXPECT_EQ(open_descriptors(), descriptors);
  EXPECT_EQ(shared_segments(), segments);
}

}  // namespace
}  // namespace windrow
