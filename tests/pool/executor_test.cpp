#include "windrow/pool/executor.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <thread>

#include "pool/executor_checks.hpp"

namespace windrow {
namespace {

using namespace std::chrono_literals;
using Make = std::function<std::unique_ptr<Executor>(ExecutorOptions)>;

struct ExecutorKind {
  std::string name;
  int workers;
  Make make;
};

class ExecutorTest : public testing::TestWithParam<ExecutorKind> {
 protected:
  std::unique_ptr<Executor> make(ExecutorOptions options = {}) const { return GetParam().make(std::move(options)); }
};

template <typename T>
ExecutorKind pool(const std::string& name, int workers) {
  return {name + std::to_string(workers), workers,
          [workers](ExecutorOptions options) { return std::make_unique<T>(workers, std::move(options)); }};
}

INSTANTIATE_TEST_SUITE_P(
    Kinds, ExecutorTest,
    testing::Values(ExecutorKind{"Serial", 1,
                                 [](ExecutorOptions o) { return std::make_unique<SerialExecutor>(std::move(o)); }},
                    pool<ThreadPool>("Threads", 1), pool<ThreadPool>("Threads", 3), pool<ProcessPool>("Processes", 1),
                    pool<ProcessPool>("Processes", 2), pool<ProcessPool>("Processes", 5), pool<ForkingPool>("Forks", 1),
                    pool<ForkingPool>("Forks", 3)),
    [](const auto& kind) { return kind.param.name; });

TEST_P(ExecutorTest, has_one_set_of_calls) {
  const auto executor = make();
  EXPECT_EQ(executor->worker_count(), GetParam().workers);
  test::check_everything(*executor, GetParam().name.starts_with("Forks") ? 100 : 1000);
}

int twice(int i) {
  return 2 * i;
}

void check_captures(LocalExecutor& executor) {
  std::atomic<int> calls = 0;
  const std::string unit = " m";
  const auto counts = [&calls, unit](int i) {
    ++calls;
    return std::to_string(i) + unit;
  };
  const auto input = test::first_integers(100);
  EXPECT_EQ(executor.submit(counts, 7).get().value(), "7 m");
  EXPECT_EQ(executor.submit([&unit] { return unit; }).get().value(), " m");
  EXPECT_EQ(executor.submit(&twice, 4).get().value(), 8);
  EXPECT_EQ(executor.map(counts, input)[99].value(), "99 m");
  EXPECT_EQ(executor
                .map(
                    MapOptions{7}, [&](int i, int k) { return i * k; }, input, input)[9]
                .value(),
            81);
  int expected = 0;
  for (auto& outcome : executor.imap(counts, input)) EXPECT_EQ(outcome.value(), std::to_string(expected++) + " m");
  std::set<std::string> seen;
  for (auto& outcome : executor.imap_unordered(MapOptions{3}, counts, input)) seen.insert(outcome.value());
  EXPECT_EQ(seen.size(), 100U);
  EXPECT_EQ(calls, 301);
}

TEST(LocalExecutorTest, functions_may_capture) {
  SerialExecutor serial;
  check_captures(serial);
  for (const int workers : {1, 3}) {
    ThreadPool pool(workers);
    check_captures(pool);
  }
}

TEST(LocalExecutorTest, a_function_lives_until_its_last_item_has_ended_and_no_longer) {
  auto token = std::make_shared<int>(5);
  const std::weak_ptr<int> watch = token;
  std::atomic<int> sum = 0;
  {
    ThreadPool pool(2);
    for (int i = 0; i < 100; ++i) {  // nobody waits for what comes of them
      pool.submit([token, &sum](int factor) { sum += *token * factor; }, i);
    }
    token.reset();
    pool.close();
    pool.join();
    EXPECT_EQ(sum, 5 * 4950);
  }
  EXPECT_TRUE(watch.expired());
}

struct TooHot {  // no std::exception
  double degrees;
};

double degrees_of(const TaskFailure& failure) {
  try {
    failure.rethrow();
  } catch (const TooHot& error) {
    return error.degrees;
  }
}

TEST(LocalExecutorTest, what_a_function_threw_can_be_caught_as_it_was) {
  const auto fail = [](int i) -> int { throw TooHot{100.0 + i}; };
  const auto check = [&](Executor& executor) {
    const auto future = executor.submit(fail, 3);
    EXPECT_EQ(degrees_of(future.get().failure()), 103.0);
    EXPECT_EQ(degrees_of(future.get().failure()), 103.0);  // again
    const auto all = executor.map(fail, test::first_integers(50));
    for (std::size_t i = 0; i < all.size(); ++i)
      EXPECT_EQ(degrees_of(all[i].failure()), 100.0 + static_cast<double>(i));
    double expected = 100.0;
    for (auto& outcome : executor.imap(fail, test::first_integers(50))) {
      EXPECT_EQ(degrees_of(outcome.failure()), expected++);
    }
    EXPECT_EQ(executor.submit([] { return 1; }).get().value(), 1);
  };
  SerialExecutor serial;
  check(serial);
  ThreadPool pool(3);
  check(pool);
}

TEST_P(ExecutorTest, value_throws_the_same_everywhere_with_what_was_thrown_inside_if_it_is_here) {
  const auto executor = make();
  const auto outcome = executor->submit([]() -> int { throw std::out_of_range("too far"); }).get();
  const bool is_here = GetParam().name.starts_with("Serial") || GetParam().name.starts_with("Threads");
  EXPECT_EQ(static_cast<bool>(outcome.failure().cause), is_here);
  bool nested = false;
  try {
    outcome.value();
    ADD_FAILURE();
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("too far"), std::string::npos);
    try {
      std::rethrow_if_nested(error);
    } catch (const std::out_of_range&) {
      nested = true;
    }
  }
  EXPECT_EQ(nested, is_here);
  if (!nested) {
    EXPECT_THROW(outcome.failure().rethrow(), Error);
  }
}

TEST_P(ExecutorTest, close_and_join_finish_what_was_submitted) {
  const auto executor = make();
  auto later = executor->map_async(
      [](int i) {
        std::this_thread::sleep_for(1ms);
        return i;
      },
      test::first_integers(20));
  executor->close();
  EXPECT_THROW(executor->submit([] { return 1; }), Error);
  executor->join();
  EXPECT_TRUE(later.is_ready());
  for (const auto& outcome : later.get()) EXPECT_TRUE(outcome.ok());
  executor->join();  // again
}

TEST_P(ExecutorTest, join_without_close_is_an_error) {
  EXPECT_THROW(make()->join(), Error);
}

TEST_P(ExecutorTest, terminate_gives_every_item_an_outcome) {
  const auto executor = make();
  auto later = executor->map_async(
      [](int i) {
        std::this_thread::sleep_for(5ms);
        return i;
      },
      test::first_integers(2000));
  later.wait_for(20ms);
  executor->terminate();
  executor->terminate();
  std::size_t cancelled = 0;
  for (const auto& outcome : later.get()) cancelled += outcome.ok() ? 0 : 1;
  EXPECT_GT(cancelled, 0U);
  EXPECT_THROW(executor->submit([] { return 1; }), Error);
}

TEST_P(ExecutorTest, a_future_outlives_its_executor) {
  auto executor = make();
  auto done = executor->submit([](int i) { return i; }, 7);
  EXPECT_EQ(done.get().value(), 7);
  auto pending = executor->submit([] { std::this_thread::sleep_for(2ms); });
  executor.reset();
  EXPECT_EQ(done.get().value(), 7);
  pending.get();  // whatever it is, it is there
}

TEST_P(ExecutorTest, waiting_can_be_bounded_and_tried_again) {
  const auto executor = make();
  auto slow = executor->submit(
      [](int i) {
        std::this_thread::sleep_for(100ms);
        return i;
      },
      5);
  if (GetParam().name != "Serial") {  // the serial one evaluates while it waits
    EXPECT_FALSE(slow.wait_for(1ms));
  }
  EXPECT_TRUE(slow.wait_for(10s));
  EXPECT_EQ(slow.get().value(), 5);
}

TEST_P(ExecutorTest, an_initializer_runs_before_the_first_item) {
  static thread_local int ready = 0;
  const auto executor = make({.initializer = [] { ready = 42; }});
  for (const auto& outcome : executor->map([](int) { return ready; }, test::first_integers(30))) {
    EXPECT_EQ(outcome.value(), 42);
  }
}

TEST_P(ExecutorTest, a_failing_initializer_fails_the_items_and_does_not_storm) {
  const auto executor = make({.initializer = [] { throw std::runtime_error("no licence"); }});
  for (const auto& outcome : executor->map([](int i) { return i; }, test::first_integers(30))) {
    ASSERT_FALSE(outcome.ok());
    EXPECT_EQ(outcome.failure().message, "initializer failed: no licence");
  }
  EXPECT_FALSE(executor->submit([] { return 1; }).get().ok());
}

TEST_P(ExecutorTest, an_imap_that_is_left_half_way_costs_nothing) {
  const auto executor = make();
  for (int round = 0; round < 20; ++round) {
    auto lazy = executor->imap([](int i) { return i; }, test::first_integers(100));
    EXPECT_EQ(lazy.next()->value(), 0);
  }
  EXPECT_EQ(executor->submit([] { return 3; }).get().value(), 3);
}

TEST(DefaultChunkTest, is_a_quarter_of_a_fair_share) {
  EXPECT_EQ(Executor::default_chunk(16, 4), 1U);
  EXPECT_EQ(Executor::default_chunk(17, 4), 2U);
  EXPECT_EQ(Executor::default_chunk(100, 4), 7U);
  EXPECT_EQ(Executor::default_chunk(0, 4), 1U);
}

TEST(ShippableTest, only_code_can_be_handed_over) {
  double factor = 2.0;
  auto captures = [factor](double x) { return factor * x; };
  auto plain = [](double x) { return 2.0 * x; };
  static_assert(!detail::Shippable<decltype(captures)>);
  static_assert(detail::Shippable<decltype(plain)>);
  static_assert(detail::Shippable<std::plus<>>);
}

}  // namespace
}  // namespace windrow
