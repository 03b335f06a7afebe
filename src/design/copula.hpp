#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "windrow/design/correlated.hpp"

namespace windrow::detail {

/// Mixes numbers in (0, 1), one for each parameter, to correlated ones.
class Copula {
 public:
  /// @throws BadCorrelation as correlated() says
  Copula(const std::vector<Parameter>& parameters, std::vector<Correlation> correlations);

  /// The number of a parameter.
  /// @param independent  gives that of each parameter before it is mixed
  template <typename Independent>
  double mixed(std::size_t parameter, const Independent& independent) const {
    const std::vector<Part>& parts = rows_[parameter];
    if (parts.empty()) return independent(parameter);
    long double sum = 0.0L;
    for (const Part& part : parts) sum += part.weight * normal(independent(part.parameter));
    return share_below(sum);
  }

  /// Whether the parameter is a mixture of several numbers.
  bool mixes(std::size_t parameter) const { return !rows_[parameter].empty(); }
  /// As Kernel::options().
  std::vector<std::pair<std::string, std::string>> definition() const;

 private:
  struct Part {
    std::size_t parameter;
    long double weight;
  };
  static long double normal(double u);
  static double share_below(long double z);

  std::vector<Correlation> correlations_;
  std::vector<std::vector<Part>> rows_;  // of each parameter; empty: it is its own number
};

}  // namespace windrow::detail
