#include "dispatch/work.hpp"

#include <sys/prctl.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <functional>
#include <limits>
#include <numeric>
#include <queue>
#include <stdexcept>
#include <thread>

#include "measure.hpp"
#include "windrow/design/random.hpp"

namespace bench {
namespace {

constexpr std::uint64_t kShort = 10000;
constexpr std::uint64_t kLong = 20;
constexpr double kLongMicroseconds = 100e3;
constexpr double kWorkMicroseconds = 2e6;
constexpr std::uint64_t kSleepingPoints = 2000;

/// In [0, 1), at the price of a few multiplications: a microsecond's point must not feel it. (Splitmix64: Steele, Lea &
/// Flood 2014, doi:10.1145/2660193.2660195)
double uniform(std::uint64_t seed, std::uint64_t index) {
  std::uint64_t z = (index + seed * 0x100000001U) * 0x9e3779b97f4a7c15U;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
  return static_cast<double>((z ^ (z >> 31)) >> 11) * 0x1.0p-53;
}

windrow::Parameter length_parameter(const std::string& lengths) {
  if (lengths == "constant") return windrow::values("milliseconds", {10});
  if (lengths == "lognormal") return windrow::normal("z", 0.0, 1.0);
  if (lengths == "bimodal") {
    std::vector<windrow::Value> levels(20, windrow::Value(10));
    levels.back() = windrow::Value(500);
    return windrow::values("milliseconds", std::move(levels));
  }
  throw std::invalid_argument("no such lengths: " + lengths);
}

}  // namespace

double spin(std::uint64_t steps) {
  std::uint64_t x = steps;
  for (std::uint64_t i = 0; i < steps; ++i) {
    x = x * 6364136223846793005U + 1442695040888963407U;
    asm volatile("" : "+r"(x));  // each step waits for the former, and none is optimized away
  }
  return static_cast<double>(x >> 11);
}

double steps_per_microsecond() {
  constexpr std::uint64_t steps = 20'000'000;
  double best = std::numeric_limits<double>::infinity();
  for (int i = 0; i < 5; ++i) best = std::min(best, seconds_of([] { spin(steps); }));
  return static_cast<double>(steps) / (best * 1e6);
}

BusyPoints::BusyPoints(const std::string& lengths, double microseconds, double steps_per_microsecond,
                       std::uint64_t seed)
    : random_(lengths == "random"),
      microseconds_(microseconds),
      steps_(steps_per_microsecond),
      seed_(seed),
      count_(static_cast<std::uint64_t>(kWorkMicroseconds / microseconds)) {
  if (lengths != "jump") return;
  count_ = kShort + kLong;
  long_.resize(count_);
  for (std::uint64_t i = 0; i < kLong; ++i) long_[windrow::rng::permute(seed, 0, count_, i)] = true;
}

double BusyPoints::length(std::uint64_t index) const {
  if (random_) return 2.0 * microseconds_ * uniform(seed_, index);
  return !long_.empty() && long_[index] ? kLongMicroseconds : microseconds_;
}

SleepingPoints::SleepingPoints(const std::string& lengths, std::uint64_t seed)
    : design_(windrow::monte_carlo({length_parameter(lengths)}, kSleepingPoints, seed)) {}

double SleepingPoints::seconds(const windrow::Point& point) const {
  const double value = point.values().front();
  return point.parameters().front().name() == "z" ? 0.01 * std::exp(value) : 1e-3 * value;
}

std::vector<double> SleepingPoints::all() const {
  std::vector<double> lengths(design_.size());
  for (std::size_t i = 0; i < lengths.size(); ++i) lengths[i] = seconds(i);
  return lengths;
}

double SleepingPoints::lower_bound(int workers) const {
  const auto lengths = all();
  return std::max(*std::max_element(lengths.begin(), lengths.end()),
                  std::accumulate(lengths.begin(), lengths.end(), 0.0) / workers);
}

double SleepingPoints::self_scheduled(int workers) const {
  std::priority_queue<double, std::vector<double>, std::greater<>> free_at;
  for (int i = 0; i < workers; ++i) free_at.push(0.0);
  double makespan = 0.0;
  for (const double length : all()) {
    const double end = free_at.top() + length;
    free_at.pop();
    free_at.push(end);
    makespan = std::max(makespan, end);
  }
  return makespan;
}

void sleep_precisely() {
  ::prctl(PR_SET_TIMERSLACK, 1UL, 0UL, 0UL, 0UL);
}

void sleep_for(double seconds) {
  std::this_thread::sleep_for(std::chrono::duration<double>(seconds));
}

}  // namespace bench
