#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <random>
#include <ranges>
#include <set>
#include <thread>

#include "pool/staged_map_checks.hpp"
#include "windrow/process/sync.hpp"

/// What a StagedMap does while its user is elsewhere, on executors with a driver of their own.
namespace windrow {
namespace {

using test::Order;

constexpr auto kLong = std::chrono::minutes(2);

struct PoolKind {
  const char* name;
  std::function<std::unique_ptr<Executor>()> make;
};

class BackgroundMapTest : public testing::TestWithParam<PoolKind> {
 protected:
  /// Set by the last stage at its item 5, in whatever process.
  static Event* last_has_begun;

  static std::unique_ptr<Event> make_event() {
    auto event = std::make_unique<Event>();
    last_has_begun = event.get();
    return event;
  }

  std::unique_ptr<Event> reached_ = make_event();  // ahead of the workers, who inherit where it is
  std::unique_ptr<Executor> executor_ = GetParam().make();
};
Event* BackgroundMapTest::last_has_begun = nullptr;

INSTANTIATE_TEST_SUITE_P(Executors, BackgroundMapTest,
                         testing::Values(PoolKind{"one_thread", [] { return std::make_unique<ThreadPool>(1); }},
                                         PoolKind{"threads", [] { return std::make_unique<ThreadPool>(3); }},
                                         PoolKind{"processes", [] { return std::make_unique<ProcessPool>(2); }},
                                         PoolKind{"forks", [] { return std::make_unique<ForkingPool>(2); }}),
                         [](const auto& kind) { return std::string(kind.param.name); });

TEST_P(BackgroundMapTest, further_stages_are_fed_while_the_caller_does_not_call) {
  StagedMap map(*executor_, {.stride = 2, .buffer = 6});
  auto a = map.add_stage(std::views::iota(0), [](int i) { return i; });
  auto b = map.add_stage(a, [](int i) { return i; });
  auto c = map.add_stage(b, [](int i) {
    if (i == 5) last_has_begun->set();
    return i;
  });
  map.start();
  ASSERT_TRUE(last_has_begun->wait_for(kLong));  // three strides of the source later
  for (int i = 0; i < 20; ++i) EXPECT_EQ(c.next()->value(), i);
}

TEST_P(BackgroundMapTest, room_for_further_ones_is_filled_while_the_caller_does_not_call) {
  StagedMap map(*executor_, {.stride = 1, .buffer = 3});
  auto a = map.add_stage(std::views::iota(0), [](int i) { return i; });
  auto b = map.add_stage(a, [](int i) {
    if (i == 5) last_has_begun->set();
    return i;
  });
  map.start();
  for (int i = 0; i < 3; ++i) EXPECT_EQ(b.next()->value(), i);
  ASSERT_TRUE(last_has_begun->wait_for(kLong));
  EXPECT_EQ(b.next()->value(), 3);
}

TEST_P(BackgroundMapTest, zips_groups_and_failures_flow_on_while_the_caller_does_not_call) {
  StagedMap map(*executor_, {.stride = 2, .buffer = 24});
  auto a = map.add_stage(std::views::iota(0, 12), [](int i) {
    if (i == 2) throw std::runtime_error("no 2");
    return i;
  });
  auto b = map.add_stage(std::views::iota(100), [](int i) { return i; });
  auto sums = map.add_stage(zip(a, b), [](int x, int y) { return x + y; });
  auto pairs = map.add_stage(sums, consume(2), [](const std::vector<int>& two) {
    if (two.front() == 120) last_has_begun->set();
    return two.front() + two.back();
  });
  map.start();
  ASSERT_TRUE(last_has_begun->wait_for(kLong));
  std::string seen;
  for (auto& outcome : pairs) seen += outcome.ok() ? std::to_string(outcome.value()) + " " : "no ";
  EXPECT_EQ(seen, "202 no 218 226 234 242 ");
}

TEST_P(BackgroundMapTest, sources_and_the_observer_are_called_by_the_callers_thread_alone) {
  std::set<std::thread::id> threads;
  int read = 0;
  Order order;
  StagedMap map(*executor_, {.stride = 2, .buffer = 6});
  auto a = map.add_stage(
      [&] {
        threads.insert(std::this_thread::get_id());
        return read++;
      },
      [](int i) { return i; });
  auto b = map.add_stage(a, [](int i) {
    if (i == 5) last_has_begun->set();
    return i;
  });
  map.observe([&](const Submission& submission) {
    threads.insert(std::this_thread::get_id());
    order.push_back(submission);
  });
  map.start();
  ASSERT_TRUE(last_has_begun->wait_for(kLong));
  EXPECT_EQ(read, 6);  // as far as the buffer, and no further
  EXPECT_EQ(b.next()->value(), 0);
  EXPECT_LE(read, 7);
  EXPECT_EQ(threads, std::set{std::this_thread::get_id()});
  EXPECT_GE(order.size(), 12U);
}

TEST_P(BackgroundMapTest, a_drained_stop_lets_through_what_was_read_ahead) {
  int read = 0;
  StagedMap map(*executor_, {.stride = 2, .buffer = 12});
  auto a = map.add_stage([&read] { return read++; }, [](int i) { return i; });
  auto b = map.add_stage(a, [](int i) { return i; });
  auto c = map.add_stage(b, [](int i) { return i; });
  for (int round = 0, expected = 0; round < 3; ++round) {
    map.start();
    EXPECT_EQ(c.next()->value(), expected++);
    map.stop(StopMode::drain);
    const int at_the_stop = read;
    for (auto& outcome : c) EXPECT_EQ(outcome.value(), expected++);
    EXPECT_EQ(expected, at_the_stop);
    EXPECT_EQ(read, at_the_stop);
    EXPECT_EQ(map.untaken(), 0U);
  }
}

TEST_P(BackgroundMapTest, a_cancelled_stop_keeps_what_was_read_and_not_submitted) {
  int read = 0;
  StagedMap map(*executor_, {.stride = 2, .buffer = 4});
  auto a = map.add_stage([&read] { return read++; }, [](int i) { return i; });
  auto b = map.add_stage(a, [](int i) { return i; });
  Order order;
  map.observe(test::recorded(order));
  map.start();
  EXPECT_EQ(b.next()->value(), 0);
  EXPECT_TRUE(map.advance());
  const auto submitted = std::count_if(order.begin(), order.end(), [](const auto& one) { return one.stage == 0; });
  map.stop(StopMode::cancel);
  map.start();
  EXPECT_EQ(b.next()->value(), submitted);
}

TEST_P(BackgroundMapTest, destroyed_at_any_moment_it_touches_nothing_of_its_user_any_more) {
  for (int round = 0; round < 200; ++round) {
    auto numbers = std::make_unique<std::vector<int>>(test::Order::size_type{50}, round);
    Order order;
    StagedMap map(*executor_, {.stride = 2, .buffer = 9});
    auto a = map.add_stage(*numbers, [](int i) { return i; });
    auto b = map.add_stage(a, [](int i) { return i; });
    map.add_stage(b, [](int i) { return i; });
    map.observe(test::recorded(order));
    map.start();
    if (round % 3 == 0) std::this_thread::yield();
    if (round % 5 == 0) map.stop(StopMode::cancel);
  }
  EXPECT_EQ(executor_->submit([](int i) { return i; }, 5).get().value(), 5);
}

TEST_P(BackgroundMapTest, an_executor_that_ends_meanwhile_fails_what_is_left) {
  StagedMap map(*executor_, {.stride = 2, .buffer = 20});
  auto a = map.add_stage(std::views::iota(0), [](int i) { return i; });
  auto b = map.add_stage(a, [](int i) { return i; });
  auto c = map.add_stage(b, [](int i) { return i; });
  map.start();
  executor_->close();
  executor_->join();
  std::vector<bool> oks;
  for (auto& outcome : c) oks.push_back(outcome.ok());
  EXPECT_FALSE(oks.empty());
  EXPECT_LE(oks.size(), 21U);
  EXPECT_FALSE(oks.back());
}

TEST(BackgroundMapOrderTest, what_is_submitted_after_what_is_the_same_as_without) {
  const auto order_on = [](Executor& executor, unsigned seed) {
    std::mt19937 random(seed);
    Order order;
    StagedMap map(executor, {.stride = 1 + random() % 3, .buffer = 40});
    auto a = map.add_stage(std::views::iota(0, 30), [](int i) {
      if (i % 7 == 3) std::this_thread::yield();
      return i;
    });
    auto b = map.add_stage(a, produce(2), [](int i) { return std::vector<int>{i, -i}; });
    auto c =
        map.add_stage(std::views::iota(0, 50), consume(2), [](const std::vector<int>& two) { return two.front(); });
    auto sums = map.add_stage(zip(b, c), [](int x, int y) { return x + y; });
    auto others = map.add_stage(std::views::iota(0, 25), [](int i) { return i; });
    map.observe(test::recorded(order));
    map.start();
    bool left = true;
    while (left) {
      left = false;
      for (auto* stage : {&sums, &others}) {
        const auto outcome = stage->next(random() % 2 == 0 ? kLong : std::chrono::nanoseconds(0));
        left = left || outcome.timed_out || outcome.value;
      }
      if (random() % 3 == 0) std::this_thread::yield();
    }
    return order;
  };
  SerialExecutor serial;
  ThreadPool threads(3);
  for (unsigned seed = 0; seed < 30; ++seed) {
    const Order expected = order_on(serial, seed);
    ASSERT_EQ(order_on(threads, seed), expected) << "seed " << seed;
  }
}

}  // namespace
}  // namespace windrow
