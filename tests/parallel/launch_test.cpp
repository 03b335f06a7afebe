#include "windrow/parallel/launch.hpp"

#include <gmock/gmock.h>
#include <stdlib.h>

#include <cstdio>
#include <map>
#include <stdexcept>
#include <string>

#include "faults/support.hpp"
#include "parallel/callbacks.hpp"
#include "windrow/base/machine.hpp"
#include "windrow/parallel/fork_manager.hpp"
#include "windrow/parallel/serial_manager.hpp"

namespace windrow {
namespace {

using test::Ended;
using testing::HasSubstr;
using Environment = std::map<std::string, std::string>;

/// A launch in a process of its own, which starts with no word of windrow or of an MPI launcher in its environment.
template <typename Body>
Ended launch_with(const Environment& environment, const LaunchOptions& options, Body body) {
  const Ended run = test::run_apart([&] {
    for (const char* name : {"WINDROW_BACKEND", "WINDROW_WORKERS", "OMPI_COMM_WORLD_SIZE", "PMIX_RANK", "PMI_RANK"}) {
      ::unsetenv(name);
    }
    for (const auto& [name, value] : environment) ::setenv(name.c_str(), value.c_str(), 1);
    return launch(0, nullptr, body, options);
  });
  EXPECT_TRUE(run.in_time);
  return run;
}

/// What the root sees: "backend size workers".
std::string seen(const Environment& environment, const LaunchOptions& options = {}) {
  const Ended run = launch_with(environment, options, [](ParallelManager& manager) {
    if (!manager.is_root()) return;
    std::printf("%s %d %d", std::string(name_of(manager.backend())).c_str(), manager.size(), manager.worker_count());
  });
  EXPECT_EQ(run.status, ExitStatus::exited(0)) << run.err;
  return run.out;
}

TEST(LaunchTest, without_any_choice_it_is_serial) {
  EXPECT_EQ(seen({}), "serial 1 1");
  EXPECT_EQ(seen({{"WINDROW_BACKEND", ""}, {"WINDROW_WORKERS", ""}}), "serial 1 1") << "empty counts as unset";
  EXPECT_EQ(seen({{"WINDROW_WORKERS", "1"}}), "serial 1 1");
  EXPECT_EQ(seen({{"SLURM_PROCID", "0"}}), "serial 1 1") << "every batch script has it";
}

TEST(LaunchTest, more_than_one_worker_means_processes) {
  EXPECT_EQ(seen({{"WINDROW_WORKERS", "3"}}), "fork 3 3");
  EXPECT_EQ(seen({}, {.workers = 2}), "fork 2 2");
  EXPECT_EQ(seen({}, {.workers = 2, .peers = false}), "fork 1 2");
}

TEST(LaunchTest, an_explicit_choice_wins_over_the_environment) {
  EXPECT_EQ(seen({{"WINDROW_BACKEND", "fork"}, {"WINDROW_WORKERS", "2"}}), "fork 2 2");
  EXPECT_EQ(seen({{"WINDROW_BACKEND", "fork"}}), "fork 1 1");
  EXPECT_EQ(seen({{"WINDROW_BACKEND", "serial"}, {"WINDROW_WORKERS", "2"}}), "serial 1 1");
  EXPECT_EQ(seen({{"WINDROW_BACKEND", "serial"}, {"WINDROW_WORKERS", "2"}}, {.backend = Backend::fork}), "fork 2 2");
  EXPECT_EQ(seen({{"WINDROW_BACKEND", "nonsense"}}, {.backend = Backend::serial}), "serial 1 1");
  EXPECT_EQ(seen({{"WINDROW_WORKERS", "nonsense"}}, {.workers = 2}), "fork 2 2");
  EXPECT_EQ(seen({{"WINDROW_BACKEND", "serial"}, {"OMPI_COMM_WORLD_SIZE", "4"}}), "serial 1 1");
}

TEST(LaunchTest, an_unknown_backend_is_refused_with_the_valid_names) {
  for (const std::string name : {"mpich", "Fork", " fork", "serial,fork"}) {
    const Ended run = launch_with({{"WINDROW_BACKEND", name}}, {}, [](ParallelManager&) {});
    EXPECT_EQ(run.status, ExitStatus::exited(2)) << name;
    for (const char* text : {name.c_str(), "`serial`", "`fork`", "`mpi`"}) {
      EXPECT_THAT(run.err, HasSubstr(text));
    }
  }
}

TEST(LaunchTest, a_number_of_workers_that_is_none_is_refused) {
  for (const std::string text : {"0", "-1", "two", "2x", " 2", "2.5", "99999999999999999999"}) {
    const Ended run = launch_with({{"WINDROW_WORKERS", text}}, {}, [](ParallelManager&) {});
    EXPECT_EQ(run.status, ExitStatus::exited(2)) << text;
    EXPECT_THAT(run.err, HasSubstr("WINDROW_WORKERS is `" + text + "`"));
  }
}

class LaunchCodeTest : public testing::TestWithParam<std::string> {};
INSTANTIATE_TEST_SUITE_P(LaunchTest, LaunchCodeTest, testing::Values("serial", "peers", "fork"),
                         [](const auto& p) { return p.param; });

template <typename Body>
Ended launch_on(const std::string& backend, Body body) {
  LaunchOptions options;
  options.backend = backend == "serial" ? Backend::serial : Backend::fork;
  options.workers = 3;
  options.peers = backend == "peers";
  return launch_with({}, options, body);
}

TEST_P(LaunchCodeTest, is_what_the_body_returned) {
  for (const int code : {0, 1, 3, 255}) {
    EXPECT_EQ(launch_on(GetParam(), [code](ParallelManager&) { return code; }).status, ExitStatus::exited(code));
  }
  EXPECT_EQ(launch_on(GetParam(), [](ParallelManager&) {}).status, ExitStatus::exited(0)) << "void";
}

TEST_P(LaunchCodeTest, tells_kinds_of_exceptions_apart) {
  const auto said = "windrow: rank 0 (" + host_name() + "): ";
  const Ended spec = launch_on(GetParam(), [](ParallelManager& manager) {
    if (manager.is_root()) throw SpecError("no such parameter");
  });
  EXPECT_EQ(spec.status, ExitStatus::exited(2));
  EXPECT_EQ(spec.err, said + "no such parameter\n");

  const Ended other = launch_on(GetParam(), [](ParallelManager& manager) {
    if (manager.is_root()) throw std::runtime_error("disk full");
  });
  EXPECT_EQ(other.status, ExitStatus::exited(1));
  EXPECT_EQ(other.err, said + "disk full\n");

  const Ended strange = launch_on(GetParam(), [](ParallelManager& manager) {
    if (manager.is_root()) throw 42;
  });
  EXPECT_EQ(strange.status, ExitStatus::exited(1));
  EXPECT_EQ(strange.err, said + "42\n");
}

TEST(LaunchTest, says_it_to_whoever_asked_for_messages) {
  for (const Backend backend : {Backend::serial, Backend::fork}) {
    LaunchOptions options;
    options.backend = backend;
    options.on_message = [](std::string_view message) { std::printf("<%s>", std::string(message).c_str()); };
    const Ended run = launch_with({}, options, [](ParallelManager& manager) {
      if (manager.is_root()) throw SpecError("no such parameter");
    });
    EXPECT_EQ(run.status, ExitStatus::exited(2));
    EXPECT_EQ(run.out, "<rank 0 (" + host_name() + "): no such parameter>");
    EXPECT_EQ(run.err, "");
  }
}

TEST(LaunchTest, the_code_of_a_peer_is_told_if_the_root_has_none_of_its_own) {
  const auto peers_return = [](int root, int peer) {
    return launch_on("peers",
                     [=](ParallelManager& manager) {
                       manager.sync();
                       return manager.is_root() ? root : manager.rank() == 2 ? peer : 0;
                     })
        .status;
  };
  EXPECT_EQ(peers_return(0, 7), ExitStatus::exited(7));
  EXPECT_EQ(peers_return(3, 7), ExitStatus::exited(3));
  const Ended spec = launch_on("peers", [](ParallelManager& manager) {
    manager.sync();
    if (manager.rank() == 2) throw SpecError("not here");
  });
  EXPECT_EQ(spec.status, ExitStatus::exited(2));
  EXPECT_EQ(spec.err, "windrow: rank 2 (" + host_name() + "): not here\n");
}

TEST(LaunchTest, a_rank_that_the_root_has_failed_leaves_the_words_to_the_root) {
  const Ended run = launch_on("peers", [](ParallelManager& manager) {
    manager.sync();
    if (!manager.is_root()) throw RootFailed("the root gave up");
    throw StoreError("disk full");
  });
  EXPECT_EQ(run.status, ExitStatus::exited(1));
  EXPECT_EQ(run.err, "windrow: rank 0 (" + host_name() + "): disk full\n");
}

TEST(LaunchTest, is_not_fooled_by_a_batch_system) {
  const auto started = [](const Environment& environment) {
    return test::run_apart([&] {
             for (const char* name : {"OMPI_COMM_WORLD_SIZE", "PMIX_RANK", "PMI_RANK"}) ::unsetenv(name);
             for (const auto& [name, value] : environment) ::setenv(name.c_str(), value.c_str(), 1);
             return started_by_mpi() ? 1 : 0;
           })
        .status.code();
  };
  EXPECT_EQ(started({}), 0);
  EXPECT_EQ(started({{"SLURM_PROCID", "3"}, {"SLURM_NTASKS", "8"}}), 0);
  EXPECT_EQ(started({{"OMPI_COMM_WORLD_SIZE", "1"}}), 1);
  EXPECT_EQ(started({{"PMIX_RANK", "0"}}), 1);
  EXPECT_EQ(started({{"PMI_RANK", "0"}}), 1);
}

// What on_tick answers from inside an evaluation counts, even if it never says so again.
TEST(SerialManagerTest, a_stop_that_is_asked_for_once_inside_an_evaluation_is_kept) {
  SerialManager manager;
  detail::TestJob job;
  job.pending = IndexSet::first(10);
  bool inside = false;
  bool said = false;
  job.on_tick = [&] { return inside && !std::exchange(said, true); };
  job.evaluation.on_evaluate = [&](const detail::Assigned&, detail::WorkerContext& context,
                                   detail::ByteWriter&) -> std::optional<TaskFailure> {
    inside = true;
    while (!context.stop_requested()) {
    }
    inside = false;
    throw Interrupted();
  };
  const detail::JobReport report = detail::run_job(manager, job);
  EXPECT_TRUE(report.stopped);
  EXPECT_EQ(report.unfinished, 10U);
}

// It is the root's, and neither the point's failure nor lost.
TEST(SerialManagerTest, an_exception_of_on_tick_inside_an_evaluation_leaves_run_job) {
  SerialManager manager;
  detail::TestJob job;
  job.pending = IndexSet::first(10);
  bool inside = false;
  bool said = false;
  job.on_tick = [&] {
    if (inside && !std::exchange(said, true)) throw std::runtime_error("disk full");
    return false;
  };
  std::size_t failed = 0;
  job.on_completed = [&](const detail::Completed& completed) { failed += completed.failure != nullptr ? 1 : 0; };
  job.evaluation.on_evaluate = [&](const detail::Assigned&, detail::WorkerContext& context,
                                   detail::ByteWriter&) -> std::optional<TaskFailure> {
    inside = true;
    while (!context.stop_requested()) {
    }
    inside = false;
    return std::nullopt;
  };
  EXPECT_THROW(detail::run_job(manager, job), std::runtime_error);
  EXPECT_EQ(failed, 0U);
}

}  // namespace
}  // namespace windrow
