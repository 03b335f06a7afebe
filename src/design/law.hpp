#pragma once

#include <limits>
#include <memory>

namespace windrow::detail {

/// Draws are computed in extended precision and rounded once, so that no processor's variant of exp() or pow() shows in
/// the last bit.
using Real = long double;

/// What is left of a distribution; infinite where nothing is cut off.
struct Bounds {
  double low = -std::numeric_limits<double>::infinity();
  double high = std::numeric_limits<double>::infinity();
};

/// A distribution, or what bounds leave of one, by its quantiles.
class Law {
 public:
  virtual ~Law() = default;
  /// @pre 0 < u < 1
  virtual double quantile(double u) const = 0;
  /// Of all values; may be infinite.
  virtual double lowest() const = 0;
};

using LawPtr = std::shared_ptr<const Law>;

// Terms are in order: who calls these has checked them.
LawPtr uniform_law(double low, double high);
LawPtr log_uniform_law(double low, double high);
LawPtr discrete_uniform_law(double low, double high);
/// With all its values; sd may be 0.
LawPtr whole_normal_law(double mean, double sd);
LawPtr triangular_law(double low, double mode, double high);
LawPtr beta_law(double alpha, double beta, double low, double high);

// @throws NothingBetween the bounds
struct NothingBetween {};
LawPtr normal_law(double mean, double sd, Bounds bounds);
LawPtr lognormal_law(double mean, double sd, Bounds bounds);
LawPtr lognormal_law_of_log(Real log_mean, Real log_sd, Bounds bounds);
LawPtr gamma_law(double shape, double scale, Bounds bounds);
LawPtr weibull_law(double shape, double scale, Bounds bounds);
LawPtr exponential_law(double mean, Bounds bounds);
LawPtr gumbel_law(double location, double scale, Bounds bounds);
LawPtr poisson_law(double mean, Bounds bounds);
LawPtr binomial_law(double trials, double probability, Bounds bounds);

}  // namespace windrow::detail
