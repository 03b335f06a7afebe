#pragma once

#include <cstdint>
#include <span>

#include "windrow/analysis/data.hpp"

namespace [[gnu::visibility("default")]] windrow {

/// What describes a sample of numbers. What a sample is too small for is NaN.
struct Moments {
  std::uint64_t count = 0;
  double mean = 0.0;
  ConfidenceInterval mean_interval;  ///< by Student's t
  double sd = 0.0;                   ///< with n - 1 in the denominator
  ConfidenceInterval sd_interval;    ///< by chi squared: right for normal samples alone
  double skewness = 0.0;             ///< adjusted Fisher-Pearson, G1 (Joanes & Gill 1998, doi:10.1111/1467-9884.00122)
  double kurtosis = 0.0;             ///< excess, adjusted, G2 (the same)
  double least = 0.0, largest = 0.0;
};

/// Numbers that are NaN are left out. Two passes in extended precision.
/// @param level  of the intervals, in (0, 1)
Moments moments(std::span<const double> sample, double level = 0.95);

/// The quantile p of a sample, interpolated between order statistics (type 7 of Hyndman & Fan 1996,
/// doi:10.2307/2684934; as R and NumPy do).
/// @param sorted  ascending, without NaN  @pre it is not empty, 0 <= p <= 1
double quantile(std::span<const double> sorted, double p);

/// An interval of two order statistics that has the quantile p with at least `level`, whatever the distribution (by the
/// binomial distribution of ranks; Hahn & Meeker 1991, section 5.2). Infinite where the sample is too small for one.
/// @param sorted  ascending, without NaN
ConfidenceInterval quantile_interval(std::span<const double> sorted, double p, double level = 0.95);

/// A share of successes among trials: Wilson's interval (1927, doi:10.1080/01621459.1927.10502953).
/// @pre successes <= trials, trials > 0
ConfidenceInterval share_interval(std::uint64_t successes, std::uint64_t trials, double level = 0.95);

}  // namespace windrow
