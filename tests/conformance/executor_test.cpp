#include <gtest/gtest.h>

#include <algorithm>

#include "conformance/conformance.hpp"
#include "pool/executor_checks.hpp"
#include "windrow/pool/mpi/mpi_executor.hpp"

namespace windrow {
namespace {

using test::manager;

TEST(MpiExecutorTest, has_the_same_calls_as_every_executor) {
  for (int round = 0; round < 3; ++round) {  // each service ends without a trace
    MpiExecutor::run(manager(), [](Executor& executor) {
      EXPECT_EQ(executor.worker_count(), std::max(1, manager().size() - 1));
      test::check_everything(executor);
    });
    manager().sync();
  }
}

TEST(MpiExecutorTest, items_run_on_the_other_ranks) {
  const auto ranks = manager().all_gather(static_cast<int>(::getpid()));
  MpiExecutor::run(manager(), [&](Executor& executor) {
    for (const auto& outcome : executor.map([](int) { return static_cast<int>(::getpid()); }, std::vector<int>(50))) {
      const auto rank = std::find(ranks.begin(), ranks.end(), outcome.value());
      EXPECT_NE(rank, ranks.end());
      EXPECT_EQ(rank == ranks.begin(), ranks.size() == 1);  // the root's only if it is alone
    }
  });
}

TEST(MpiExecutorTest, an_exception_of_the_body_ends_the_service_on_every_rank) {
  const auto body = [](Executor& executor) {
    auto unfinished = executor.map_async([](int i) { return i; }, test::first_integers(1000));
    throw std::runtime_error("changed my mind");
  };
  if (manager().is_root()) {
    EXPECT_THROW(MpiExecutor::run(manager(), body), std::runtime_error);
  } else {
    MpiExecutor::run(manager(), body);
  }
  manager().sync();
}

TEST(MpiExecutorTest, a_failing_initializer_fails_the_items_on_every_backend) {
  MpiExecutor::run(manager(),
                   [](Executor& executor) {
                     for (const auto& outcome : executor.map([](int i) { return i; }, test::first_integers(20))) {
                       EXPECT_FALSE(outcome.ok());
                     }
                   },
                   {.initializer = [] { throw std::runtime_error("no licence"); }});
}

}  // namespace
}  // namespace windrow
