#include "timing/sweeps.hpp"

#include <fmt/format.h>

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "dispatch/work.hpp"
#include "measure.hpp"
#include "windrow/parallel/serial_manager.hpp"
#include "windrow/sweep/sweep.hpp"
#include "windrow/timing/timer.hpp"

namespace bench {
namespace {

using windrow::Subdivision;
using windrow::this_thread_timer;
using windrow::Timer;

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
  double stamped_in_a_scope() const {
    Timer& timer = this_thread_timer();
    double result = 0.0;
    {
      const Subdivision level(timer, "newton");
      result = spin(steps);
      timer.stamp("solve");
    }
    timer.accumulate("compute");
    return result;
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

struct Case {
  const char* name;
  std::function<void()> run;
  std::size_t against;  // position of the case that it is compared with
  std::vector<double> seconds = {};
};

}  // namespace

void print_timed_sweeps() {
  const Work work{static_cast<std::uint64_t>(kMicroseconds * steps_per_microsecond())};
  std::vector<Case> cases = {
      {"a bare loop", [&] { loop(work); }, 0},
      {"map, which accounts for its time", [&] { map(work, &Work::plain); }, 0},
      {"... and a stamp in each point", [&] { map(work, &Work::stamped); }, 1},
      {"... and a scope with a stamp, and one after it", [&] { map(work, &Work::stamped_in_a_scope); }, 1},
      {"a sweep, which accounts for its time", [&] { sweep(work, &Work::plain); }, 0},
      {"... and a stamp in each point", [&] { sweep(work, &Work::stamped); }, 4},
      {"... and a scope with a stamp, and one after it", [&] { sweep(work, &Work::stamped_in_a_scope); }, 4}};
  for (int round = 0; round < kRounds; ++round) {
    for (Case& one : cases) one.seconds.push_back(seconds_of(one.run));
  }
  fmt::print("\n{} points of {:.0f} us on one thread, median of {} runs by turns, and its loss (of the medians)\n",
             kPoints, kMicroseconds, kRounds);
  for (const Case& one : cases) {
    const double median = figures_of(one.seconds).median;
    const double before = figures_of(cases[one.against].seconds).median;
    fmt::print("{:<48} {:7.3f} us a point", one.name, 1e6 * median / kPoints);
    if (one.against != static_cast<std::size_t>(&one - cases.data())) {
      fmt::print("  {:+.2f} % on {}", 100.0 * (median / before - 1.0), cases[one.against].name);
    }
    fmt::print("\n");
  }
}

}  // namespace bench
