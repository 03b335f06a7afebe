// What can go wrong on a rank under mpirun, one scenario a run: launch_faults <scenario>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <map>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

#include "faults/ending.hpp"
#include "faults/support.hpp"
#include "parallel/callbacks.hpp"
#include "windrow/parallel/launch.hpp"
#include "windrow/process/launcher.hpp"

namespace windrow {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

/// The number of outcomes that are (not) there, at the root.
struct Counts {
  std::size_t ok = 0;
  std::size_t failed = 0;
};

Counts scatter(ParallelManager& manager, std::size_t count, const std::function<void(int)>& before_each) {
  std::vector<int> parameters(count);
  for (std::size_t i = 0; i < count; ++i) parameters[i] = static_cast<int>(i);
  auto results = manager
                     .scatter([] { return 0; },
                              [&](int&, int p) {
                                before_each(p);
                                return p;
                              },
                              parameters, {.schedule = Schedule::dynamic})
                     .gather();
  Counts counts;
  for (const auto& local : results) {
    for (const auto& outcome : local.outcomes) ++(outcome.ok() ? counts.ok : counts.failed);
  }
  return counts;
}

Counts scatter(ParallelManager& manager, std::size_t count) {
  return scatter(manager, count, [](int) {});
}

/// Prints what went wrong on this rank. @return 0 on every rank if nothing did on any
int verdict(ParallelManager& manager, const std::string& wrong) {
  if (!wrong.empty()) std::fprintf(stderr, "rank %d: %s\n", manager.rank(), wrong.c_str());
  const int code = manager.all_reduce(wrong.empty() ? 0 : 1, op::max);
  if (code == 0 && manager.is_root()) std::printf("all is well\n");
  return code;
}

void wait_for_others(ParallelManager& manager, const std::string& where) {
  if (where == "scatter") scatter(manager, 100);
  if (where == "all_gather") static_cast<void>(manager.all_gather(manager.rank()));
  if (where == "gather") static_cast<void>(manager.gather(std::span<const int>()));
  if (where == "broadcast") static_cast<void>(manager.broadcast(1));
  manager.sync();
}

int throws_while_others_wait(ParallelManager& manager, const std::string& where) {
  manager.sync();
  if (manager.rank() == 1) throw std::runtime_error("no licence on this node");
  wait_for_others(manager, where);
  return 0;
}

/// @param leaver_and_where  "1 scatter"
int leaves_while_others_wait(ParallelManager& manager, const std::string& leaver_and_where) {
  manager.sync();
  if (manager.rank() == leaver_and_where[0] - '0') return 0;
  wait_for_others(manager, leaver_and_where.substr(2));
  return 0;
}

/// Rank 1 catches what it threw ahead of a call, and goes on. @param where  of the others
int goes_on_elsewhere(ParallelManager& manager, const std::string& where) {
  manager.sync();
  if (manager.rank() != 1) wait_for_others(manager, where);
  wait_for_others(manager, where == "sync" ? "gather" : "sync");
  return 0;
}

int root_throws(ParallelManager& manager, const std::string& where) {
  manager.sync();
  if (manager.is_root()) throw SpecError("no such study");
  if (where == "compute") std::this_thread::sleep_for(seconds(1000));
  wait_for_others(manager, where);
  return 0;
}

/// What the root throws in a job leaves its body a moment after the others have left theirs, which is not for them to
/// tell.
int root_fails(ParallelManager& manager, const std::string&) {
  try {
    manager.map([] { return 0; }, [](int&, std::uint64_t i) { return i; }, 100,
                {.schedule = Schedule::longest_first,
                 .costs = known_costs([](std::uint64_t) -> double { throw SpecError("no such study"); })});
  } catch (const SpecError&) {
    std::this_thread::sleep_for(milliseconds(500));
    throw;
  }
  return 0;
}

int dies(ParallelManager& manager, const std::string& how) {
  for (const test::Ending& ending : test::endings) {
    if (manager.rank() == 1 && how == ending.name) scatter(manager, 50, [&](int) { ending.happen(); });
  }
  scatter(manager, 50, [](int) { std::this_thread::sleep_for(milliseconds(5)); });
  manager.sync();
  return 0;
}

int every_point_throws(ParallelManager& manager, const std::string&) {
  const Counts counts = scatter(manager, 100, [](int) { throw std::runtime_error("cannot solve"); });
  return verdict(manager, !manager.is_root() || counts.failed == 100 ? "" : "not every point failed");
}

detail::TestJob slow_job(ParallelManager& manager, std::uint64_t count) {
  detail::TestJob job;
  job.pending = IndexSet::first(manager.is_root() ? count : 0);
  job.evaluation.on_evaluate = [](const detail::Assigned&, detail::WorkerContext& context,
                                  detail::ByteWriter& result) -> std::optional<TaskFailure> {
    for (int i = 0; i < 5; ++i) {
      if (context.stop_requested()) throw Interrupted();
      std::this_thread::sleep_for(milliseconds(1));
    }
    result.put_bytes(Bytes(10));
    return std::nullopt;
  };
  job.on_conclude = [] { return Bytes(1); };
  return job;
}

int callback_throws(ParallelManager& manager, const std::string&) {
  std::string wrong;
  for (const std::uint64_t at : {1U, 17U, 60U}) {
    detail::TestJob job = slow_job(manager, 60);
    if (at != 17) {  // brief points: many outcomes in a message
      job.evaluation.on_evaluate = [](const detail::Assigned&, detail::WorkerContext&,
                                      detail::ByteWriter& result) -> std::optional<TaskFailure> {
        result.put_bytes(Bytes(10));
        return std::nullopt;
      };
    }
    std::uint64_t completed = 0;
    job.on_completed = [&](const detail::Completed&) {
      if (++completed == at) throw std::runtime_error("disk full");
    };
    bool thrown = false;
    try {
      if (!detail::run_job(manager, job).conclusion.empty()) wrong = "concluded, though the root gave up";
    } catch (const std::runtime_error&) {
      thrown = true;
    }
    if (thrown != manager.is_root()) wrong = "the exception is the root's alone";
    if (manager.is_root() && completed != at) wrong = "outcomes arrived after the exception";
    if (scatter(manager, 30).failed != 0) wrong = "the next scatter failed";
  }
  return verdict(manager, wrong);
}

int stop_in_the_middle(ParallelManager& manager, const std::string&) {
  std::string wrong;
  for (int round = 0; round < 3; ++round) {
    detail::TestJob job = slow_job(manager, 10000);
    std::uint64_t completed = 0;
    job.on_completed = [&](const detail::Completed&) { ++completed; };
    job.on_tick = [&] { return completed >= 20; };
    const detail::JobReport report = detail::run_job(manager, job);
    if (report.conclusion.size() != 1) wrong = "no conclusion";
    if (manager.is_root() && !report.stopped) wrong = "the stop is not told";
    if (manager.is_root() && report.unfinished + completed != 10000) wrong = "unfinished is not right";
    if (manager.is_root() && completed > 200) wrong = "ranks went on after the stop";
    const Counts counts = scatter(manager, 30);
    if (manager.is_root() && counts.ok != 30) wrong = "the next scatter failed";
  }
  return verdict(manager, wrong);
}

// The numbers of this rank's processes are for expect.sh, which looks for what is left of them.
int runs_programs(ParallelManager& manager, const std::string& then) {
  for (const pid_t pid : test::children_of(::getpid())) std::printf("pid %d\n", static_cast<int>(pid));
  std::printf("pid %d\n", static_cast<int>(::getpid()));
  std::fflush(stdout);
  if (manager.launcher() == nullptr) throw std::runtime_error("no launcher");
  ProgramSpec program;
  program.argv = {"sh", "-c", "sleep 1000 & setsid sleep 1000 & exit 3"};
  const ProgramEnd end = manager.launcher()->run(program);
  manager.sync();
  if (then == "throw" && manager.rank() == 1) throw std::runtime_error("after programs");
  if (then == "throw") {
    program.argv = {"sleep", "1000"};
    manager.launcher()->run(program);
  }
  return verdict(manager, end.status == ExitStatus::exited(3) ? "" : "the program did not run");
}

using Scenario = int (*)(ParallelManager&, const std::string&);
const std::map<std::string, Scenario> scenarios = {
    {"throw", throws_while_others_wait},
    {"root-throws", root_throws},
    {"root-fails", root_fails},
    {"leave", leaves_while_others_wait},
    {"go-on", goes_on_elsewhere},
    {"die", dies},
    {"every-point-throws", every_point_throws},
    {"callback-throws", callback_throws},
    {"stop", stop_in_the_middle},
    {"programs", runs_programs},
};

}  // namespace
}  // namespace windrow

int main(int argc, char** argv) {
  const std::string scenario = argc > 1 ? argv[1] : "";
  const std::string detail = argc > 2 ? argv[2] : "";
  windrow::LaunchOptions options;
  options.runs_programs = scenario == "programs";
  if (scenario == "root-fails") {
    options.on_message = [](std::string_view message) {
      std::fprintf(stderr, "%s\n", std::string(message).c_str());
      if (!message.starts_with("rank 0")) std::_Exit(77);
    };
  }
  return windrow::launch(
      argc, argv, [&](windrow::ParallelManager& manager) { return windrow::scenarios.at(scenario)(manager, detail); },
      options);
}
