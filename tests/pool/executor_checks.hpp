#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <ranges>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "windrow/pool/executor.hpp"

/// What every executor must do, whatever its workers are. EXPECT only: the caller may be one rank of several.
namespace windrow::test {

inline std::vector<int> first_integers(int count) {
  std::vector<int> all(static_cast<std::size_t>(count));
  std::iota(all.begin(), all.end(), 0);
  return all;
}

inline void check_submit(Executor& executor) {
  auto sum = executor.submit([](int a, double b) { return a + b; }, 2, 0.5);
  auto text = executor.submit([](const std::string& s, std::vector<int> v) { return s + std::to_string(v.size()); },
                              std::string("n="), std::vector<int>{1, 2, 3});
  auto nothing = executor.submit([](int) {}, 1);
  EXPECT_EQ(sum.get().value(), 2.5);
  EXPECT_EQ(sum.get().value(), 2.5);  // again
  EXPECT_TRUE(sum.is_ready());
  EXPECT_EQ(text.get().value(), "n=3");
  EXPECT_TRUE(nothing.get().ok());
}

inline void check_map(Executor& executor, int most) {
  for (const int count : {0, 1, 2, 17, most}) {
    const auto input = first_integers(count);
    for (const std::size_t chunk : {0U, 1U, 7U, 5000U}) {
      const auto outcomes = executor.map(
          MapOptions{chunk}, [](int i) { return i * i; }, input);
      EXPECT_EQ(outcomes.size(), input.size());
      for (std::size_t i = 0; i < outcomes.size(); ++i) EXPECT_EQ(outcomes[i].value(), input[i] * input[i]);
    }
  }
}

inline void check_several_ranges(Executor& executor) {
  const std::vector<int> a = {1, 2, 3, 4};
  const std::vector<std::string> b = {"x", "y", "z"};
  const auto outcomes = executor.map([](int n, const std::string& s) { return s + std::to_string(n); }, a, b);
  EXPECT_EQ(outcomes.size(), 3U);  // as far as the shortest
  for (std::size_t i = 0; i < outcomes.size(); ++i) EXPECT_EQ(outcomes[i].value(), b[i] + std::to_string(a[i]));
}

inline void check_exceptions(Executor& executor) {
  const auto input = first_integers(40);
  const auto outcomes = executor.map(
      MapOptions{8},
      [](int i) {
        if (i % 10 == 3) throw std::runtime_error("bad " + std::to_string(i));
        if (i == 14) throw Rejected("bad 14");
        if (i == 15) throw 15;
        return i;
      },
      input);
  EXPECT_EQ(outcomes.size(), 40U);
  for (std::size_t i = 0; i < outcomes.size(); ++i) {
    EXPECT_EQ(outcomes[i].ok(), i % 10 != 3 && i != 14 && i != 15);
    if (outcomes[i].ok()) continue;
    EXPECT_EQ(outcomes[i].failure().kind, i == 14 ? FailureKind::rejected : FailureKind::exception);
    EXPECT_EQ(outcomes[i].failure().message, (i == 15 ? "" : "bad ") + std::to_string(i));
    EXPECT_EQ(outcomes[i].failure().index, i);
  }
}

inline void check_imap(Executor& executor, int count) {
  const auto input = first_integers(count);
  int expected = 0;
  for (auto& outcome : executor.imap([](int i) { return 2 * i; }, input)) EXPECT_EQ(outcome.value(), 2 * expected++);
  EXPECT_EQ(expected, count);

  std::multiset<int> seen;
  for (auto& outcome : executor.imap_unordered(
           MapOptions{4}, [](int i) { return i; }, input))
    seen.insert(outcome.value());
  EXPECT_EQ(seen, std::multiset<int>(input.begin(), input.end()));
}

/// Reads an endless source only a little ahead of what is taken.
inline void check_endless(Executor& executor) {
  int pulled = 0;
  auto source = std::views::iota(0) | std::views::transform([&pulled](int i) {
                  ++pulled;
                  return i;
                });
  auto squares = executor.imap([](int i) { return i * i; }, source);
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(squares.next()->value(), i * i);
    EXPECT_LE(pulled, i + 2 + static_cast<int>(executor.driver()->chunks_ahead()));
  }
}

inline void check_map_async(Executor& executor) {
  const auto input = first_integers(50);
  auto later = executor.map_async([](int i) { return i + 1; }, input);
  const auto direct = executor.map([](int i) { return i + 2; }, input);
  EXPECT_EQ(direct[49].value(), 51);
  EXPECT_EQ(later.get()[49].value(), 50);
  EXPECT_TRUE(later.is_ready());
}

/// @param most  items of a call, fewer where each takes long
inline void check_everything(Executor& executor, int most = 1000) {
  check_submit(executor);
  check_map(executor, most);
  check_several_ranges(executor);
  check_exceptions(executor);
  check_imap(executor, std::min(most, 300));
  check_endless(executor);
  check_map_async(executor);
}

}  // namespace windrow::test
