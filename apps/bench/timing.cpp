// What timing takes: stamps, scopes and loops of a Timer beside reading the clock, and beside Boost.Timer where it is
// installed; and what sweeps lose to being timed. `bench-timing [--anyway]`
#include <fmt/format.h>

#include <array>
#include <functional>
#include <string>
#include <vector>

#ifdef WINDROW_BENCH_BOOST_TIMER
#include <boost/timer/timer.hpp>
#endif

#include "measure.hpp"
#include "timing/sweeps.hpp"
#include "windrow/timing/timer.hpp"

namespace {

using windrow::Subdivision;
using windrow::TimedLoop;
using windrow::Timer;

constexpr int kCalls = 2'000;  // so few that a run is seldom interrupted
constexpr int kRuns = 501;

/// Keeps the optimizer from seeing that a result is not used.
volatile std::int64_t sink = 0;

struct Case {
  const char* name;
  std::function<void()> make_calls;  // kCalls of them
  std::vector<double> nanoseconds = {};
};

void read_clock() {
  for (int i = 0; i < kCalls; ++i) sink = std::chrono::steady_clock::now().time_since_epoch().count();
}

#ifdef WINDROW_BENCH_BOOST_TIMER
/// A scope as one would time it there; wall and CPU time, no names, nothing is summed up.
void boost_timers() {
  for (int i = 0; i < kCalls; ++i) {
    boost::timer::cpu_timer timer;
    timer.stop();
    sink = timer.elapsed().wall;
  }
}
#endif

void accumulate_one_name() {
  Timer timer;
  for (int i = 0; i < kCalls; ++i) timer.accumulate("step");
}

void accumulate_names(const std::vector<std::string>& names) {
  Timer timer;
  for (int i = 0; i < kCalls; ++i) timer.accumulate(names[static_cast<std::size_t>(i) % names.size()]);
}

/// Every name comes after another one than the last time, so that none is the expected one.
void accumulate_names_in_disorder(const std::vector<std::string>& names) {
  Timer timer;
  std::size_t at = 0, stride = 1;
  for (int i = 0; i < kCalls; ++i) {
    timer.accumulate(names[at]);
    at = (at + stride) % names.size();
    if (i % static_cast<int>(names.size()) == 0) stride = stride % (names.size() - 1) + 1;
  }
}

void stamp_in_loop() {
  Timer timer;
  TimedLoop loop(timer);
  for (int i = 0; i < kCalls / 4; ++i) {
    loop.next();
    for (const char* name : {"build", "evaluate", "send", "wait"}) timer.stamp(name);
  }
}

void open_scopes() {
  Timer timer;
  for (int i = 0; i < kCalls; ++i) const Subdivision level(timer, "solve");
}

void open_nested_scopes() {
  Timer timer;
  for (int i = 0; i < kCalls / 2; ++i) {
    const Subdivision outer(timer, "solve");
    const Subdivision inner(timer, "newton");
  }
}

void scope_with_stamps() {
  Timer timer;
  for (int i = 0; i < kCalls; ++i) {
    {
      const Subdivision level(timer, "solve");
      timer.stamp("assemble");
    }
    timer.accumulate("compute");
  }
}

std::vector<Case> cases() {
  static const std::vector<std::string> four = {"build", "evaluate", "send", "wait for work that takes a long name"};
  static const std::vector<std::string> fifty = [] {
    std::vector<std::string> names;
    for (int i = 0; i < 53; ++i) names.push_back(fmt::format("phase {}", i));
    return names;
  }();
  return {{"steady_clock::now()", read_clock},
#ifdef WINDROW_BENCH_BOOST_TIMER
          {"Boost.Timer: a cpu_timer, started and stopped", boost_timers},
#endif
          {"a stamp, one name", accumulate_one_name},
          {"a stamp, 4 names in a cycle", [] { accumulate_names(four); }},
          {"a stamp, 53 names in a cycle", [] { accumulate_names(fifty); }},
          {"a stamp, 53 names in no order", [] { accumulate_names_in_disorder(fifty); }},
          {"a stamp in a loop, 4 an iteration, times kept", stamp_in_loop},
          {"a scope", open_scopes},
          {"a scope in or around another, each", open_nested_scopes},
          {"a scope, a stamp in it and one after it", scope_with_stamps}};
}

}  // namespace

int main(int argc, char** argv) {
  if (!bench::may_measure(bench::anyway_given(argc, argv))) return 1;
  std::vector<Case> all = cases();
  for (int run = 0; run < kRuns; ++run) {
    for (Case& one : all) one.nanoseconds.push_back(1e9 * bench::seconds_of(one.make_calls) / kCalls);
  }
  const double clock = bench::figures_of(all.front().nanoseconds).median;
  fmt::print("median (minimum to maximum) of {} runs of {} calls, and as clock reads\n", kRuns, kCalls);
  for (const Case& one : all) {
    const auto [median, low, high] = bench::figures_of(one.nanoseconds);
    fmt::print("{:<48} {:7.1f} ns  ({:.1f} to {:.1f})  {:5.1f}\n", one.name, median, low, high, median / clock);
  }
  bench::print_timed_sweeps();
}
