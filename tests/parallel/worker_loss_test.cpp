// Workers that a ForkManager on the root alone forks, and what ends them.
#include <gmock/gmock.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <concepts>
#include <random>
#include <set>
#include <span>
#include <string>
#include <tuple>
#include <vector>

#include "faults/ending.hpp"
#include "faults/outcomes.hpp"
#include "faults/strays.hpp"
#include "faults/support.hpp"
#include "parallel/callbacks.hpp"
#include "parallel/process_workers.hpp"
#include "windrow/parallel/fork_manager.hpp"
#include "windrow/process/shared_memory.hpp"

namespace windrow {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using test::Belongings;
using test::Ending;
using test::in_order;
using test::numbers;
using testing::HasSubstr;

int no_model() {
  return 0;
}

/// Expects that exactly the points of `fatal` failed, as `ending` says.
void expect_failures(const std::vector<Outcome<int>>& outcomes, const std::set<int>& fatal, const Ending& ending,
                     int workers) {
  for (std::size_t i = 0; i < outcomes.size(); ++i) {
    if (fatal.count(static_cast<int>(i)) == 0) {
      EXPECT_TRUE(outcomes[i].ok() && outcomes[i].value() == static_cast<int>(i) * 2) << "point " << i;
      continue;
    }
    ASSERT_FALSE(outcomes[i].ok()) << "point " << i;
    const TaskFailure& failure = outcomes[i].failure();
    EXPECT_EQ(failure.index, i);
    EXPECT_EQ(failure.kind, ending.kind) << describe(failure);
    EXPECT_EQ(failure.code, ending.code) << describe(failure);
    EXPECT_FALSE(failure.host.empty());
    EXPECT_GE(failure.rank, 0);
    EXPECT_LT(failure.rank, workers);
    EXPECT_THAT(failure.message, HasSubstr("ended by"));
  }
}

class EndingTest : public testing::TestWithParam<std::tuple<Ending, Schedule, int>> {};
INSTANTIATE_TEST_SUITE_P(WorkerLossTest, EndingTest,
                         testing::Combine(testing::ValuesIn(test::endings), testing::ValuesIn(all_schedules),
                                          testing::Values(1, 2, 4)),
                         [](const auto& p) {
                           return std::get<0>(p.param).name + ("_" + std::string(name_of(std::get<1>(p.param)))) + "_" +
                                  std::to_string(std::get<2>(p.param));
                         });

TEST(WorkerLossTest, costs_the_summary_of_its_share_and_no_other) {
  for (const Ending& ending : test::endings) {
    for (const int workers : {1, 2, 4}) {
      const SharedMemory memory(sizeof(std::atomic<int>));
      auto& tries = *static_cast<std::atomic<int>*>(memory.data());
      ForkManager manager(workers);
      auto scattered = manager.scatter(
          no_model,
          [&](int&, std::span<const int> share) {
            if (share.back() == 12) {
              ++tries;
              ending.happen();
            }
            return share.size();
          },
          numbers(13));
      std::size_t points = 0;
      for (const auto& local : scattered.gather()) {
        ASSERT_TRUE(local.summary.has_value());
        ASSERT_EQ(local.summary->ok(), local.worker != workers - 1);
        points += local.indices.size();
        if (local.summary->ok()) {
          EXPECT_EQ(local.summary->value(), local.indices.size());
          continue;
        }
        const TaskFailure& failure = local.summary->failure();
        EXPECT_EQ(failure.kind, ending.kind) << describe(failure);
        EXPECT_EQ(failure.index, local.indices.front());
        EXPECT_EQ(failure.attempts, tries);
      }
      EXPECT_EQ(points, 13U);
      EXPECT_EQ(tries, ending.code == -SIGKILL ? 2 : 1) << "somebody else may have killed the worker";
      EXPECT_EQ(scattered.lost_workers().size(), static_cast<std::size_t>(tries));
    }
  }
}

// Its successor is forked by the thread that coordinates, and goes on when that ends.
TEST(WorkerLossTest, a_worker_of_a_scatter_in_the_background_is_replaced) {
  const Belongings before;
  {
    const SharedMemory memory(sizeof(std::atomic<int>));
    auto& tries = *static_cast<std::atomic<int>*>(memory.data());
    ForkManager manager(2);
    auto begun = manager.scatter_async(
        no_model,
        [&](int&, int p) {
          if (p == 7 && ++tries == 1) ::kill(::getpid(), SIGKILL);
          return p * 2;
        },
        numbers(40));
    expect_failures(in_order(begun.gather(), 40), {}, test::endings[0], 2);
    EXPECT_EQ(tries, 2);
    EXPECT_EQ(begun.lost_workers().size(), 1U);
  }
  EXPECT_EQ(Belongings(), before);
}

TEST(WorkerLossTest, the_share_of_a_worker_that_was_killed_once_is_summarized_in_full) {
  const SharedMemory memory(sizeof(std::atomic<int>));
  auto& tries = *static_cast<std::atomic<int>*>(memory.data());
  ForkManager manager(3);
  auto scattered = manager.scatter(
      no_model,
      [&](int&, std::span<const int> share) {
        if (share.front() == 0 && ++tries == 1) ::kill(::getpid(), SIGKILL);
        return share.size();
      },
      numbers(13));
  for (const auto& local : scattered.gather()) {
    ASSERT_TRUE(local.summary.has_value());
    EXPECT_EQ(local.summary->value(), local.worker == 0 ? 5U : 4U);
  }
  EXPECT_EQ(tries, 2);
  EXPECT_EQ(scattered.lost_workers().size(), 1U);
}

TEST_P(EndingTest, costs_its_point_and_no_other) {
  const auto& [ending, schedule, workers] = GetParam();
  constexpr std::size_t count = 13;
  const std::set<int> all = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
  const Belongings before;
  for (const std::set<int>& fatal : {std::set<int>{0}, {12}, {0, 5, 6, 12}, all}) {
    ForkManager manager(workers);
    auto scattered = manager.scatter(no_model,
                                     [&, end = ending](int&, int p) {
                                       if (fatal.count(p) != 0) end.happen();
                                       return p * 2;
                                     },
                                     numbers(count), {.schedule = schedule});
    const std::size_t tries = ending.code == -SIGKILL ? 2 : 1;  // somebody else may have killed the worker
    EXPECT_EQ(scattered.lost_workers().size(), tries * fatal.size());
    expect_failures(in_order(scattered.gather(), count), fatal, ending, workers);
  }
  EXPECT_EQ(Belongings(), before);
}

// They share readings of the clock, and are reported together.
TEST(WorkerLossTest, among_very_short_points_it_costs_one_as_well) {
  constexpr std::uint64_t count = 20'000, fatal = 12'345;
  for (const Ending& ending : test::endings) {
    ForkManager manager(2);
    const auto mapped = manager.map(
        no_model,
        [&ending](int&, std::uint64_t index) {
          if (index == fatal) ending.happen();
          return index + 1;
        },
        count);
    ASSERT_EQ(mapped.failures.size(), 1U) << ending.name;
    EXPECT_EQ(mapped.failures.front().index, fatal);
    EXPECT_EQ(mapped.failures.front().kind, ending.kind);
    for (std::uint64_t i = 0; i < count; ++i) EXPECT_EQ(mapped.values[i], i == fatal ? 0 : i + 1);
  }
}

TEST(WorkerLossTest, a_point_whose_worker_is_killed_is_tried_once_more) {
  const SharedMemory memory(sizeof(std::atomic<int>));
  auto& tries = *static_cast<std::atomic<int>*>(memory.data());
  const auto killed_once = [&tries](int, std::integral auto index) {
    if (index == 7 && tries++ == 0) ::kill(::getpid(), SIGKILL);
    return static_cast<int>(index) * 2;
  };
  for (const Schedule schedule : all_schedules) {
    ForkManager manager(2);
    tries = 0;
    auto scattered = manager.scatter(no_model, killed_once, numbers(13), {.schedule = schedule});
    EXPECT_EQ(scattered.lost_workers().size(), 1U);
    expect_failures(in_order(scattered.gather(), 13), {}, test::endings[0], 2);
    tries = 0;
    const Mapped<int> mapped = manager.map(no_model, killed_once, 13, {.schedule = schedule});
    EXPECT_EQ(mapped.lost_workers.size(), 1U);
    EXPECT_TRUE(mapped.failures.empty());
    EXPECT_EQ(mapped.values[7], 14);
    EXPECT_EQ(tries, 2);
  }
}

TEST(WorkerLossTest, a_share_that_is_executed_as_a_whole_fails_as_a_whole_and_alone) {
  for (const Ending& ending : test::endings) {
    ForkManager manager(3);
    auto scattered = manager.scatter(
        no_model,
        [&](int&, std::span<const int> share) {
          std::vector<int> results;
          for (const int p : share) {
            if (p == 6) ending.happen();
            results.push_back(p * 2);
          }
          return results;
        },
        numbers(12));
    expect_failures(in_order(scattered.gather(), 12), {4, 5, 6, 7}, ending, 3);
  }
}

TEST(WorkerLossTest, workers_that_die_in_build_fail_every_point_after_a_few_attempts) {
  for (const Schedule schedule : all_schedules) {
    const Belongings before;
    const SharedMemory memory(sizeof(std::atomic<int>));
    auto& builds = *static_cast<std::atomic<int>*>(memory.data());
    ForkManager manager(3);
    auto scattered = manager.scatter(
        [&]() -> int {
          ++builds;
          test::endings[2].happen();
        },
        [](int&, int p) { return p * 2; }, numbers(500), {.schedule = schedule});
    EXPECT_LE(builds.load(), 9);
    for (const auto& outcome : in_order(scattered.gather(), 500)) {
      ASSERT_FALSE(outcome.ok());
      EXPECT_EQ(outcome.failure().kind, FailureKind::crashed);
      EXPECT_THAT(outcome.failure().message, HasSubstr("no worker is left"));
      EXPECT_THAT(outcome.failure().message, HasSubstr("Segmentation fault"));
    }
    EXPECT_EQ(Belongings(), before);
  }
}

TEST(WorkerLossTest, a_build_that_dies_once_is_tried_again) {
  const SharedMemory memory(sizeof(std::atomic<int>));
  auto& builds = *static_cast<std::atomic<int>*>(memory.data());
  ForkManager manager(2);
  auto results = manager
                     .scatter(
                         [&] {
                           if (builds++ == 0) test::endings[0].happen();
                           return 0;
                         },
                         [](int&, int p) { return p; }, numbers(50))
                     .gather();
  for (const auto& outcome : in_order(results, 50)) EXPECT_TRUE(outcome.ok());
}

TEST(WorkerLossTest, what_a_point_starts_on_its_own_ends_with_the_root_the_worker_or_the_job) {
  enum class Ends { root, worker, job };
  for (const Ends ends : {Ends::root, Ends::worker, Ends::job}) {
    SCOPED_TRACE(static_cast<int>(ends));
    test::Strays strays;
    const test::Front root([&] {
      ForkManager manager(2);
      manager
          .scatter(
              no_model,
              [&](int&, int p) {
                if (p == 3 && strays.are_made()) return p;  // a lost point is tried again
                if (p == 3) strays.make();
                while (p == 3 && ends != Ends::job) ::pause();
                return p;
              },
              numbers(6))
          .gather();
      for (;;) ::pause();
    });
    ASSERT_TRUE(test::within(seconds(20), [&] { return strays.are_made(); }));
    if (ends != Ends::job) {
      ASSERT_TRUE(strays.are_there());
      ::kill(ends == Ends::root ? root.pid() : strays.maker(), SIGKILL);
    }
    EXPECT_TRUE(test::within(seconds(20), [&] { return strays.are_gone(); }));
  }
}

/// Kills children of its parent at random moments, until it is destroyed itself.
Process killer(unsigned seed) {
  const pid_t parent = ::getpid();
  return test::forked("test-killer", [=]() -> int {
    std::mt19937 random(seed);
    for (;;) {
      std::this_thread::sleep_for(std::chrono::microseconds(500 + random() % 4000));
      auto victims = test::children_of(parent);
      victims.erase(std::remove(victims.begin(), victims.end(), ::getpid()), victims.end());
      if (!victims.empty()) ::kill(victims[random() % victims.size()], SIGKILL);
    }
  });
}

TEST(WorkerLossTest, workers_killed_from_outside_at_random_moments_cost_a_point_each_at_most) {
  constexpr std::size_t count = 2000;
  std::size_t lost = 0;
  std::size_t failed = 0;
  const Belongings before;
  for (unsigned seed = 1; seed <= 20; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    ForkManager manager(static_cast<int>(1 + seed % 4));
    const Process kills = killer(seed);
    auto scattered = manager.scatter(no_model,
                                     [](int&, int p) {
                                       const auto end =
                                           std::chrono::steady_clock::now() + std::chrono::microseconds(20);
                                       while (std::chrono::steady_clock::now() < end) {
                                       }
                                       return p * 2;
                                     },
                                     numbers(count), {.schedule = all_schedules[seed % all_schedules.size()]});
    lost += scattered.lost_workers().size();
    const auto outcomes = in_order(scattered.gather(), count);
    for (std::size_t i = 0; i < count; ++i) {
      if (outcomes[i].ok()) {
        EXPECT_EQ(outcomes[i].value(), static_cast<int>(i) * 2);
      } else {
        const TaskFailure& failure = outcomes[i].failure();
        EXPECT_EQ(failure.kind, FailureKind::crashed);
        EXPECT_EQ(failure.code, -SIGKILL);
        // On a busy machine all workers may be killed time and again before they have done anything.
        if (failure.message.find("no worker is left") == std::string::npos) ++failed;
      }
    }
  }
  EXPECT_GE(lost, 20U) << "or this test shows nothing";
  EXPECT_LE(failed, lost);
  EXPECT_EQ(Belongings(), before);
}

TEST(WorkerLossTest, a_manager_whose_workers_died_is_as_good_as_new) {
  ForkManager manager(2);
  for (int round = 0; round < 5; ++round) {
    auto results = manager
                       .scatter(no_model,
                                [round](int&, int p) {
                                  if (p % 5 == round) test::endings[0].happen();
                                  return p;
                                },
                                numbers(20), {.schedule = Schedule::dynamic})
                       .gather();
    std::size_t failed = 0;
    for (const auto& outcome : in_order(results, 20)) failed += outcome.ok() ? 0 : 1;
    EXPECT_EQ(failed, 4U);
  }
}

TEST(WorkerLossTest, an_exception_of_the_root_leaves_no_worker) {
  const Belongings before;
  ForkManager manager(3);
  detail::TestJob job;
  job.pending = IndexSet::first(100);
  job.evaluation.on_evaluate = [](const detail::Assigned& assigned, detail::WorkerContext&,
                                  detail::ByteWriter&) -> std::optional<TaskFailure> {
    if (assigned.index > 2) std::this_thread::sleep_for(seconds(1000));
    return std::nullopt;
  };
  job.on_completed = [](const detail::Completed&) { throw std::runtime_error("disk full"); };
  EXPECT_THROW(detail::run_job(manager, job), std::runtime_error);
  EXPECT_EQ(Belongings(), before);
}

/// One worker process that does what a worker should not, and how that is told.
detail::WorkerLoss loss_of(const std::function<int(int)>& misbehave) {
  auto [here, there] = ByteChannel::pair();
  Process child = test::forked("test-strange", [&, &here_end = here, &there_end = there] {
    here_end.close();
    return misbehave(there_end.descriptor());
  });
  there.close();
  std::vector<detail::WorkerProcess> processes;
  processes.push_back({std::move(here), std::move(child)});
  detail::EvaluationMarks marks(1);
  marks.of(0)->store(42 + 1);
  detail::ProcessWorkers workers(processes, 0, marks, nullptr);
  for (;;) {
    const auto event = workers.next(seconds(20));
    if (!event) return {};
    if (const auto* loss = std::get_if<detail::WorkerLoss>(&event->what)) {
      EXPECT_EQ(workers.next(milliseconds(5)), std::nullopt) << "a loss is told once";
      return *loss;
    }
  }
}

int stay() {
  for (;;) ::pause();
}

TEST(ProcessWorkersTest, a_worker_that_sends_garbage_is_ended_and_lost) {
  const auto loss = loss_of([](int socket) {
    EXPECT_EQ(::write(socket, "this is no message", 18), 18);
    return stay();
  });
  EXPECT_EQ(loss.failure.kind, FailureKind::crashed);
  EXPECT_EQ(loss.failure.code, -SIGKILL);
  EXPECT_EQ(loss.evaluating, 42U);
}

TEST(ProcessWorkersTest, a_worker_that_closes_its_channel_and_stays_is_ended_and_lost) {
  const auto loss = loss_of([](int socket) {
    ::close(socket);
    return stay();
  });
  EXPECT_EQ(loss.failure.code, -SIGKILL);
}

TEST(ProcessWorkersTest, a_worker_that_ends_within_a_message_is_lost) {
  const auto loss = loss_of([](int socket) {
    EXPECT_EQ(::write(socket, "worw", 4), 4);
    return 5;
  });
  EXPECT_EQ(loss.failure.kind, FailureKind::exited);
  EXPECT_EQ(loss.failure.code, 5);
  EXPECT_THAT(loss.failure.message, HasSubstr("exit code 5"));
}

// The channel stays open then, and only the process itself tells.
TEST(ProcessWorkersTest, a_worker_whose_channel_lives_on_in_a_process_of_its_own_is_lost) {
  const SharedMemory memory(sizeof(pid_t));
  auto* heir = static_cast<volatile pid_t*>(memory.data());
  const auto loss = loss_of([&](int) {
    const pid_t pid = ::fork();
    if (pid == 0) {
      ::alarm(20);
      stay();
    }
    *heir = pid;
    return 6;
  });
  EXPECT_EQ(loss.failure.code, 6);
  ::kill(*heir, SIGKILL);
}

}  // namespace
}  // namespace windrow
