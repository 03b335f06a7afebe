#include "windrow/pool/staged_map.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <functional>
#include <list>
#include <memory>
#include <ranges>
#include <sstream>
#include <thread>

#include "pool/staged_map_checks.hpp"
#include "windrow/error.hpp"

namespace windrow {
namespace {

using namespace std::chrono_literals;
using test::Order;
using testing::HasSubstr;

struct StagePool {
  const char* name;
  std::function<std::unique_ptr<Executor>()> make;
  int many = 2000;  // items, fewer where each takes long
  friend std::ostream& operator<<(std::ostream& out, const StagePool& kind) { return out << kind.name; }
};

class StagedMapOnTest : public testing::TestWithParam<StagePool> {
 protected:
  std::unique_ptr<Executor> executor_ = GetParam().make();
};

INSTANTIATE_TEST_SUITE_P(Executors, StagedMapOnTest,
                         testing::Values(StagePool{"serial", [] { return std::make_unique<SerialExecutor>(); }},
                                         StagePool{"one_thread", [] { return std::make_unique<ThreadPool>(1); }},
                                         StagePool{"threads", [] { return std::make_unique<ThreadPool>(3); }},
                                         StagePool{"processes", [] { return std::make_unique<ProcessPool>(2); }},
                                         StagePool{"forks", [] { return std::make_unique<ForkingPool>(2); }, 100}),
                         [](const auto& kind) { return std::string(kind.param.name); });

TEST_P(StagedMapOnTest, takes_the_stages_of_a_chain_in_turn) {
  test::check_chain_order(*executor_);
}
TEST_P(StagedMapOnTest, stops_at_the_buffer_until_results_are_taken) {
  test::check_chain_with_small_buffer(*executor_);
}
TEST_P(StagedMapOnTest, independent_stages_share_the_buffer) {
  test::check_independent_stages(*executor_);
}
TEST_P(StagedMapOnTest, a_failure_stays_at_its_index_and_later_items_go_on) {
  test::check_failures(*executor_);
}
TEST_P(StagedMapOnTest, a_source_that_throws_ends_its_stages_with_a_failure) {
  test::check_throwing_source(*executor_);
}
TEST_P(StagedMapOnTest, fans_out_and_in) {
  test::check_fan_out_and_in(*executor_);
}
TEST_P(StagedMapOnTest, zips_stages_as_long_as_the_shortest) {
  test::check_zip(*executor_);
}
TEST_P(StagedMapOnTest, gives_each_result_once_in_completion_order) {
  test::check_completion_order(*executor_);
}
TEST_P(StagedMapOnTest, reads_and_keeps_no_more_than_the_buffer) {
  test::check_bounds(*executor_, GetParam().many);
}
TEST_P(StagedMapOnTest, goes_on_after_a_stop) {
  test::check_restart(*executor_);
}

TEST_P(StagedMapOnTest, two_maps_share_an_executor) {
  StagedMap one(*executor_);
  StagedMap two(*executor_);
  auto a = one.add_stage(std::views::iota(0, 30), [](int i) { return i; });
  auto b = two.add_stage(std::views::iota(0, 30), [](int i) { return -i; });
  one.start();
  two.start();
  for (int i = 0; i < 30; ++i) {
    EXPECT_EQ(a.next()->value(), i);
    EXPECT_EQ(b.next()->value(), -i);
  }
  EXPECT_FALSE(a.next());
  EXPECT_FALSE(b.next());
}

TEST_P(StagedMapOnTest, each_stage_ends_on_its_own) {
  StagedMap map(*executor_, {.stride = 2});
  auto brief = map.add_stage(std::views::iota(0, 3), [](int i) { return i; });
  auto none = map.add_stage(std::vector<int>{}, [](int i) { return i; });
  auto endless = map.add_stage(std::views::iota(0), [](int i) { return i; });
  map.start();
  EXPECT_FALSE(none.next());
  EXPECT_EQ(test::taken_values(brief), (std::vector<int>{0, 1, 2}));
  for (int i = 0; i < 20; ++i) EXPECT_EQ(endless.next()->value(), i);
  EXPECT_FALSE(brief.next());
}

TEST_P(StagedMapOnTest, an_end_shows_even_if_the_buffer_is_full_of_others_results) {
  StagedMap map(*executor_, {.stride = 3, .buffer = 6});
  auto a = map.add_stage(std::views::iota(0, 6), [](int i) { return i; });
  auto b = map.add_stage(std::views::iota(0), [](int i) { return i; });
  map.start();
  EXPECT_EQ(test::taken_values(a).size(), 6U);  // and no error at the seventh
  EXPECT_EQ(b.next()->value(), 0);
}

TEST_P(StagedMapOnTest, a_stage_may_return_nothing) {
  StagedMap map(*executor_);
  auto quiet = map.add_stage(std::views::iota(0, 3), [](int i) {
    if (i == 1) throw std::runtime_error("x");
  });
  map.start();
  std::vector<bool> oks;
  for (auto& outcome : quiet) oks.push_back(outcome.ok());
  EXPECT_EQ(oks, (std::vector<bool>{true, false, true}));
}

TEST_P(StagedMapOnTest, abandoned_half_way_it_ends_at_once) {
  std::optional<MapStage<int>> left;
  {
    StagedMap map(*executor_, {.buffer = 50});
    auto a = map.add_stage(std::views::iota(0), [](int i) {
      std::this_thread::sleep_for(1ms);
      return i;
    });
    left = map.add_stage(a, [](int i) { return i; });
    map.start();
    EXPECT_EQ(left->next()->value(), 0);
  }
  EXPECT_THROW(left->next(), Error);
  EXPECT_EQ(executor_->submit([](int i) { return i; }, 5).get().value(), 5);  // the executor is whole
}

TEST_P(StagedMapOnTest, an_executor_that_is_closed_ends_it_with_a_failure) {
  StagedMap map(*executor_, {.stride = 1, .buffer = 2});
  auto a = map.add_stage(std::views::iota(0), [](int i) { return i; });
  map.start();
  EXPECT_EQ(a.next()->value(), 0);
  executor_->close();
  std::vector<bool> oks;
  for (auto& outcome : a) oks.push_back(outcome.ok());
  EXPECT_EQ(oks, (std::vector<bool>{true, true, false}));
}

TEST_P(StagedMapOnTest, an_executor_that_is_terminated_ends_it) {
  StagedMap map(*executor_, {.buffer = 4});
  auto a = map.add_stage(std::views::iota(0), [](int i) { return i; });
  map.start();
  executor_->terminate();
  int count = 0;
  for (auto& outcome : a) count += outcome.ok() ? 1 : 100;
  EXPECT_GE(count, 100);  // it ended, and said so
}

TEST(StagedMapTest, rejects_a_buffer_that_is_too_small_naming_what_is_needed) {
  SerialExecutor executor;
  for (const std::uint64_t buffer : {5U, 6U}) {
    StagedMap map(executor, {.stride = 3, .buffer = buffer});
    auto a = map.add_stage(std::views::iota(0, 7), [](int i) { return i; });
    auto b = map.add_stage(a, [](int i) { return i; });
    auto sum = map.add_stage(zip(a, b), [](int x, int y) { return x + y; });
    if (buffer == 6) {
      map.start();
      EXPECT_EQ(test::taken_values(sum), (std::vector<int>{0, 2, 4, 6, 8, 10, 12}));
      continue;
    }
    try {
      map.start();
      FAIL();
    } catch (const SpecError& error) {
      EXPECT_THAT(error.what(), HasSubstr("at least 6"));
    }
  }
}

TEST(StagedMapTest, rejects_stages_that_no_buffer_is_enough_for) {
  SerialExecutor executor;
  StagedMap map(executor);
  auto a = map.add_stage(std::views::iota(0, 7), [](int i) { return i; });
  auto halves = map.add_stage(a, consume(2), [](const std::vector<int>& two) { return two.front(); });
  map.add_stage(zip(a, halves), [](int x, int y) { return x + y; });
  EXPECT_THROW(map.start(), SpecError);
}

TEST(StagedMapTest, says_what_is_used_wrongly) {
  SerialExecutor executor;
  StagedMap map(executor);
  auto a = map.add_stage(std::views::iota(0, 7), [](int i) { return i; });
  EXPECT_THROW(a.next(), Error);  // before start()
  EXPECT_THROW(map.add_stage(a, consume(0), [](const std::vector<int>&) { return 0; }), SpecError);
  StagedMap other(executor);
  EXPECT_THROW(other.add_stage(a, [](int i) { return i; }), SpecError);
  map.start();
  EXPECT_THROW(map.add_stage(a, [](int i) { return i; }), Error);  // after start()
  EXPECT_EQ(a.next()->value(), 0);
}

TEST_P(StagedMapOnTest, after_a_cancelled_stop_stages_may_be_added) {
  StagedMap map(*executor_, {.stride = 2});
  auto a = map.add_stage(std::views::iota(0), [](int i) { return i; });
  map.start();
  EXPECT_EQ(a.next()->value(), 0);
  map.stop(StopMode::cancel);
  auto doubled = map.add_stage(a, [](int i) { return 2 * i; });
  auto other = map.add_stage(std::views::iota(100, 103), [](int i) { return i; });
  EXPECT_FALSE(doubled.next());  // not before start()
  map.start();
  EXPECT_THROW(a.next(), Error);  // another stage reads it now
  const int first = doubled.next()->value();
  EXPECT_EQ(doubled.index(), 0U);
  EXPECT_EQ(doubled.next()->value(), first + 2);
  EXPECT_EQ(test::taken_values(other), (std::vector<int>{100, 101, 102}));
}

TEST_P(StagedMapOnTest, after_a_drained_stop_stages_may_be_added_once_nothing_is_left) {
  StagedMap map(*executor_, {.stride = 2, .buffer = 8});
  auto a = map.add_stage(std::views::iota(0), [](int i) { return i; });
  map.start();
  EXPECT_EQ(a.next()->value(), 0);
  map.stop(StopMode::drain);
  try {
    map.add_stage(a, [](int i) { return i; });
    ADD_FAILURE();
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("results from before stop() are left"));
  }
  int expected = 1;
  for (auto& outcome : a) EXPECT_EQ(outcome.value(), expected++);
  auto negative = map.add_stage(a, [](int i) { return -i; });
  map.start();
  EXPECT_THROW(map.add_stage(a, [](int i) { return i; }), Error);  // it is running
  for (int i = 0; i < 10; ++i) {
    EXPECT_EQ(negative.next()->value(), -expected++);  // nothing was lost
    EXPECT_EQ(negative.index(), static_cast<std::uint64_t>(i));
  }
}

TEST(StagedMapTest, reads_any_range_and_any_generator) {
  SerialExecutor executor;
  StagedMap map(executor, {.buffer = 100});
  std::istringstream text("1 2 3");
  std::list<std::string> words = {"x", "yy"};
  auto numbers = map.add_stage(std::views::istream<int>(text), [](int i) { return i; });
  auto lengths = map.add_stage(words, [](const std::string& word) { return word.size(); });
  auto generated = map.add_stage(
      [n = std::make_unique<int>(3)]() -> std::optional<int> {
        if (*n == 0) return std::nullopt;
        return (*n)--;
      },
      [](int i) { return i; });
  map.start();
  EXPECT_EQ(test::taken_values(numbers), (std::vector<int>{1, 2, 3}));
  EXPECT_EQ(test::taken_values(lengths), (std::vector<std::size_t>{1, 2}));
  EXPECT_EQ(test::taken_values(generated), (std::vector<int>{3, 2, 1}));
}

TEST(StagedMapTest, failures_keep_what_was_thrown_through_all_stages) {
  ThreadPool pool(2);
  StagedMap map(pool);
  auto a = map.add_stage(
      [n = 0]() mutable -> std::optional<int> {
        if (n == 3) throw std::out_of_range("no more");
        return n++;
      },
      [](int i) {
        if (i == 1) throw std::domain_error("not 1");
        return i;
      });
  auto b = map.add_stage(a, [](int i) { return i; });
  map.start();
  EXPECT_EQ(b.next()->value(), 0);
  EXPECT_THROW(b.next()->failure().rethrow(), std::domain_error);
  EXPECT_EQ(b.next()->value(), 2);
  EXPECT_THROW(b.next()->failure().rethrow(), std::out_of_range);
}

TEST_P(StagedMapOnTest, what_the_observer_throws_leaves_the_call_and_loses_nothing) {
  StagedMap map(*executor_, {.stride = 2, .buffer = 6});
  auto a = map.add_stage(std::views::iota(0, 20), [](int i) { return 2 * i; });
  int told = 0;
  map.observe([&told](const Submission&) {
    if (++told % 3 == 0) throw std::runtime_error("the observer");
  });
  int thrown = 0;
  const auto guarded = [&thrown](const auto& call) {
    try {
      call();
    } catch (const std::runtime_error& error) {
      EXPECT_STREQ(error.what(), "the observer");
      ++thrown;
    }
  };
  guarded([&] { map.start(); });
  std::vector<int> values;
  for (bool ended = false; !ended && thrown < 10;) {
    guarded([&] {
      const auto next = a.next();
      ended = !next;
      if (next) values.push_back(next->value());
    });
  }
  EXPECT_EQ(told, 20);
  EXPECT_EQ(thrown, 6);
  std::vector<int> expected;
  for (int i = 0; i < 20; ++i) expected.push_back(2 * i);
  EXPECT_EQ(values, expected);
}

TEST(StagedMapTest, its_own_source_cannot_use_it) {
  SerialExecutor executor;
  StagedMap map(executor);
  auto a = map.add_stage(
      [&map] {
        map.advance();
        return 1;
      },
      [](int i) { return i; });
  map.start();
  EXPECT_THAT(a.next()->failure().message, HasSubstr("own source"));
}

std::atomic<bool> gate_is_open{false};

// Item 1 is slow: until the gate is opened, but not for ever, in case a worker was given others behind it. No item is
// so fast that workers are given many at a time.
int wait_at_gate(int i) {
  std::this_thread::sleep_for(4ms);
  for (int ms = 0; i == 1 && !gate_is_open && ms < 1000; ++ms) std::this_thread::sleep_for(1ms);
  return i;
}

TEST(StagedMapTest, after_a_time_out_the_same_result_can_be_asked_for_again) {
  ThreadPool pool(2);
  gate_is_open = false;
  StagedMap map(pool, {.buffer = 4});
  auto a = map.add_stage(std::views::iota(0, 4), [](int i) { return wait_at_gate(i); });
  map.start();
  EXPECT_EQ(a.next()->value(), 0);
  EXPECT_TRUE(a.next(2ms).timed_out);
  EXPECT_TRUE(a.next(0ms).timed_out);
  gate_is_open = true;
  EXPECT_EQ(test::taken_values(a), (std::vector<int>{1, 2, 3}));
}

TEST(StagedMapTest, after_a_time_out_the_result_can_be_skipped) {
  ThreadPool pool(2);
  gate_is_open = false;
  StagedMap map(pool, {.stride = 2, .buffer = 4});
  auto a = map.add_stage(std::views::iota(0, 9), [](int i) { return wait_at_gate(i); });
  map.start();
  EXPECT_EQ(a.next()->value(), 0);
  EXPECT_TRUE(a.next(1ms, OnTimeout::skip).timed_out);
  EXPECT_EQ(a.next()->value(), 2);
  EXPECT_EQ(a.index(), 2U);
  EXPECT_EQ(map.untaken(), 4U);  // what was skipped keeps its place until it comes
  EXPECT_EQ(a.next()->value(), 3);
  gate_is_open = true;
  EXPECT_EQ(test::taken_values(a), (std::vector<int>{4, 5, 6, 7, 8}));
  EXPECT_TRUE(map.advance());
  EXPECT_EQ(map.untaken(), 0U);
}

TEST(StagedMapTest, what_is_skipped_before_it_was_submitted_is_not_evaluated) {
  ThreadPool pool(2);
  gate_is_open = false;
  Order order;
  StagedMap map(pool, {.stride = 2, .buffer = 4});
  auto a = map.add_stage(std::views::iota(0, 9), [](int i) { return wait_at_gate(i); });
  auto b = map.add_stage(a, [](int i) { return wait_at_gate(i + 10); });
  map.observe(test::recorded(order));
  map.start();
  EXPECT_EQ(b.next()->value(), 10);
  EXPECT_TRUE(b.next(1ms, OnTimeout::skip).timed_out);
  gate_is_open = true;
  EXPECT_EQ(test::taken_values(b), (std::vector<int>{12, 13, 14, 15, 16, 17, 18}));
  EXPECT_EQ(std::count(order.begin(), order.end(), Submission{1, 1}), 0);
  EXPECT_TRUE(map.advance());
  EXPECT_EQ(map.untaken(), 0U);
}

TEST(StagedMapTest, skipping_does_not_run_away_from_what_is_submitted) {
  ThreadPool pool(1);
  gate_is_open = false;
  StagedMap map(pool, {.stride = 1, .buffer = 3});
  auto a = map.add_stage(std::views::iota(1), [](int i) { return wait_at_gate(i); });
  map.start();
  for (int i = 0; i < 50; ++i) a.next(0ms, OnTimeout::skip);
  gate_is_open = true;
  EXPECT_EQ(a.next()->value(), 4);  // three had been submitted
}

TEST(StagedMapTest, in_completion_order_a_slow_one_holds_up_nothing) {
  ThreadPool pool(2);
  gate_is_open = false;
  StagedMap map(pool, {.stride = 2, .buffer = 12, .ordered = false});
  auto a = map.add_stage(std::views::iota(0, 40), [](int i) { return wait_at_gate(i); });
  auto b = map.add_stage(a, [](int i) { return i; });
  map.start();
  std::vector<int> order;
  for (auto& outcome : b) order.push_back(outcome.value());
  EXPECT_EQ(order.size(), 40U);
  EXPECT_GT(std::find(order.begin(), order.end(), 1) - order.begin(), 1);
}

TEST(StagedMapTest, destroyed_while_a_call_is_evaluated_it_does_not_wait) {
  gate_is_open = false;
  ThreadPool pool(2);
  {
    StagedMap map(pool);
    auto a = map.add_stage(std::views::iota(1), [](int i) { return wait_at_gate(i); });
    map.start();
    EXPECT_TRUE(a.next(1ms).timed_out);
    map.stop(StopMode::cancel);
    map.start();
    EXPECT_EQ(a.next(100s).value->value(), 3);
  }
  gate_is_open = true;
}

TEST(StagedMapTest, a_killed_worker_costs_one_item) {
  ProcessPool pool(2);
  StagedMap map(pool, {.stride = 3});
  auto a = map.add_stage(std::views::iota(0, 12), [](int i) {
    if (i == 4) kill(getpid(), SIGKILL);
    if (i == 7) _exit(3);
    return i;
  });
  auto b = map.add_stage(a, [](int i) { return 2 * i; });
  map.start();
  std::vector<std::string> seen;
  for (auto& outcome : b) {
    seen.push_back(outcome.ok()
                       ? std::to_string(outcome.value())
                       : std::string(name_of(outcome.failure().kind)) + std::to_string(outcome.failure().index));
  }
  EXPECT_EQ(seen,
            (std::vector<std::string>{"0", "2", "4", "6", "crashed4", "10", "12", "exited7", "16", "18", "20", "22"}));
}

TEST(StagedMapTest, lost_items_are_left_out_where_the_executor_says_so) {
  ProcessPool pool(2, {.loss = {.retries = 0, .skip = true}});
  StagedMap map(pool);
  auto a = map.add_stage(std::views::iota(0, 4), [](int i) {
    if (i == 2) kill(getpid(), SIGKILL);
    return i;
  });
  map.start();
  EXPECT_EQ(test::taken_values(a), (std::vector<int>{0, 1, 3}));
}

std::atomic<int> living{0};
std::atomic<int> most_living{0};

struct Counted {  // a value that counts how many there are
  int value = 0;
  Counted() { add(); }
  explicit Counted(int v) : value(v) { add(); }
  Counted(const Counted& other) : value(other.value) { add(); }
  Counted& operator=(const Counted&) = default;
  ~Counted() { --living; }
  static void add() {
    const int now = ++living;
    if (now > most_living) most_living = now;
  }
  template <typename Archive>
  void serialize(Archive& archive, unsigned) {
    archive& value;
  }
};

TEST(StagedMapTest, a_hundred_thousand_items_need_no_more_room_than_ten) {
  SerialExecutor executor;
  living = most_living = 0;
  StagedMap map(executor, {.stride = 4, .buffer = 8});
  auto a = map.add_stage(std::views::iota(0, 100'000), [](int i) { return Counted(i); });
  auto b = map.add_stage(a, [](const Counted& c) { return Counted(c.value + 1); });
  auto c = map.add_stage(b, [](const Counted& x) { return Counted(x.value + 1); });
  map.start();
  int expected = 2;
  std::uint64_t most_untaken = 0;
  for (auto& outcome : c) {
    ASSERT_EQ(outcome.value().value, expected++);
    most_untaken = std::max(most_untaken, map.untaken());
  }
  EXPECT_EQ(expected, 100'002);
  EXPECT_LE(most_untaken, 8U);
  EXPECT_LE(most_living, 12);
  EXPECT_LE(living, 1);
}

}  // namespace
}  // namespace windrow
