#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "windrow/design/value.hpp"

namespace [[gnu::visibility("default")]] windrow {

/// A number by the name that it has in the field: {"mean", 300}.
struct Term {
  std::string name;
  double value;
};

/// What a parameter's values are drawn from, by the inverse of its distribution function:
///
/// | kind | terms |
/// |---|---|
/// | uniform, log_uniform | low, high: the logarithm is uniform, and both are above 0 |
/// | normal | mean, sd |
/// | lognormal | mean and sd of the quantity, or log_mean and log_sd of its logarithm |
/// | triangular | low, mode, high |
/// | beta | alpha, beta, and where it lies: low (0), high (1) |
/// | gamma, weibull | shape, scale |
/// | exponential | mean |
/// | gumbel | location, scale: of largest values |
/// | poisson | mean, up to 10^9 |
/// | binomial | trials, up to 10^9; probability |
/// | discrete_uniform | low, high: whole numbers up to 2^53 |
///
/// `low` and `high` of the others, one or both, leave what lies between them (with them) of the distribution, scaled to
/// 1. They are accurate far out in both tails. Values of the last three are integers.
class Distribution {
 public:
  /// @throws SpecError, with the name of the term, for an unknown kind, a term that it does not have, lacks or has
  ///         twice, a number that it cannot be, and for `low` and `high` with (almost) nothing between them
  Distribution(std::string_view kind, std::vector<Term> terms);

  std::string_view kind() const;
  const std::vector<Term>& terms() const;
  /// The value below which the share u lies. Never falls when u grows. Rounded once from extended precision.
  /// @pre 0 < u < 1
  Value quantile(double u) const;
  /// Whether the values are integers.
  bool is_discrete() const;
  /// None is below it; minus infinity if there is no such number.
  double lowest() const;
  /// "normal(10, 2)", "lognormal(mean = 300, sd = 30, low = 0)"
  std::string definition() const;

  static const std::vector<std::string>& kinds();
  /// The names of all terms that a kind may have. @throws SpecError for an unknown kind
  static std::vector<std::string> keys(std::string_view kind);

 private:
  struct Drawn;
  std::shared_ptr<const Drawn> drawn_;
};

/// Listed values that are drawn by their weights.
class Choice {
 public:
  /// @throws SpecError for no values, not as many weights, one that is negative or no number, or none above 0
  Choice(std::vector<Value> values, std::vector<double> weights);

  const std::vector<Value>& values() const;
  const std::vector<double>& weights() const;
  const Value& quantile(double u) const;
  /// "choice("steel" 3, "wood" 1)": what stands there, not shares.
  std::string definition() const;

 private:
  struct Weighed;
  std::shared_ptr<const Weighed> weighed_;
};

/// Numbers that were observed: the smallest of them that so many are not above. Holds 8 bytes for each.
class Samples {
 public:
  /// @param are_integers  whether values are to be integers
  /// @param notes         what should be known of where they are from: Design::notes()
  /// @throws SpecError for none, one that is not finite, and integers that are none or beyond 2^53
  explicit Samples(std::vector<double> numbers, bool are_integers = false, std::vector<std::string> notes = {});

  /// In order.
  const std::vector<double>& numbers() const;
  bool are_integers() const;
  const std::vector<std::string>& notes() const;
  Value at(std::size_t place) const;
  Value quantile(double u) const;
  /// By a hash of the sorted values: "samples(1000 values, xxh3 ...)".
  std::string definition() const;

 private:
  struct Observed;
  std::shared_ptr<const Observed> observed_;
};

}  // namespace windrow
