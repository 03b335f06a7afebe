#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <numbers>
#include <optional>
#include <ranges>
#include <string>
#include <thread>
#include <vector>

#include "windrow/pool/staged_map.hpp"

/// What a StagedMap must do on every executor. EXPECT only: the caller may be one rank of several.
namespace windrow {

inline void PrintTo(const Submission& submission, std::ostream* out) {
  *out << "(" << submission.stage << "," << submission.index << ")";
}

namespace test {

using Order = std::vector<Submission>;
using namespace std::chrono_literals;

inline auto recorded(Order& order) {
  return [&order](const Submission& submission) { order.push_back(submission); };
}

template <typename Stage>
auto taken_values(Stage stage) {
  std::vector<std::decay_t<decltype(stage.next()->value())>> values;
  for (auto& outcome : stage) values.push_back(outcome.value());
  return values;
}

inline double to_degrees(double radians) {
  return radians * 180.0 / std::numbers::pi;
}

inline void check_chain_order(Executor& executor) {
  const std::vector<double> halves = {0.0, 0.5, 1.0, 1.5};
  Order order;
  StagedMap map(executor, {.stride = 2});
  auto radians = map.add_stage(halves, [](double half) { return half * std::numbers::pi; });
  auto degrees = map.add_stage(radians, [](double angle) { return to_degrees(angle); });
  map.observe(recorded(order));
  map.start();
  EXPECT_EQ(map.buffer(), 4U);
  EXPECT_TRUE(map.advance());
  EXPECT_EQ(order, (Order{{0, 0}, {0, 1}, {1, 0}, {1, 1}, {0, 2}, {0, 3}, {1, 2}, {1, 3}}));
  const auto values = taken_values(degrees);
  EXPECT_EQ(values.size(), 4U);
  for (std::size_t i = 0; i < values.size(); ++i) EXPECT_NEAR(values[i], 180.0 * halves[i], 1e-9);
}

inline void check_chain_with_small_buffer(Executor& executor) {
  Order order;
  StagedMap map(executor, {.stride = 2, .buffer = 2});
  auto first = map.add_stage(std::views::iota(0, 4), [](int i) { return i + 10; });
  auto second = map.add_stage(first, [](int i) { return 2 * i; });
  map.observe(recorded(order));
  map.start();
  EXPECT_TRUE(map.advance());
  EXPECT_EQ(order, (Order{{0, 0}, {0, 1}, {1, 0}, {1, 1}}));
  EXPECT_EQ(second.next()->value(), 20);
  EXPECT_TRUE(map.advance());
  EXPECT_EQ(order.size(), 5U);
  EXPECT_EQ(taken_values(second), (std::vector<int>{22, 24, 26}));
  EXPECT_EQ(order, (Order{{0, 0}, {0, 1}, {1, 0}, {1, 1}, {0, 2}, {0, 3}, {1, 2}, {1, 3}}));
}

inline void check_independent_stages(Executor& executor) {
  Order order;
  StagedMap map(executor, {.stride = 3, .buffer = 6});
  auto a = map.add_stage(std::views::iota(0), [](int i) { return i; });
  auto b = map.add_stage(std::views::iota(100), [](int i) { return i; });
  map.observe(recorded(order));
  map.start();
  EXPECT_EQ(order, (Order{{0, 0}, {0, 1}, {0, 2}, {1, 0}, {1, 1}, {1, 2}}));
  order.clear();
  for (int i = 0; i < 6; ++i) EXPECT_EQ(a.next()->value(), i);
  EXPECT_EQ(order, (Order{{0, 3}, {0, 4}, {0, 5}, {1, 3}, {1, 4}, {1, 5}}));
  order.clear();
  EXPECT_TRUE(a.next(5ms).timed_out);
  EXPECT_TRUE(order.empty());
  try {
    a.next();  // it would wait for ever
    ADD_FAILURE();
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("stage 0 cannot go on until results of stage 1 are taken"),
              std::string::npos);
  }
  EXPECT_TRUE(order.empty());
  EXPECT_EQ(b.next()->value(), 100);
  EXPECT_EQ(order, (Order{{0, 6}}));
  EXPECT_EQ(a.next()->value(), 6);
  EXPECT_EQ(order, (Order{{0, 6}, {0, 7}}));
}

inline void check_failures(Executor& executor) {
  StagedMap map(executor, {.stride = 2});
  auto a = map.add_stage(std::views::iota(0, 6), [](int i) {
    if (i == 2) throw std::runtime_error("no " + std::to_string(i));
    return i;
  });
  auto b = map.add_stage(a, [](int i) {
    if (i == 4) throw std::runtime_error("nor " + std::to_string(i));
    return 10 * i;
  });
  Order order;
  map.observe(recorded(order));
  map.start();
  std::string seen;
  for (auto& outcome : b) {
    seen += outcome.ok() ? std::to_string(outcome.value())
                         : outcome.failure().message + " at " + std::to_string(outcome.failure().index);
    seen += "; ";
  }
  EXPECT_EQ(seen, "0; 10; no 2 at 2; 30; nor 4 at 4; 50; ");
  EXPECT_EQ(std::count(order.begin(), order.end(), Submission{1, 2}), 0);  // a failed input is not evaluated
  EXPECT_EQ(order.size(), 11U);
}

inline void check_throwing_source(Executor& executor) {
  StagedMap map(executor, {.stride = 2});
  int n = 0;
  auto a = map.add_stage(
      [&n]() -> std::optional<int> {
        if (n == 3) throw std::runtime_error("disk full");
        return n++;
      },
      [](int i) { return i; });
  auto b = map.add_stage(a, [](int i) { return i; });
  auto other = map.add_stage(std::views::iota(0, 5), [](int i) { return i; });
  map.start();
  std::vector<bool> oks;
  std::vector<int> others;
  for (;;) {
    const auto outcome = b.next(10s);
    if (outcome.timed_out) {  // the other stage's results fill the buffer
      others.push_back(other.next()->value());
      continue;
    }
    if (!outcome.value) break;
    oks.push_back(outcome.value->ok());
    if (outcome.value->ok()) continue;
    EXPECT_EQ(outcome.value->failure().message, "the source threw: disk full");
    EXPECT_EQ(outcome.value->failure().index, 3U);
  }
  EXPECT_EQ(oks, (std::vector<bool>{true, true, true, false}));
  for (auto& outcome : other) others.push_back(outcome.value());
  EXPECT_EQ(others, (std::vector<int>{0, 1, 2, 3, 4}));
}

inline void check_fan_out_and_in(Executor& executor) {
  StagedMap map(executor, {.stride = 2});
  auto parts = map.add_stage(std::views::iota(0, 4), produce(3), [](int i) {
    return std::vector<int>{i, 10 * i, 100 * i};
  });
  auto one = map.add_stage(
      parts, [](int part, int shift) { return part + shift; }, 1000);
  auto sums = map.add_stage(one, consume(5), [](const std::vector<int>& some) {
    int sum = 0;
    for (const int part : some) sum += part;
    return std::vector<int>{static_cast<int>(some.size()), sum};
  });
  map.start();
  // 0 0 0 1 10 | 100 2 20 200 3 | 30 300
  EXPECT_EQ(taken_values(sums), (std::vector<std::vector<int>>{{5, 5011}, {5, 5325}, {2, 2330}}));

  StagedMap wrong(executor);
  auto short_one =
      wrong.add_stage(std::views::iota(0, 2), produce(2), [](int i) { return std::vector<int>(i + 1U, i); });
  wrong.start();
  std::string seen;
  for (auto& outcome : short_one) seen += outcome.ok() ? "ok " : std::string(name_of(outcome.failure().kind)) + " ";
  EXPECT_EQ(seen, "bad_output bad_output ok ok ");

  StagedMap groups(executor);
  auto grouped = groups.add_stage(std::vector<std::string>{"a", "b", "c"}, consume(2), produce(2),
                                  [](const std::vector<std::string>& s) {
                                    return std::vector<std::string>{s.front() + s.back(), std::to_string(s.size())};
                                  });
  groups.start();
  EXPECT_EQ(taken_values(grouped), (std::vector<std::string>{"ab", "2", "cc", "1"}));
}

inline void check_zip(Executor& executor) {
  Order order;
  StagedMap map(executor, {.stride = 2});
  auto a = map.add_stage(std::views::iota(0), [](int i) {
    if (i >= 5) std::this_thread::sleep_for(std::chrono::milliseconds(20));
    return i;
  });
  auto b = map.add_stage(a, [](int i) { return std::to_string(i); });
  auto c = map.add_stage(std::views::iota(0, 5), [](int i) { return 0.5 * i; });
  auto all = map.add_stage(
      zip(a, b, c),
      [](int i, const std::string& s, double d, char mark) { return s + mark + std::to_string(i + 2.0 * d); }, '=');
  map.observe(recorded(order));
  map.start();
  std::vector<std::string> values;
  for (auto& outcome : all) values.push_back(outcome.value().substr(0, 4));
  EXPECT_EQ(values, (std::vector<std::string>{"0=0.", "1=2.", "2=4.", "3=6.", "4=8."}));
  EXPECT_EQ(Order(order.begin(), order.begin() + 8),
            (Order{{0, 0}, {0, 1}, {1, 0}, {1, 1}, {2, 0}, {2, 1}, {3, 0}, {3, 1}}));
  EXPECT_TRUE(map.advance());  // the endless source was ahead: what of it nobody wants may still be evaluated
  EXPECT_EQ(map.untaken(), 0U);
  EXPECT_THROW(a.next(), Error);  // others read it
}

inline void check_completion_order(Executor& executor) {
  StagedMap map(executor, {.stride = 2, .buffer = 8, .ordered = false});
  auto a = map.add_stage(std::views::iota(0, 40), [](int i) { return i; });
  auto b = map.add_stage(a, [](int i) { return i * i; });
  map.start();
  std::vector<bool> seen(40, false);
  while (auto outcome = b.next()) {
    EXPECT_EQ(outcome->value(), static_cast<int>(b.index() * b.index()));
    EXPECT_FALSE(seen[b.index()]);
    seen[b.index()] = true;
  }
  EXPECT_EQ(seen, std::vector<bool>(40, true));
}

/// A long chain over an endless source: read little ahead, and little is kept.
inline void check_bounds(Executor& executor, int count) {
  std::uint64_t pulled = 0;
  StagedMap map(executor, {.stride = 4, .buffer = 24});
  auto a = map.add_stage([&pulled] { return static_cast<int>(pulled++); }, [](int i) { return i; });
  auto b = map.add_stage(a, [](int i) { return i + 1; });
  auto c = map.add_stage(b, [](int i) { return i + 1; });
  map.start();
  bool within = true;
  for (int i = 0; i < count; ++i) {
    const auto outcome = c.next();
    within = within && outcome && outcome->value() == i + 2;
    within = within && map.untaken() <= 24 && pulled <= static_cast<std::uint64_t>(i) + 1 + 24 + 1;
  }
  EXPECT_TRUE(within);
}

inline void check_restart(Executor& executor) {
  StagedMap map(executor, {.stride = 2, .buffer = 4});
  auto a = map.add_stage(std::views::iota(0), [](int i) { return i; });
  auto b = map.add_stage(a, [](int i) { return i; });
  map.start();
  EXPECT_THROW(map.start(), Error);
  EXPECT_TRUE(map.advance());
  EXPECT_EQ(b.next()->value(), 0);  // lets the fifth element in
  map.stop(StopMode::drain);
  int expected = 1;
  for (auto& outcome : b) EXPECT_EQ(outcome.value(), expected++);  // all that had been read, and then the end
  EXPECT_EQ(expected, 5);
  EXPECT_EQ(map.untaken(), 0U);
  map.start();  // goes on as if nothing had been
  for (int i = 0; i < 10; ++i) EXPECT_EQ(b.next()->value(), expected++);
  EXPECT_EQ(b.index(), static_cast<std::uint64_t>(expected) - 1);
  map.stop(StopMode::cancel);
  map.stop(StopMode::cancel);
  EXPECT_FALSE(b.next().has_value());
  map.start();  // at the element where the source stands, counting from 0
  const int here = b.next()->value();
  EXPECT_GE(here, expected);
  EXPECT_LE(here, expected + 4);
  EXPECT_EQ(b.index(), 0U);
  EXPECT_EQ(b.next()->value(), here + 1);
}

inline void check_staged_map(Executor& executor) {
  check_chain_order(executor);
  check_chain_with_small_buffer(executor);
  check_independent_stages(executor);
  check_failures(executor);
  check_throwing_source(executor);
  check_fan_out_and_in(executor);
  check_zip(executor);
  check_completion_order(executor);
  check_bounds(executor, 500);
  check_restart(executor);
}

}  // namespace test
}  // namespace windrow
