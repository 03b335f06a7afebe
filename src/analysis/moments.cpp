#include "windrow/analysis/moments.hpp"

#include <algorithm>
#include <boost/math/distributions/binomial.hpp>
#include <boost/math/distributions/chi_squared.hpp>
#include <boost/math/distributions/normal.hpp>
#include <boost/math/distributions/students_t.hpp>
#include <cmath>
#include <limits>

#include "analysis/missing.hpp"

namespace windrow {
namespace {

using detail::kMissing;
constexpr double kInfinite = std::numeric_limits<double>::infinity();

struct Sums {
  long double n = 0.0L, mean = 0.0L, second = 0.0L, third = 0.0L, fourth = 0.0L;  // of powers of deviations
};

Sums sums_of(std::span<const double> sample) {
  Sums sums;
  long double sum = 0.0L;
  for (const double x : sample) {
    if (std::isnan(x)) continue;
    sum += x;
    sums.n += 1.0L;
  }
  if (sums.n == 0.0L) return sums;
  sums.mean = sum / sums.n;
  long double rest = 0.0L;  // what rounding left of the mean
  for (const double x : sample) {
    if (!std::isnan(x)) rest += x - sums.mean;
  }
  sums.mean += rest / sums.n;
  for (const double x : sample) {
    if (std::isnan(x)) continue;
    const long double d = x - sums.mean;
    sums.second += d * d;
    sums.third += d * d * d;
    sums.fourth += d * d * d * d;
  }
  return sums;
}

void set_intervals(Moments& moments, double level) {
  const double n = static_cast<double>(moments.count), tail = (1.0 - level) / 2.0;
  const double t = boost::math::quantile(boost::math::complement(boost::math::students_t(n - 1.0), tail));
  const double half = t * moments.sd / std::sqrt(n);
  moments.mean_interval = {moments.mean - half, moments.mean + half};
  const boost::math::chi_squared spread(n - 1.0);
  const double sum = (n - 1.0) * moments.sd * moments.sd;
  moments.sd_interval = {std::sqrt(sum / boost::math::quantile(boost::math::complement(spread, tail))),
                         std::sqrt(sum / boost::math::quantile(spread, tail))};
}

}  // namespace

Moments moments(std::span<const double> sample, double level) {
  const Sums sums = sums_of(sample);
  const long double n = sums.n;
  Moments result{static_cast<std::uint64_t>(n),
                 kMissing,
                 {kMissing, kMissing},
                 kMissing,
                 {kMissing, kMissing},
                 kMissing,
                 kMissing,
                 kMissing,
                 kMissing};
  if (result.count == 0) return result;
  result.mean = static_cast<double>(sums.mean);
  result.least = kInfinite;
  result.largest = -kInfinite;
  for (const double x : sample) {
    if (std::isnan(x)) continue;
    result.least = std::min(result.least, x);
    result.largest = std::max(result.largest, x);
  }
  if (result.count < 2) return result;
  result.sd = static_cast<double>(std::sqrt(sums.second / (n - 1.0L)));
  set_intervals(result, level);
  if (sums.second == 0.0L) return result;
  const long double variance = sums.second / n;
  if (result.count > 2) {
    const long double g = sums.third / n / std::pow(variance, 1.5L);
    result.skewness = static_cast<double>(g * std::sqrt(n * (n - 1.0L)) / (n - 2.0L));
  }
  if (result.count > 3) {
    const long double g = sums.fourth / n / (variance * variance) - 3.0L;
    result.kurtosis = static_cast<double>((n - 1.0L) / ((n - 2.0L) * (n - 3.0L)) * ((n + 1.0L) * g + 6.0L));
  }
  return result;
}

double quantile(std::span<const double> sorted, double p) {
  const double at = p * static_cast<double>(sorted.size() - 1);
  const auto below = std::min(static_cast<std::size_t>(at), sorted.size() - 1);
  const double share = at - static_cast<double>(below);
  if (share == 0.0) return sorted[below];
  return std::lerp(sorted[below], sorted[below + 1], share);
}

// Ranks l < u with P(l <= B < u) >= level, B binomial(n, p), with at most half of the rest on either side where there
// is such a rank, else all of it on the other.
ConfidenceInterval quantile_interval(std::span<const double> sorted, double p, double level) {
  const std::size_t n = sorted.size();
  if (n == 0 || p <= 0.0 || p >= 1.0) return {-kInfinite, kInfinite};
  const boost::math::binomial below(static_cast<double>(n), p);
  const auto at_most = [&](std::size_t k) { return boost::math::cdf(below, static_cast<double>(k)); };
  const double tail = (1.0 - level) / 2.0;
  std::size_t low = 0;  // in ranks counted from 1; 0: none
  for (std::size_t least = 1, most = n; least <= most;) {
    const std::size_t middle = (least + most) / 2;
    if (at_most(middle - 1) <= tail) {
      low = middle;
      least = middle + 1;
    } else {
      most = middle - 1;
    }
  }
  const double rest = 1.0 - level - (low == 0 ? 0.0 : at_most(low - 1));
  std::size_t high = n + 1;
  for (std::size_t least = 1, most = n; least <= most;) {
    const std::size_t middle = (least + most) / 2;
    if (1.0 - at_most(middle - 1) <= rest) {
      high = middle;
      most = middle - 1;
    } else {
      least = middle + 1;
    }
  }
  return {low == 0 ? -kInfinite : sorted[low - 1], high > n ? kInfinite : sorted[high - 1]};
}

ConfidenceInterval share_interval(std::uint64_t successes, std::uint64_t trials, double level) {
  const double z = boost::math::quantile(boost::math::complement(boost::math::normal(), (1.0 - level) / 2.0));
  const double n = static_cast<double>(trials), share = static_cast<double>(successes) / n;
  const double centre = (share + z * z / (2.0 * n)) / (1.0 + z * z / n);
  const double half = z / (1.0 + z * z / n) * std::sqrt(share * (1.0 - share) / n + z * z / (4.0 * n * n));
  return {successes == 0 ? 0.0 : centre - half, successes == trials ? 1.0 : centre + half};
}

}  // namespace windrow
