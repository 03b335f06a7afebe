#include "typical_time.hpp"

#include <algorithm>
#include <cmath>

namespace windrow::detail {
namespace {

constexpr double kShortest = 1e-6;  // seconds
constexpr double kGrowth = 1.02;
constexpr double kLeastLimit = 1.0;  // seconds

}  // namespace

void MedianTime::add(double seconds) {
  const double place = seconds > kShortest ? std::log(seconds / kShortest) / std::log(kGrowth) : 0.0;
  ++bins_[static_cast<std::size_t>(std::min(place, static_cast<double>(kBins - 1)))];
  ++count_;
}

double MedianTime::median() const {
  std::uint64_t below = 0;
  std::size_t bin = 0;
  while (bin + 1 < kBins && (below += bins_[bin]) * 2 < count_) ++bin;
  return kShortest * std::pow(kGrowth, static_cast<double>(bin) + 0.5);
}

double RelativeLimit::seconds() {
  if (times_.count() >= next_) {
    next_ = times_.count() + times_.count() / 10;
    limit_ = std::max(kLeastLimit, factor_ * times_.median());
  }
  return limit_;
}

}  // namespace windrow::detail
