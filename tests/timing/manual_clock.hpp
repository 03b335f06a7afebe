#pragma once

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <chrono>
#include <string>
#include <vector>

#include "error_of.hpp"
#include "windrow/timing/timer.hpp"

namespace windrow::test {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using namespace std::chrono_literals;

/// Stands still until it is told to go on; with a cost, every reading of it takes so long.
class ManualClock {
 public:
  explicit ManualClock(nanoseconds cost_of_reading = nanoseconds{0}) : cost_(cost_of_reading) {}

  void advance(nanoseconds time) { now_ += time; }
  Timer::time_point now() const { return Timer::time_point(now_); }
  operator TimerClock() {  // NOLINT: stands for the clock
    return {[](void* self) { return static_cast<ManualClock*>(self)->read(); }, this};
  }

 private:
  Timer::time_point read() {
    const auto time = now();
    now_ += cost_;
    return time;
  }

  nanoseconds now_{1'000'000'000'000};
  nanoseconds cost_;
};

/// "name cumulative count min max [index:time ...]", times in milliseconds.
inline std::vector<std::string> stamps_of(const TimingRecord& record) {
  std::vector<std::string> lines;
  for (const StampRecord& stamp : record.stamps) {
    std::string line = fmt::format("{} {} {} {} {}", stamp.name, stamp.cumulative / 1ms, stamp.count, stamp.min / 1ms,
                                   stamp.max / 1ms);
    for (const IterationTime& one : stamp.iterations) line += fmt::format(" {}:{}", one.index, one.time / 1ms);
    lines.push_back(line);
  }
  return lines;
}

/// "position/name", in order.
inline std::vector<std::string> places_of(const TimingRecord& record) {
  std::vector<std::string> places;
  for (const PlacedRecord& placed : record.subdivisions)
    places.push_back(fmt::format("{}/{}", placed.position, placed.record.name));
  return places;
}

/// The subdivision at a place as places_of() names it. Throws if there is none.
inline const TimingRecord& at(const TimingRecord& record, const std::string& place) {
  for (const PlacedRecord& placed : record.subdivisions) {
    if (fmt::format("{}/{}", placed.position, placed.record.name) == place) return placed.record;
  }
  throw std::runtime_error("there is no subdivision " + place);
}

inline nanoseconds overhead_of(const TimingRecord& record) {
  nanoseconds sum = record.overhead;
  for (const PlacedRecord& placed : record.subdivisions) sum += overhead_of(placed.record);
  return sum;
}

class TimingTest : public testing::Test {
 protected:
  void pass(nanoseconds time) { clock.advance(time); }
  void pass_and_stamp(nanoseconds time, std::string_view name) {
    pass(time);
    timer.stamp(name);
  }

  ManualClock clock;
  Timer timer{"main", clock};
};

}  // namespace windrow::test
