#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <numeric>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "pool/executor_checks.hpp"
#include "pool/open_descriptors.hpp"
#include "windrow/pool/executor.hpp"
#include "windrow/process/shared_value.hpp"

namespace windrow {
namespace {

using test::open_descriptors;
using namespace std::chrono_literals;

TEST(ForkingPoolTest, functions_capture_what_could_never_be_sent) {
  ForkingPool pool(2);
  const auto model = std::make_unique<std::vector<double>>(1000, 0.5);
  const std::function<double(int)> scaled = [&model](int i) { return model->at(3) * i; };
  const std::string unit = " m";
  const auto described = [&scaled, unit](int i) { return std::to_string(static_cast<int>(scaled(i))) + unit; };
  EXPECT_EQ(pool.submit(described, 8).get().value(), "4 m");
  EXPECT_EQ(pool.submit(scaled, 8).get().value(), 4.0);
  EXPECT_EQ(pool.map(described, test::first_integers(20))[18].value(), "9 m");
  EXPECT_EQ(pool.map_async(MapOptions{3}, described, test::first_integers(20)).get()[18].value(), "9 m");
  int expected = 0;
  for (auto& outcome : pool.imap(described, test::first_integers(20))) {
    EXPECT_EQ(outcome.value(), std::to_string(expected++ / 2) + " m");
  }
  std::multiset<std::string> seen;
  for (auto& outcome : pool.imap_unordered(MapOptions{2}, described, test::first_integers(20))) {
    seen.insert(outcome.value());
  }
  EXPECT_EQ(seen.count("9 m"), 2U);
  EXPECT_EQ(pool.submit([](int i) { return -i; }, 8).get().value(), -8);  // and functions that capture nothing
}

TEST(ForkingPoolTest, a_call_sees_memory_as_it_is_when_it_begins_and_changes_only_its_own) {
  ForkingPool pool(1);
  std::vector<int> numbers = {1, 2, 3};
  const auto sum_and_spoil = [&numbers] {
    const int sum = std::accumulate(numbers.begin(), numbers.end(), 0);
    numbers.assign(1000, 7);
    return sum;
  };
  EXPECT_EQ(pool.submit(sum_and_spoil).get().value(), 6);
  numbers.push_back(4);
  EXPECT_EQ(pool.submit(sum_and_spoil).get().value(), 10);
  EXPECT_EQ(numbers, (std::vector<int>{1, 2, 3, 4}));
}

TEST(ForkingPoolTest, each_chunk_has_a_process_of_its_own) {
  ForkingPool pool(3);
  for (const std::size_t chunk : {1U, 4U}) {
    std::map<pid_t, std::vector<int>> items;
    const auto outcomes = pool.map(
        MapOptions{chunk}, [](int) { return ::getpid(); }, test::first_integers(24));
    for (int i = 0; i < 24; ++i) items[outcomes[static_cast<std::size_t>(i)].value()].push_back(i);
    EXPECT_EQ(items.size(), 24 / chunk);
    EXPECT_FALSE(items.contains(::getpid()));
    for (const auto& [pid, some] : items) EXPECT_EQ(some.back() - some.front() + 1, static_cast<int>(chunk));
  }
}

TEST(ForkingPoolTest, no_more_than_its_workers_live_at_a_time) {
  struct Living {
    int now = 0;
    int most = 0;
  };
  SharedValue<Living> living;
  ForkingPool pool(3);
  const auto outcomes = pool.map(
      MapOptions{1},
      [&living](int) {
        living.update([](Living& count) { count.most = std::max(count.most, ++count.now); });
        std::this_thread::sleep_for(2ms);
        living.update([](Living& count) { --count.now; });
      },
      test::first_integers(60));
  EXPECT_EQ(outcomes.size(), 60U);
  EXPECT_LE(living.get().most, 3);
  EXPECT_GE(living.get().most, 1);
}

TEST(ForkingPoolTest, a_process_that_dies_costs_the_item_it_was_at) {
  ForkingPool pool(3);
  const int bad = 5;
  const auto outcomes = pool.map(
      MapOptions{10},
      [&bad](int i) {
        if (i == bad) ::raise(SIGKILL);
        if (i == 5 * bad) ::_exit(7);
        if (i == 9 * bad) throw std::runtime_error("no 45");
        return i;
      },
      test::first_integers(100));
  for (int i = 0; i < 100; ++i) {
    const auto& outcome = outcomes[static_cast<std::size_t>(i)];
    ASSERT_EQ(outcome.ok(), i != 5 && i != 25 && i != 45) << i;
    if (outcome.ok()) {
      EXPECT_EQ(outcome.value(), i);
    }
  }
  EXPECT_EQ(outcomes[5].failure().kind, FailureKind::crashed);
  EXPECT_EQ(outcomes[5].failure().code, -SIGKILL);
  EXPECT_EQ(outcomes[25].failure().kind, FailureKind::exited);
  EXPECT_EQ(outcomes[45].failure().message, "no 45");
}

TEST(ForkingPoolTest, a_lost_item_is_tried_again_within_its_retries) {
  ForkingPool pool(2, {.loss = {.retries = 2}});
  SharedValue<int> tries;
  const auto die_twice = [&tries](int i) {
    if (tries.update([](int& count) { ++count; }) < 3) ::raise(SIGKILL);
    return i;
  };
  EXPECT_EQ(pool.submit(die_twice, 3).get().value(), 3);
  EXPECT_EQ(tries.get(), 3);
  const auto always = pool.submit([&tries] { ::raise(SIGKILL); }).get();
  ASSERT_FALSE(always.ok());
  EXPECT_EQ(always.failure().attempts, 3);
}

TEST(ForkingPoolTest, processes_that_always_die_end_in_failures_and_not_in_a_storm) {
  SharedValue<int> begun;
  ForkingPool pool(2, {.respawn_budget = 5});
  for (const auto& outcome : pool.map(
           MapOptions{1},
           [&begun](int) {
             begun.update([](int& count) { ++count; });
             ::_exit(1);
           },
           test::first_integers(50))) {
    EXPECT_FALSE(outcome.ok());
  }
  EXPECT_LE(begun.get(), 7);
}

TEST(ForkingPoolTest, an_initializer_that_throws_is_not_tried_for_ever) {
  SharedValue<int> begun;
  ForkingPool pool(2, {.initializer = [&begun] {
                     begun.update([](int& count) { ++count; });
                     throw std::runtime_error("no licence");
                   }});
  for (const auto& outcome : pool.map(
           MapOptions{1}, [&begun](int) { return begun.get(); }, test::first_integers(20))) {
    EXPECT_EQ(outcome.failure().message, "initializer failed: no licence");
  }
  EXPECT_LE(begun.get(), 2);
}

TEST(ForkingPoolTest, ends_in_bounded_time_whatever_its_processes_do) {
  std::vector<Future<void>> hung;
  SharedValue<int> begun;
  {
    ForkingPool pool(2);
    for (int i = 0; i < 4; ++i) {
      hung.push_back(pool.submit([&begun] {
        ::signal(SIGTERM, SIG_IGN);
        begun.update([](int& count) { ++count; });
        for (;;) ::pause();
      }));
    }
    while (begun.get() < 2) std::this_thread::sleep_for(1ms);
  }  // the TIMEOUT of the test is the bound
  for (const auto& item : hung) EXPECT_EQ(item.get().failure().kind, FailureKind::lost);
  EXPECT_EQ(begun.get(), 2);
}

TEST(ForkingPoolTest, nothing_is_left_behind) {
  const std::size_t descriptors = open_descriptors();
  auto token = std::make_shared<int>(5);
  const std::weak_ptr<int> watch = token;
  std::vector<pid_t> pids;
  for (int round = 0; round < 4; ++round) {
    ForkingPool pool(3);
    for (const auto& outcome : pool.map(
             MapOptions{1}, [token](int) { return ::getpid(); }, test::first_integers(12))) {
      pids.push_back(outcome.value());
    }
    if (round % 2 == 0) {
      pool.close();
      pool.join();
    }
  }
  token.reset();
  EXPECT_TRUE(watch.expired());
  EXPECT_EQ(open_descriptors(), descriptors);
  for (const pid_t pid : pids) EXPECT_EQ(::kill(pid, 0), -1) << pid;
}

TEST(ForkingPoolTest, large_results_come_back_whole) {
  ForkingPool pool(2);
  const std::vector<double> pattern = {1.5, -2.5, 3.5};
  const auto large = [&pattern](std::size_t size) {
    std::vector<double> values(size);
    for (std::size_t i = 0; i < size; ++i) values[i] = pattern[i % 3];
    return values;
  };
  const auto outcome = pool.submit(large, std::size_t{2'000'000}).get();
  ASSERT_EQ(outcome.value().size(), 2'000'000U);
  EXPECT_EQ(outcome.value(), large(2'000'000));
}

// Its driver's thread is not there, and its locks may be held for ever.
TEST(ForkingPoolTest, the_pool_itself_is_refused_in_its_processes_and_another_works) {
  ForkingPool pool(2);
  ThreadPool threads(2);
  const auto ask = [](Executor& other) {
    try {
      return std::to_string(other.submit([] { return 1; }).get().value());
    } catch (const Error& error) {
      return std::string(error.what());
    }
  };
  const std::string refused = "an executor is of no use in a worker of another: make one there";
  EXPECT_EQ(pool.submit([&] { return ask(pool); }).get().value(), refused);
  EXPECT_EQ(pool.submit([&] { return ask(threads); }).get().value(), refused);
  const auto inner = [&](int i) {
    ForkingPool own(2);
    int sum = 0;
    for (const auto& outcome : own.map([&i](int k) { return i * k; }, test::first_integers(4))) sum += outcome.value();
    return sum;
  };
  EXPECT_EQ(pool.submit(inner, 10).get().value(), 60);
  EXPECT_EQ(ask(pool), "1");
}

}  // namespace
}  // namespace windrow
