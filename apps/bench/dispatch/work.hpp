#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "windrow/design/design.hpp"

/// The points that bench-dispatch evaluates.
namespace bench {

/// Keeps a core busy for so many steps, without a look at any clock.
double spin(std::uint64_t steps);

/// Steps of spin() in a microsecond on a core that nobody shares.
double steps_per_microsecond();

/// Points that spin, of lengths that follow from the index and a seed.
class BusyPoints {
 public:
  /// @param lengths       "fixed": all `microseconds`; "random": uniform from 0 to twice that; "jump": 20 points of
  ///                      100 ms strewn among 10,000 of `microseconds`
  BusyPoints(const std::string& lengths, double microseconds, double steps_per_microsecond, std::uint64_t seed);

  /// Two seconds of work together.
  std::uint64_t count() const { return count_; }
  double evaluate(std::uint64_t index) const { return spin(static_cast<std::uint64_t>(length(index) * steps_)); }

 private:
  double length(std::uint64_t index) const;  // microseconds

  bool random_;
  double microseconds_;
  double steps_;
  std::uint64_t seed_;
  std::uint64_t count_;
  std::vector<bool> long_;  // "jump" alone
};

/// 2,000 points that sleep, for so long as their one parameter tells.
class SleepingPoints {
 public:
  /// @param lengths  "constant": 10 ms; "lognormal": 10 ms x exp(z), z normal; "bimodal": 95 % 10 ms, 5 % 500 ms
  SleepingPoints(const std::string& lengths, std::uint64_t seed);

  const windrow::Design& design() const { return design_; }
  double seconds(std::uint64_t index) const { return seconds(design_.point(index)); }
  double seconds(const windrow::Point& point) const;
  /// No schedule can be faster: max(longest, sum / workers), in seconds.
  double lower_bound(int workers) const;
  /// How long points take that go out one by one in index order, at no cost at all, in seconds.
  double self_scheduled(int workers) const;

 private:
  std::vector<double> all() const;

  windrow::Design design_;
};

/// Sleeps without the 50 us that the kernel may add by default. For the calling thread and those it starts from now on.
void sleep_precisely();
void sleep_for(double seconds);

}  // namespace bench
