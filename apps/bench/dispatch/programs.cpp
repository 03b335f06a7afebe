#include "dispatch/programs.hpp"

#include <fmt/format.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <span>
#include <stdexcept>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "dispatch/work.hpp"
#include "measure.hpp"
#include "windrow/parallel/fork_manager.hpp"
#include "windrow/parallel/launch.hpp"
#include "windrow/run/sweep.hpp"

namespace bench {
namespace {

using windrow::DispatchOptions;
using windrow::ParallelManager;
using windrow::RootRole;

int no_model() {
  return 0;
}

/// The words after the program's name, and what every program knows.
struct Call {
  int argc;
  char** argv;
  std::vector<std::string> words;
  std::uint64_t seed;

  double number(std::size_t i) const { return std::stod(words.at(i)); }
  std::uint64_t whole(std::size_t i) const { return std::stoull(words.at(i)); }
};

/// Runs `body` on ranks: "mpi" for those of mpirun; "peers 8" and "fork 8" for forked ones, running the program
/// together or made by the root alone. @param at  which word names them
int on_ranks(const Call& call, std::size_t at, const std::function<void(ParallelManager&)>& body) {
  const std::string& kind = call.words.at(at);
  if (kind == "fork") {
    windrow::ForkManager manager(std::stoi(call.words.at(at + 1)));
    body(manager);
    return 0;
  }
  windrow::LaunchOptions options;
  options.backend = windrow::backend(kind == "peers" ? "fork" : kind);
  if (kind == "peers") options.workers = std::stoi(call.words.at(at + 1));
  return windrow::launch(call.argc, call.argv, body, options);
}

void require(bool right) {
  if (!right) throw std::logic_error("a result is missing or wrong");
}

/// Connections are made and memory is touched before the clock runs.
void warm_up(ParallelManager& manager) {
  manager.map(
      no_model, [](int&, std::uint64_t index) { return static_cast<double>(index); }, 1000);
  manager.sync();
}

/// noop COUNT RANKS: microseconds a point, one rank coordinating.
int noop(const Call& call) {
  const std::uint64_t count = call.whole(0);
  return on_ranks(call, 1, [&](ParallelManager& manager) {
    const auto identity = [](int&, std::uint64_t index) { return static_cast<double>(index); };
    warm_up(manager);
    windrow::Mapped<double> mapped;
    const double seconds =
        seconds_of([&] { mapped = manager.map(no_model, identity, count, {.root = RootRole::coordinates}); });
    if (!manager.is_root()) return;
    require(mapped.values.size() == count && mapped.failures.empty());
    for (std::uint64_t i = 0; i < count; ++i) require(mapped.values[i] == static_cast<double>(i));
    fmt::print("{}\n", 1e6 * seconds / static_cast<double>(count));
  });
}

BusyPoints busy_points(const Call& call) {
  return {call.words.at(0), call.number(1), call.number(2), call.seed};
}

/// busy LENGTHS MICROSECONDS STEPS RANKS: seconds that windrow takes, the root evaluating as well.
int busy(const Call& call) {
  const BusyPoints points = busy_points(call);
  return on_ranks(call, 3, [&](ParallelManager& manager) {
    const auto evaluate = [&](int&, std::uint64_t index) { return points.evaluate(index); };
    warm_up(manager);
    windrow::Mapped<double> mapped;
    const double seconds =
        seconds_of([&] { mapped = manager.map(no_model, evaluate, points.count(), {.root = RootRole::evaluates}); });
    if (!manager.is_root()) return;
    require(mapped.values.size() == points.count() && mapped.failures.empty());
    fmt::print("{}\n", seconds);
  });
}

/// Seconds that every other point takes from `first` on, once `start` is at its end.
double half(const BusyPoints& points, std::uint64_t first, int start) {
  char nothing = 0;
  if (::read(start, &nothing, 1) != 0) std::abort();
  std::vector<double> values(points.count() / 2 + 1);
  return seconds_of([&] {
    for (std::uint64_t i = first; i < points.count(); i += 2) values[i / 2] = points.evaluate(i);
  });
}

/// bound LENGTHS MICROSECONDS STEPS: seconds of the same points without windrow, half of them in each of two processes
/// at once. Their mean, which a perfect balance would reach, since halves of random points are not quite equal.
int bound(const Call& call) {
  const BusyPoints points = busy_points(call);
  std::array<int, 2> start{};
  std::array<int, 2> result{};
  if (::pipe(start.data()) != 0 || ::pipe(result.data()) != 0) return 1;
  for (std::uint64_t process = 0; process < 2; ++process) {
    const pid_t pid = ::fork();
    if (pid < 0) return 1;
    if (pid > 0) continue;
    ::close(start[1]);
    const double seconds = half(points, process, start[0]);
    ::_exit(::write(result[1], &seconds, sizeof seconds) == sizeof seconds ? 0 : 1);
  }
  ::close(start[1]);
  ::close(result[1]);
  double sum = 0.0;
  for (int process = 0; process < 2; ++process) {
    double seconds = 0.0;
    if (::read(result[0], &seconds, sizeof seconds) != sizeof seconds) return 1;
    sum += seconds;
  }
  while (::wait(nullptr) > 0) continue;
  fmt::print("{}\n", sum / 2.0);
  return 0;
}

/// Prints how much longer than the lower bound it took, and how much self-scheduling would take at no cost.
void print_makespan(const SleepingPoints& points, int workers, double seconds) {
  const double bound = points.lower_bound(workers);
  fmt::print("{} {}\n", seconds / bound, points.self_scheduled(workers) / bound);
}

/// tail SCHEDULE LENGTHS RANKS: sleeping points; longest_first is given their costs.
int tail(const Call& call) {
  sleep_precisely();
  const SleepingPoints points(call.words.at(1), call.seed);
  DispatchOptions options{.schedule = windrow::schedule(call.words.at(0)), .root = RootRole::evaluates};
  if (options.schedule == windrow::Schedule::longest_first) {
    options.costs = windrow::known_costs([&points](std::uint64_t index) { return points.seconds(index); });
  }
  return on_ranks(call, 2, [&](ParallelManager& manager) {
    const auto evaluate = [&](int&, std::uint64_t index) {
      sleep_for(points.seconds(index));
      return static_cast<double>(index);
    };
    if (manager.size() > 1) warm_up(manager);
    windrow::Mapped<double> mapped;
    const double seconds =
        seconds_of([&] { mapped = manager.map(no_model, evaluate, points.design().size(), options); });
    if (!manager.is_root()) return;
    require(mapped.values.size() == points.design().size() && mapped.failures.empty());
    print_makespan(points, manager.worker_count(), seconds);
  });
}

/// A new directory under that of temporary files, which goes with this.
class TemporaryDirectory {
 public:
  TemporaryDirectory() : path_((std::filesystem::temp_directory_path() / "windrow-dispatch-XXXXXX").string()) {
    if (::mkdtemp(path_.data()) == nullptr) throw std::runtime_error("cannot make " + path_);
  }
  ~TemporaryDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  std::filesystem::path operator/(const char* name) const { return std::filesystem::path(path_) / name; }

 private:
  std::string path_;
};

/// learned LENGTHS FROM WORKERS: sleeping points as a sweep of forked workers that learns what they cost, from the
/// "parameters" as it goes, or from the times of an "earlier" run, which is not timed.
int learned(const Call& call) {
  sleep_precisely();
  const SleepingPoints points(call.words.at(0), call.seed);
  windrow::ForkManager manager(std::stoi(call.words.at(2)));
  windrow::Sweep sweep(points.design(), no_model, [&points](int&, const windrow::Point& point) {
    const double seconds = points.seconds(point);
    sleep_for(seconds);
    return seconds;
  });
  const TemporaryDirectory directory;
  windrow::SweepOptions options;
  if (call.words.at(1) == "earlier") {
    options.store = directory / "earlier";
    sweep.run(manager, options);
    options.costs = std::exchange(options.store, {});
  }
  options.schedule = windrow::Schedule::longest_first;
  windrow::SweepResult result;
  const double seconds = seconds_of([&] { result = sweep.run(manager, options); });
  require(result.succeeded == points.design().size());
  print_makespan(points, manager.worker_count(), seconds);
  return 0;
}

/// idle SECONDS RANKS: a few short points and one that sleeps so long. Percent of a core that all ranks use together,
/// the one that sleeps included: it is not told apart, and uses nothing by itself.
int idle(const Call& call) {
  const double tail_seconds = call.number(0);
  return on_ranks(call, 1, [&](ParallelManager& manager) {
    const auto evaluate = [&](int&, std::uint64_t index) {
      sleep_for(index == 0 ? tail_seconds : 0.01);
      return static_cast<double>(index);
    };
    const auto used = [] { return cpu_seconds(RUSAGE_SELF) + cpu_seconds(RUSAGE_CHILDREN); };
    manager.sync();
    const double before = used();
    manager.map(no_model, evaluate, 64);
    const double own = used() - before;
    double sum = 0.0;
    for (const double seconds : manager.gather(std::span(&own, 1))) sum += seconds;
    if (manager.is_root()) fmt::print("{}\n", 100.0 * sum / tail_seconds);
  });
}

/// memory COUNT RANKS: the most memory that the root ever had, in MiB, when it only counts what comes.
int memory(const Call& call) {
  const std::uint64_t count = call.whole(0);
  return on_ranks(call, 1, [&](ParallelManager& manager) {
    std::uint64_t counted = 0;
    const auto identity = [](int&, std::uint64_t index) { return static_cast<double>(index); };
    manager.stream(no_model, identity, count, [&](std::uint64_t, const windrow::Outcome<double>&) { ++counted; });
    if (!manager.is_root()) return;
    require(counted == count);
    fmt::print("{}\n", memory_mib("VmHWM"));
  });
}

int raw(const Call& call) {
#ifdef WINDROW_HAS_MPI
  return raw_mpi(call.argc, call.argv, std::stoi(call.words.at(0)));
#else
  throw std::invalid_argument("built without MPI: raw " + call.words.at(0));
#endif
}

}  // namespace

int measure(int argc, char** argv) {
  Call call{argc, argv, {argv + 3, argv + argc - 1}, std::stoull(argv[argc - 1])};
  const std::string program = argv[2];
  for (const auto& [name, run] : std::vector<std::pair<std::string, int (*)(const Call&)>>{{"noop", noop},
                                                                                           {"busy", busy},
                                                                                           {"bound", bound},
                                                                                           {"tail", tail},
                                                                                           {"learned", learned},
                                                                                           {"idle", idle},
                                                                                           {"memory", memory},
                                                                                           {"raw", raw}}) {
    if (name == program) return run(call);
  }
  throw std::invalid_argument("no such program: " + program);
}

}  // namespace bench
