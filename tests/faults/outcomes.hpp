#pragma once

#include <gtest/gtest.h>

#include <cstddef>
#include <vector>

#include "windrow/parallel/scatter.hpp"

namespace windrow::test {

inline std::vector<int> numbers(std::size_t count) {
  std::vector<int> all(count);
  for (std::size_t i = 0; i < count; ++i) all[i] = static_cast<int>(i);
  return all;
}

/// Every outcome at its index; checks that there is exactly one for each.
template <typename P, typename R>
std::vector<Outcome<R>> in_order(const std::vector<LocalResults<P, R>>& results, std::size_t count) {
  TaskFailure none;
  none.message = "no outcome";
  std::vector<Outcome<R>> all(count, Outcome<R>(none));
  std::vector<int> seen(count, 0);
  for (const auto& local : results) {
    for (std::size_t i = 0; i < local.indices.size(); ++i) {
      all.at(local.indices[i]) = local.outcomes.at(i);
      ++seen.at(local.indices[i]);
    }
  }
  EXPECT_EQ(seen, std::vector<int>(count, 1)) << "each point has one outcome";
  return all;
}

}  // namespace windrow::test
