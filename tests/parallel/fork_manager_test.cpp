// Peers that die, throw, or make other calls than the rest. Each study runs in a process of its own, which must end in
// time and leave nothing behind.
#include "windrow/parallel/fork_manager.hpp"

#include <gmock/gmock.h>
#include <signal.h>
#include <unistd.h>

#include <cstdio>
#include <map>
#include <span>
#include <string>
#include <tuple>
#include <vector>

#include "faults/ending.hpp"
#include "faults/outcomes.hpp"
#include "faults/support.hpp"
#include "parallel/callbacks.hpp"
#include "windrow/parallel/launch.hpp"
#include "windrow/process/shared_memory.hpp"

namespace windrow {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using test::Ended;
using test::Ending;
using test::in_order;
using test::numbers;
using testing::HasSubstr;
using Body = std::function<int(ParallelManager&)>;

/// Expectations in `body` count: their text is in the run's output, and the code is 99 if one failed at the root.
Ended launch_peers(int size, const Body& body) {
  LaunchOptions options;
  options.backend = Backend::fork;
  options.workers = size;
  const bool failed_before = testing::Test::HasFailure();
  const auto fails = [failed_before] { return testing::Test::HasFailure() && !failed_before; };
  const Ended run = test::run_apart([&] {
    const test::Belongings before;
    const int code = launch(
        0, nullptr,
        [&](ParallelManager& manager) {
          const int result = body(manager);
          return manager.is_root() && fails() ? 99 : result;
        },
        options);
    EXPECT_EQ(test::Belongings(), before);
    return fails() ? 99 : code;
  });
  EXPECT_TRUE(run.in_time) << run.out << run.err;
  EXPECT_NE(run.status.code(), 99) << run.out << run.err;
  return run;
}

std::vector<Outcome<int>> scatter_numbers(ParallelManager& manager, std::size_t count, Schedule schedule,
                                          const std::function<void(int)>& before_each) {
  auto results = manager
                     .scatter([] { return 0; },
                              [&](int&, int p) {
                                before_each(p);
                                return p * 2;
                              },
                              numbers(count), {.schedule = schedule})
                     .gather();
  return manager.is_root() ? in_order(results, count) : std::vector<Outcome<int>>{};
}

[[noreturn]] void stay() {
  for (;;) ::pause();
}

class PeerEndingTest : public testing::TestWithParam<std::tuple<Ending, Schedule>> {};
INSTANTIATE_TEST_SUITE_P(ForkManagerTest, PeerEndingTest,
                         testing::Combine(testing::ValuesIn(test::endings), testing::ValuesIn(all_schedules)),
                         [](const auto& p) {
                           return std::get<0>(p.param).name + ("_" + std::string(name_of(std::get<1>(p.param))));
                         });

TEST_P(PeerEndingTest, costs_its_point_while_the_others_evaluate_the_rest) {
  const auto& [ending, schedule] = GetParam();
  for (const int size : {2, 3, 5}) {
    const Ended run = launch_peers(size, [&, end = ending, how = schedule](ParallelManager& manager) {
      const int rank = manager.rank();
      const auto outcomes = scatter_numbers(manager, 60, how, [&](int) {
        if (rank == 1) end.happen();
        std::this_thread::sleep_for(milliseconds(1));
      });
      if (!manager.is_root()) return 0;
      std::size_t failed = 0;
      for (const auto& outcome : outcomes) {
        if (outcome.ok()) continue;
        ++failed;
        EXPECT_EQ(outcome.failure().kind, end.kind);
        EXPECT_EQ(outcome.failure().code, end.code);
        EXPECT_EQ(outcome.failure().rank, 1);
      }
      EXPECT_EQ(failed, end.code == -SIGKILL ? 0U : 1U) << "tried once more where somebody else may have killed it";
      return 0;
    });
    const int code = ending.code < 0 ? 128 - ending.code : ending.code;
    EXPECT_EQ(run.status, ExitStatus::exited(code)) << "that a peer died is seen from outside";
  }
}

TEST(ForkManagerTest, the_share_of_a_killed_peer_is_summarized_by_another_and_stays_its_own) {
  launch_peers(3, [](ParallelManager& manager) {
    const int rank = manager.rank();
    const auto results = manager
                             .scatter([] { return 0; },
                                      [rank](int&, std::span<const int> share) {
                                        if (rank == 1) ::kill(::getpid(), SIGKILL);
                                        return share.front();
                                      },
                                      numbers(30))
                             .gather();
    const bool took_over = !manager.is_root() && results.size() == 2;
    EXPECT_EQ(results.size(), manager.is_root() ? 3U : took_over ? 2U : 1U);
    for (const auto& local : results) {
      EXPECT_TRUE(manager.is_root() || local.worker == (&local == &results.front() ? rank : 1));
      EXPECT_EQ(local.indices.size(), 10U);
      EXPECT_TRUE(local.summary && local.summary->ok() && local.summary->value() == 10 * local.worker);
    }
    return 0;
  });
}

TEST(ForkManagerTest, every_peer_may_die_and_the_root_evaluates_alone) {
  const Ended run = launch_peers(4, [](ParallelManager& manager) {
    const int rank = manager.rank();
    const auto outcomes = scatter_numbers(manager, 40, Schedule::dynamic, [&](int) {
      if (rank != 0) test::endings[1].happen();
      std::this_thread::sleep_for(milliseconds(1));
    });
    std::size_t failed = 0;
    for (const auto& outcome : outcomes) failed += outcome.ok() ? 0 : 1;
    EXPECT_EQ(failed, 3U);
    return 0;
  });
  EXPECT_EQ(run.status, ExitStatus::exited(128 + SIGABRT));
}

TEST(ForkManagerTest, scatter_goes_on_without_a_peer_that_died_in_an_earlier_one) {
  for (const Schedule schedule : all_schedules) {
    launch_peers(3, [schedule](ParallelManager& manager) {
      const int rank = manager.rank();
      for (int round = 0; round < 3; ++round) {
        const auto outcomes = scatter_numbers(manager, 30, schedule, [&](int) {
          if (rank == 1) test::endings[2].happen();
          std::this_thread::sleep_for(milliseconds(1));
        });
        std::size_t failed = 0;
        for (const auto& outcome : outcomes) failed += outcome.ok() ? 0 : 1;
        EXPECT_EQ(failed, round == 0 && manager.is_root() ? 1U : 0U) << "in round " << round;
      }
      return 0;
    });
  }
}

using Calls = std::map<std::string, std::function<void(ParallelManager&)>>;

const Calls& calls() {
  static const Calls all = {
      {"scatter", [](ParallelManager& m) { scatter_numbers(m, 10, Schedule::dynamic, [](int) {}); }},
      {"scatter of nothing", [](ParallelManager& m) { scatter_numbers(m, 0, Schedule::dynamic, [](int) {}); }},
      {"sync", [](ParallelManager& m) { m.sync(); }},
      {"broadcast", [](ParallelManager& m) { static_cast<void>(m.broadcast(std::string(100, 'x'))); }},
      {"all_gather", [](ParallelManager& m) { static_cast<void>(m.all_gather(m.rank())); }},
      {"gather", [](ParallelManager& m) { static_cast<void>(m.gather(std::span<const int>())); }},
      {"all_reduce", [](ParallelManager& m) { static_cast<void>(m.all_reduce(1.0)); }},
  };
  return all;
}

TEST(ForkManagerTest, a_collective_call_after_the_death_of_a_peer_says_who_is_gone) {
  for (const auto& [name, call] : calls()) {
    if (name.starts_with("scatter")) continue;
    const Ended run = launch_peers(3, [&call = call](ParallelManager& manager) {
      if (manager.rank() == 2) test::endings[0].happen();
      try {
        call(manager);
        manager.sync();  // what only sends may find out at the next call
      } catch (const PeerLost& error) {
        std::fprintf(stderr, "lost at %d: %s\n", manager.rank(), error.what());
        return 5;
      }
      return 0;
    });
    EXPECT_EQ(run.status, ExitStatus::exited(5)) << name;
    EXPECT_THAT(run.err, HasSubstr("lost at 0: rank 2 is gone")) << name;
  }
}

// One that ends without a word is as lost as one that is killed.
TEST(ForkManagerTest, a_peer_that_leaves_early_is_lost_to_the_others) {
  for (const Ending& ending : test::endings) {
    const Ended run = launch_peers(3, [&](ParallelManager& manager) {
      if (manager.rank() == 1) ending.happen();
      for (;;) manager.sync();
      return 0;
    });
    EXPECT_EQ(run.status, ExitStatus::exited(1)) << ending;
    EXPECT_THAT(run.err, HasSubstr("rank 1 is gone")) << ending;
  }
}

// A process that the peer left behind still holds its end of the channel.
TEST(ForkManagerTest, a_dead_peer_is_lost_although_a_process_of_its_own_lives_on) {
  const SharedMemory memory(sizeof(pid_t));
  auto* heir = static_cast<volatile pid_t*>(memory.data());
  const Ended run = launch_peers(2, [&](ParallelManager& manager) {
    if (manager.rank() == 1) {
      const pid_t pid = ::fork();
      if (pid == 0) {
        ::alarm(30);
        stay();
      }
      *heir = pid;
      test::endings[0].happen();
    }
    manager.sync();
    return 0;
  });
  EXPECT_EQ(run.status, ExitStatus::exited(1));
  EXPECT_THAT(run.err, HasSubstr("rank 1 is gone"));
  ::kill(*heir, SIGKILL);
}

TEST(ForkManagerTest, an_exception_on_a_peer_ends_the_others_wherever_they_wait) {
  for (const auto& [name, call] : calls()) {
    const Ended run = launch_peers(3, [&call = call](ParallelManager& manager) -> int {
      if (manager.rank() == 1) throw std::runtime_error("no licence on this node");
      for (int i = 0; i < 3; ++i) call(manager);
      return 0;
    });
    EXPECT_EQ(run.status, ExitStatus::exited(1)) << name;
    EXPECT_THAT(run.err, HasSubstr("rank 1 (")) << name;
    EXPECT_THAT(run.err, HasSubstr("): no licence on this node")) << name;
  }
}

TEST(ForkManagerTest, an_exception_at_the_root_ends_peers_that_wait_or_compute) {
  for (const std::string at : {"sync", "scatter", "gather", "nowhere"}) {
    const Ended run = launch_peers(3, [&](ParallelManager& manager) -> int {
      manager.sync();
      if (manager.is_root()) throw SpecError("no such study");
      if (at == "nowhere") stay();
      calls().at(at)(manager);
      if (at == "gather") manager.sync();
      return 0;
    });
    EXPECT_EQ(run.status, ExitStatus::exited(2)) << at;
    EXPECT_THAT(run.err, HasSubstr("rank 0 (")) << at;
    EXPECT_THAT(run.err, HasSubstr("): no such study")) << at;
  }
}

TEST(ForkManagerTest, ranks_in_different_calls_are_an_error_on_both_sides) {
  const auto kind = [](std::string name) {  // what looks the same to other ranks
    if (name.starts_with("scatter")) return std::string("scatter");
    return name == "sync" ? std::string("all_gather") : name;
  };
  for (const auto& [root_name, root_call] : calls()) {
    for (const auto& [peer_name, peer_call] : calls()) {
      if (kind(root_name) == kind(peer_name)) continue;
      SCOPED_TRACE("root in " + root_name + ", rank 1 in " + peer_name);
      const Ended run = launch_peers(3, [&root = root_call, &peer = peer_call](ParallelManager& manager) {
        static_cast<void>(manager.broadcast(1));
        manager.sync();
        (manager.rank() == 1 ? peer : root)(manager);
        manager.sync();
        manager.sync();
        return 0;
      });
      EXPECT_NE(run.status.code(), 0);
      EXPECT_THAT(run.err, testing::AnyOf(HasSubstr("in another call"), HasSubstr("not for a worker"),
                                          HasSubstr("not for the root"), HasSubstr("the wrong size")));
    }
  }
}

TEST(ForkManagerTest, peers_are_gone_within_a_second_after_the_root_is_killed) {
  for (const std::string at : {"computing", "waiting", "evaluating"}) {
    const SharedMemory memory(3 * sizeof(pid_t));
    auto* pids = static_cast<volatile pid_t*>(memory.data());
    Process root = test::forked("test-root", [&] {
      return ForkManager::run_peers(3, [&](ParallelManager& manager) {
        pids[manager.rank()] = ::getpid();
        if (at == "computing" || (at == "waiting" && manager.is_root())) stay();
        if (at == "evaluating") scatter_numbers(manager, 6, Schedule::static_split, [](int) { stay(); });
        manager.sync();
        return 0;
      });
    });
    ASSERT_TRUE(test::within(seconds(10), [&] { return pids[0] != 0 && pids[1] != 0 && pids[2] != 0; }));
    std::this_thread::sleep_for(milliseconds(20));
    root.signal(SIGKILL);
    EXPECT_TRUE(test::within(seconds(1), [&] { return test::is_gone(pids[1]) && test::is_gone(pids[2]); })) << at;
  }
}

TEST(ForkManagerTest, an_exception_from_the_roots_callback_ends_the_job_everywhere_and_the_next_works) {
  const Ended run = launch_peers(4, [](ParallelManager& manager) {
    for (const std::size_t at : {1, 7, 50, 100}) {
      std::size_t completed = 0;
      detail::TestJob job;
      job.pending = IndexSet::first(manager.is_root() ? 100 : 0);
      job.evaluation.on_evaluate = [](const detail::Assigned&, detail::WorkerContext&,
                                      detail::ByteWriter& result) -> std::optional<TaskFailure> {
        result.put_bytes(Bytes(10));
        return std::nullopt;
      };
      job.on_completed = [&](const detail::Completed&) {
        if (++completed == at) throw std::runtime_error("disk full");
      };
      job.on_conclude = [] { return Bytes(1); };
      bool thrown = false;
      try {
        EXPECT_TRUE(detail::run_job(manager, job).conclusion.empty()) << "nothing was concluded";
      } catch (const std::runtime_error& error) {
        thrown = error.what() == std::string("disk full");
      }
      EXPECT_EQ(thrown, manager.is_root());
      for (const auto& outcome : scatter_numbers(manager, 50, Schedule::dynamic, [](int) {})) EXPECT_TRUE(outcome.ok());
    }
    return manager.all_reduce(testing::Test::HasFailure() ? 1 : 0);
  });
  EXPECT_EQ(run.status, ExitStatus::exited(0)) << run.out << run.err;
}

// The root evaluates on a thread of its own, whose exceptions must not end the program.
TEST(ForkManagerTest, what_the_observer_of_an_outcome_throws_is_that_outcome) {
  const Ended run = launch_peers(2, [](ParallelManager& manager) {
    detail::TestJob job;
    job.pending = IndexSet::first(100);
    job.evaluation.on_evaluate = [](const detail::Assigned&, detail::WorkerContext&,
                                    detail::ByteWriter& result) -> std::optional<TaskFailure> {
      result.put_bytes(Bytes(10));
      return std::nullopt;
    };
    if (manager.is_root()) {
      job.evaluation.on_observe = [](const detail::Assigned&, std::span<const std::byte>, const TaskFailure*) {
        throw std::runtime_error("observer");
      };
    }
    std::size_t completed = 0;
    job.on_completed = [&](const detail::Completed& outcome) {
      ++completed;
      EXPECT_EQ(outcome.failure != nullptr, outcome.worker == 0);
      if (outcome.failure != nullptr) {
        EXPECT_EQ(outcome.failure->kind, FailureKind::bad_output);
        EXPECT_EQ(outcome.failure->message, "observer");
      }
    };
    detail::run_job(manager, job);
    EXPECT_EQ(completed, manager.is_root() ? 100U : 0U);
    return testing::Test::HasFailure() ? 1 : 0;
  });
  EXPECT_EQ(run.status, ExitStatus::exited(0)) << run.err;
}

// Or the root would hand it out for ever.
TEST(ForkManagerTest, a_point_that_says_interrupted_without_a_stop_fails) {
  const auto expect_failure = [](ParallelManager& manager) {
    const auto outcomes = scatter_numbers(manager, 3, Schedule::dynamic, [](int p) {
      if (p == 1) throw Interrupted();
    });
    if (!manager.is_root()) return 0;
    EXPECT_TRUE(outcomes[0].ok());
    EXPECT_FALSE(outcomes[1].ok());
    EXPECT_TRUE(outcomes[2].ok());
    return 0;
  };
  EXPECT_EQ(launch_peers(1, expect_failure).status, ExitStatus::exited(0));
  EXPECT_EQ(launch_peers(2, expect_failure).status, ExitStatus::exited(0));
}

TEST(ForkManagerTest, no_worker_and_no_rank_are_errors) {
  EXPECT_THROW(ForkManager(0), SpecError);
  EXPECT_THROW(ForkManager::run_peers(0, [](ParallelManager&) { return 0; }), SpecError);
}

}  // namespace
}  // namespace windrow
