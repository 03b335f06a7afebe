// Isolated evaluations when what they are forked from dies, and what is left of them.
#include <gtest/gtest.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "faults/support.hpp"
#include "windrow/parallel/fork_manager.hpp"
#include "windrow/parallel/launch.hpp"
#include "windrow/parallel/serial_manager.hpp"
#include "windrow/run/sweep.hpp"

namespace windrow {
namespace {

using std::chrono::seconds;
using test::Belongings;
using test::is_gone;
using test::within;

Design points(std::uint64_t count) {
  return zip({linear("x", 0.0, static_cast<double>(count - 1), count)});
}

pid_t parent_of(pid_t pid) {
  std::ifstream status("/proc/" + std::to_string(pid) + "/status");
  for (std::string word; status >> word;) {
    if (word == "PPid:" && status >> pid) return pid;
  }
  return 0;
}

int nothing() {
  return 0;
}

TEST(IsolatedTest, nothing_is_left_of_an_isolated_sweep) {
  const Belongings before;
  for (const Isolation isolation : {Isolation::process, Isolation::fork}) {
    SerialManager serial;
    ForkManager fork(2);
    for (ParallelManager* manager : {static_cast<ParallelManager*>(&serial), static_cast<ParallelManager*>(&fork)}) {
      Sweep sweep(points(30), nothing,
                  [](int&, const Point& p) {
                    if (p.index() % 10 == 3) ::raise(SIGKILL);
                    return p["x"].number();
                  },
                  {{"result"}}, {.isolated = Isolated{.where = isolation}});
      EXPECT_EQ(sweep.run(*manager).failed, 3U);
      EXPECT_EQ(Belongings(), before);
    }
  }
}

TEST(IsolatedTest, parameters_of_every_kind_are_the_same_where_points_are_evaluated) {
  const std::vector<Parameter> parameters = {
      Parameter("c", Choice({"a", 2, true}, {1, 2, 0.5})), Parameter("s", Samples({3, 1, 2}, true)),
      drawn("l", "lognormal", {{"mean", 300}, {"sd", 30}, {"high", 400}}), normal("n", 0, 1)};
  const std::vector<Parameter> levels = {linear("a", 0, 1, 2), linear_steps("b", 0, 0.3, 0.3), geometric("c", 1, 2, 2),
                                         integers("d", -5, -6), values("e", {"x", 1.5})};
  for (const Design& design : {monte_carlo(parameters, 3, 1), zip(levels)}) {
    std::string all;
    for (const Parameter& parameter : design.parameters()) all += parameter.definition();
    SerialManager manager;
    Sweep sweep(design, nothing,
                [all](int&, const Point& p) {
                  std::string here;
                  for (const Parameter& parameter : p.parameters()) here += parameter.definition();
                  return here == all ? 1.0 : 0.0;
                },
                {{"same"}}, {.isolated = Isolated{}});
    const SweepResult result = sweep.run(manager);
    for (const auto& outcome : result.outcomes) {
      ASSERT_TRUE(outcome.ok()) << outcome.failure().message;
      EXPECT_EQ(outcome.value()[0], Value(1.0));
    }
  }
}

TEST(IsolatedTest, a_killed_fork_server_costs_no_point) {
  for (const Isolation isolation : {Isolation::process, Isolation::fork}) {
    ForkManager manager(2);
    Sweep sweep(points(40), nothing,
                [](int&, const Point& p) {
                  if (p.index() == 5) ::kill(parent_of(::getppid()), SIGKILL);
                  return p["x"].number();
                },
                {{"result"}}, {.isolated = Isolated{.where = isolation}});
    const SweepResult result = sweep.run(manager);
    EXPECT_EQ(result.succeeded, 40U) << result.summary();
  }
}

TEST(IsolatedTest, a_killed_model_costs_the_point_and_is_built_again) {
  for (const bool server_too : {false, true}) {  // then another server is forked
    SerialManager manager;
    Sweep sweep(
        points(20), [server_too] { return server_too; },
        [](bool& also, const Point& p) {
          if (p.index() == 5) {
            if (also) ::kill(parent_of(::getppid()), SIGKILL);
            ::kill(::getppid(), SIGKILL);
            for (;;) ::pause();
          }
          return p["x"].number();
        },
        {{"result"}}, {.isolated = Isolated{}});
    const SweepResult result = sweep.run(manager);
    EXPECT_EQ(result.succeeded, 19U) << result.summary();
    ASSERT_EQ(result.failures.size(), 1U);
    EXPECT_EQ(result.failures.front().kind, FailureKind::lost);
    EXPECT_NE(result.failures.front().message.find("the process that evaluations are forked from"), std::string::npos);
  }
}

TEST(IsolatedTest, a_prepared_server_that_was_killed_is_replaced) {
  const auto run = test::run_apart([] {
    prepare();
    const auto server = detail::prepared_fork_server();
    prepare();
    if (detail::prepared_fork_server() != server) return 1;
    ::kill(server->pid(), SIGKILL);
    if (!within(seconds(10), [&] { return !server->is_alive(); })) return 2;
    SerialManager manager;
    Sweep sweep(points(5), nothing, [](int&, const Point& p) { return p["x"].number(); }, {{"result"}},
                {.isolated = Isolated{}});
    return sweep.run(manager).succeeded == 5 ? 0 : 3;
  });
  EXPECT_EQ(run.status, ExitStatus::exited(0)) << run.err;
}

// The worker's evaluation has a child in a session of its own.
TEST(IsolatedTest, a_killed_worker_leaves_nothing_and_is_replaced) {
  const Fd told = test::memory_file("pids");
  const int file = told.get();
  ForkManager manager(2);
  Sweep sweep(points(10), nothing,
              [file](int&, const Point& p) {
                if (p.index() == 4 && test::content_of("/proc/self/fd/" + std::to_string(file)).empty()) {
                  const pid_t sleeper = ::fork();
                  if (sleeper == 0) {
                    ::setsid();
                    for (;;) ::pause();
                  }
                  const pid_t pids[] = {sleeper, ::getpid(), ::getppid()};
                  if (::write(file, pids, sizeof pids) != sizeof pids) std::abort();
                  for (;;) ::pause();
                }
                return p["x"].number();
              },
              {{"result"}}, {.isolated = Isolated{.where = Isolation::fork}});
  std::thread killer([&] {
    if (!within(seconds(20), [&] { return !test::content_of(told).empty(); })) return;
    for (const pid_t worker : test::children_of(::getpid())) {
      if (test::content_of("/proc/" + std::to_string(worker) + "/comm").starts_with("windrow-work")) {
        ::kill(worker, SIGKILL);
      }
    }
  });
  const SweepResult result = sweep.run(manager);
  killer.join();
  EXPECT_EQ(result.succeeded + result.failed, 10U);
  EXPECT_LE(result.failed, 2U) << result.summary();  // what the two killed workers were at
  const std::string pids = test::content_of(told);
  ASSERT_EQ(pids.size(), 3 * sizeof(pid_t));
  for (std::size_t i = 0; i < 3; ++i) {
    pid_t pid = 0;
    pids.copy(reinterpret_cast<char*>(&pid), sizeof pid, i * sizeof pid);
    EXPECT_TRUE(within(seconds(10), [&] { return is_gone(pid); })) << pid;
  }
}

// The evaluation that hangs has a child in a session of its own.
TEST(IsolatedTest, a_relative_time_out_leaves_nothing) {
  const Fd told = test::memory_file("pids");
  const int file = told.get();
  SerialManager manager;
  Sweep sweep(points(20), nothing,
              [file](int&, const Point& p) {
                if (p.index() == 12) {
                  const pid_t sleeper = ::fork();
                  if (sleeper == 0) {
                    ::setsid();
                    for (;;) ::pause();
                  }
                  const pid_t pids[] = {sleeper, ::getpid()};
                  if (::write(file, pids, sizeof pids) != sizeof pids) std::abort();
                  for (;;) ::pause();
                }
                return p["x"].number();
              },
              {{"result"}},
              {.isolated = Isolated{.where = Isolation::fork, .relative_timeout = 2.0, .evaluations_per_process = 5}});
  const SweepResult result = sweep.run(manager);
  EXPECT_EQ(result.succeeded, 19U) << result.summary();
  ASSERT_EQ(result.failures.size(), 1U);
  EXPECT_EQ(result.failures.front().kind, FailureKind::timed_out);
  const std::string pids = test::content_of(told);
  ASSERT_EQ(pids.size(), 2 * sizeof(pid_t));
  for (std::size_t i = 0; i < 2; ++i) {
    pid_t pid = 0;
    pids.copy(reinterpret_cast<char*>(&pid), sizeof pid, i * sizeof pid);
    EXPECT_TRUE(is_gone(pid)) << pid;
  }
}

TEST(IsolatedTest, a_crash_under_a_memory_limit_names_the_limit) {
  SerialManager manager;
  Sweep sweep(points(1), nothing,
              [](int&, const Point& p) {
                const rlimit no_core{0, 0};
                ::setrlimit(RLIMIT_CORE, &no_core);
                ::signal(SIGSEGV, SIG_DFL);
                auto* const memory = static_cast<volatile char*>(std::malloc(200'000'000 + p.index()));
                if (memory == nullptr) ::raise(SIGSEGV);  // as the access would
                const char last = memory[199'999'999];
                std::free(const_cast<char*>(memory));
                return static_cast<double>(last);
              },
              {{"result"}}, {.isolated = Isolated{.memory_limit = 100U << 20U}});
  const SweepResult result = sweep.run(manager);
  ASSERT_EQ(result.failures.size(), 1U);
#ifndef __SANITIZE_ADDRESS__  // which ends a process whose allocation fails
  EXPECT_EQ(result.failures.front().kind, FailureKind::crashed);
  EXPECT_EQ(result.failures.front().message, "under a memory limit of 100 MiB, where malloc may have returned null");
#endif
}

TEST(IsolatedTest, names_of_isolations_read_back) {
  for (const Isolation kind : {Isolation::process, Isolation::fork}) {
    EXPECT_EQ(isolation(name_of(kind)), kind);
  }
  EXPECT_EQ(isolation("none"), std::nullopt);
  EXPECT_THROW(isolation("thread"), SpecError);
}

}  // namespace
}  // namespace windrow
