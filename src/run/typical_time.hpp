#pragma once

#include <array>
#include <cstdint>

namespace windrow::detail {

/// The median of times, to 1 %, in constant memory: counts of times in bins whose edges grow by 2 %. Whatever order the
/// times come in, the median is the same.
class MedianTime {
 public:
  void add(double seconds);
  std::uint64_t count() const { return count_; }
  /// Of times between 1 us and 30 years. @pre count() > 0
  double median() const;

 private:
  static constexpr std::size_t kBins = 1760;
  std::array<std::uint64_t, kBins> bins_{};
  std::uint64_t count_ = 0;
};

/// A time limit relative to the median of the points that have succeeded. There is none before 10 of them, and it is
/// never below 1 s: how long a short program takes depends on what else the machine does.
class RelativeLimit {
 public:
  explicit RelativeLimit(double factor) : factor_(factor) {}
  void add(double seconds) { times_.add(seconds); }
  /// Seconds, or 0 while there is none. Follows the median each time that a tenth more points have been added.
  double seconds();

 private:
  double factor_;
  MedianTime times_;
  std::uint64_t next_ = 10;
  double limit_ = 0.0;
};

}  // namespace windrow::detail
