#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "windrow/analysis/data.hpp"

namespace [[gnu::visibility("default")]] windrow {

/// Pearson's coefficient of two samples; NaN if one is constant, or there are fewer than two rows.
/// @pre as many of both, none NaN
double correlation(std::span<const double> x, std::span<const double> y);

/// The place of each number in ascending order, counted from 1; equal ones have the mean of their places.
std::vector<double> ranks_of(std::span<const double> sample);

/// Where the true coefficient lies, by Fisher's z (1921).
/// @param held  how many other variables are held fixed (of a partial correlation)
ConfidenceInterval correlation_interval(double coefficient, std::size_t rows, std::size_t held = 0,
                                        double level = 0.95);

/// A linear model y = c + sum b_i x_i by least squares.
struct Regression {
  double constant = 0.0;
  std::vector<double> coefficients;     ///< of each x; 0 where it is redundant
  std::vector<double> standard_errors;  ///< of the constant, then of the coefficients; NaN without degrees of freedom
  std::vector<bool> redundant;          ///< it is constant, or the others say what it does
  double residual_sd = 0.0;
  double r_squared = 0.0;  ///< the share of the variance that the model has; NaN if y is constant
};

/// By a QR decomposition with pivots of the centred, scaled columns, in extended precision.
/// @param x  columns, as long as y  @pre none is NaN
Regression linear_regression(const std::vector<std::vector<double>>& x, std::span<const double> y);

/// How an output goes with one input.
struct Association {
  double pearson = 0.0;
  ConfidenceInterval pearson_interval;
  double spearman = 0.0;  ///< of ranks: any rise counts, whether it is linear or not
  ConfidenceInterval spearman_interval;
  double partial = 0.0;       ///< Pearson's with the other inputs' linear share taken off both (PCC)
  double partial_rank = 0.0;  ///< the same of ranks (PRCC; Iman & Helton 1988, doi:10.1111/j.1539-6924.1988.tb01155.x)
  double standardized = 0.0;  ///< standardized regression coefficient (SRC): b_i sd(x_i) / sd(y)
};

struct Associations {
  std::uint64_t rows = 0;       ///< that were used: the others lack a number
  std::vector<Association> of;  ///< each input
  double r_squared = 0.0;       ///< of the linear model: how far the standardized coefficients say everything
  double rank_r_squared = 0.0;  ///< of that of ranks
};

/// How an output goes with each of the inputs. Rows with a NaN are left out.
/// @param inputs  columns, as long as the output
Associations associations(const std::vector<std::vector<double>>& inputs, std::span<const double> output,
                          double level = 0.95);

}  // namespace windrow
