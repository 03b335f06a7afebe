#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <ranges>

#include "conformance/conformance.hpp"
#include "pool/staged_map_checks.hpp"
#include "windrow/pool/mpi/mpi_executor.hpp"

namespace windrow {
namespace {

using test::manager;

TEST(MpiStagedMapTest, does_what_it_does_on_every_executor) {
  MpiExecutor::run(manager(), [](Executor& executor) { test::check_staged_map(executor); });
}

TEST(MpiStagedMapTest, all_stages_run_on_the_other_ranks) {
  const auto processes = manager().all_gather(static_cast<int>(::getpid()));
  MpiExecutor::run(manager(), [&](Executor& executor) {
    const auto is_right = [&](int process) {
      const auto rank = std::find(processes.begin(), processes.end(), process);
      return rank != processes.end() && (rank == processes.begin()) == (processes.size() == 1);
    };
    StagedMap map(executor);
    auto first = map.add_stage(std::views::iota(0, 50), [](int) { return static_cast<int>(::getpid()); });
    auto second = map.add_stage(first, [](int before) {
      return std::vector<int>{before, static_cast<int>(::getpid())};
    });
    map.start();
    for (const auto& outcome : second) {
      EXPECT_TRUE(is_right(outcome.value()[0]));
      EXPECT_TRUE(is_right(outcome.value()[1]));
    }
  });
}

TEST(MpiStagedMapTest, abandoned_half_way_it_leaves_the_ranks_free) {
  MpiExecutor::run(manager(), [](Executor& executor) {
    {
      StagedMap map(executor, {.buffer = 100});
      auto endless = map.add_stage(std::views::iota(0), [](int i) { return i; });
      map.start();
      EXPECT_EQ(endless.next()->value(), 0);
    }
    EXPECT_EQ(executor.submit([](int i) { return i; }, 7).get().value(), 7);
  });
  manager().sync();
}

}  // namespace
}  // namespace windrow
