#include "timing/sweeps.hpp"

#include <fmt/format.h>

#include <cstdint>
#include <functional>
#include <vector>

#include "dispatch/work.hpp"
#include "measure.hpp"
#include "windrow/parallel/serial_manager.hpp"
#include "windrow/run/sweep.hpp"
#include "windrow/timing/timer.hpp"

namespace bench {
namespace {

using windrow::Subdivision;
using windrow::this_thread_timer;

constexpr std::uint64_t kPoints = 10'000;
constexpr double kMicroseconds = 10.0;
constexpr int kRounds = 41;

volatile double sink = 0.0;

struct Work {
  std::uint64_t steps;
  double plain() const { return spin(steps); }
  double stamped() const {
    const double result = spin(steps);
    this_thread_timer().accumulate("solve");
    return result;
  }
  double stamped_twice() const {
    this_thread_timer().accumulate("prepare");
    return stamped();
  }
  double in_a_scope() const {
    const Subdivision level(this_thread_timer(), "solve");
    return spin(steps);
  }
};

using Evaluate = double (Work::*)() const;

void loop(const Work& work) {
  for (std::uint64_t i = 0; i < kPoints; ++i) sink = work.plain();
}

void map(const Work& work, Evaluate evaluate) {
  windrow::SerialManager manager;
  manager.map([] { return 0; }, [&](int&, std::uint64_t) { return (work.*evaluate)(); }, kPoints);
}

void sweep(const Work& work, Evaluate evaluate) {
  windrow::SerialManager manager;
  windrow::Sweep sweep(
      windrow::zip({windrow::linear("x", 0, 1, kPoints)}), [] { return 0; },
      [&](int&, const windrow::Point&) { return (work.*evaluate)(); });
  sweep.run(manager, {.handle_interrupts = false});
}

/// CPU time, since it is one thread that never sleeps: what others take of the core is not in it.
double cpu_seconds_of(const std::function<void()>& run) {
  const double begin = cpu_seconds(RUSAGE_SELF);
  run();
  return cpu_seconds(RUSAGE_SELF) - begin;
}

struct Case {
  const char* name;
  std::function<void()> run;
  std::size_t against;  // position of the case that it is compared with
  std::vector<double> seconds = {};
};

}  // namespace

void print_timed_sweeps() {
  const Work work{static_cast<std::uint64_t>(kMicroseconds * steps_per_microsecond())};
  std::vector<Case> cases = {{"a bare loop", [&] { loop(work); }, 0},
                             {"map", [&] { map(work, &Work::plain); }, 0},
                             {"map, a stamp in each point", [&] { map(work, &Work::stamped); }, 1},
                             {"map, two stamps in each point", [&] { map(work, &Work::stamped_twice); }, 1},
                             {"map, a scope in each point", [&] { map(work, &Work::in_a_scope); }, 1},
                             {"a sweep", [&] { sweep(work, &Work::plain); }, 0},
                             {"a sweep, a stamp in each point", [&] { sweep(work, &Work::stamped); }, 5},
                             {"a sweep, two stamps in each point", [&] { sweep(work, &Work::stamped_twice); }, 5},
                             {"a sweep, a scope in each point", [&] { sweep(work, &Work::in_a_scope); }, 5}};
  for (int round = 0; round < kRounds; ++round) {
    for (Case& one : cases) one.seconds.push_back(cpu_seconds_of(one.run));
  }
  fmt::print("\n{} points of {:.0f} us on one thread, {} rounds; medians of CPU time, and of the rounds' losses\n",
             kPoints, kMicroseconds, kRounds);
  for (const Case& one : cases) {
    const Case& before = cases[one.against];
    std::vector<double> losses;
    for (std::size_t r = 0; r < one.seconds.size(); ++r) losses.push_back(one.seconds[r] / before.seconds[r] - 1.0);
    fmt::print("{:<48} {:7.3f} us a point", one.name, 1e6 * figures_of(one.seconds).median / kPoints);
    if (&before != &one) fmt::print("  {:+.2f} % on {}", 100.0 * figures_of(losses).median, before.name);
    fmt::print("\n");
  }
}

}  // namespace bench
