#include "design/copula.hpp"

#include <fmt/format.h>
#include <math.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <optional>

#include "design/interface/bad_correlation.hpp"
#include "design/kernel.hpp"
#include "windrow/base/text.hpp"
#include "windrow/design/random.hpp"

namespace windrow {
namespace {

using detail::BadCorrelation;
using Matrix = std::vector<std::vector<double>>;

/// The lower triangle L of m = L L^T; none if m is not positive definite.
std::optional<Matrix> cholesky(const Matrix& m) {
  constexpr double least = 1e-10;  // below that, what is left of a parameter is rounding
  Matrix lower(m.size(), std::vector<double>(m.size()));
  for (std::size_t i = 0; i < m.size(); ++i) {
    for (std::size_t j = 0; j <= i; ++j) {
      double rest = m[i][j];
      for (std::size_t k = 0; k < j; ++k) rest -= lower[i][k] * lower[j][k];
      if (i == j && !(rest > least)) return std::nullopt;
      lower[i][j] = i == j ? std::sqrt(rest) : rest / lower[j][j];
    }
  }
  return lower;
}

double rho_of(double rank) {
  return 2.0 * std::sin(std::numbers::pi * rank / 6.0);
}

/// A pair by the places of its parameters.
struct Pair {
  std::size_t first, second;
  double rank;
};

void set(Matrix& matrix, const Pair& pair, double rank) {
  matrix[pair.first][pair.second] = matrix[pair.second][pair.first] = rho_of(rank);
}

/// Which ranks of this pair the others allow; none if there are none.
struct Interval {
  double low, high;
};
std::optional<Interval> allowed(Matrix matrix, const Pair& pair) {
  const auto fits = [&](double rank) {
    set(matrix, pair, rank);
    return cholesky(matrix).has_value();
  };
  constexpr int steps = 200;
  std::optional<double> inside;
  for (int i = 1; i < 2 * steps && !inside; ++i) {
    const double rank = static_cast<double>(i - steps) / steps;
    if (fits(rank)) inside = rank;
  }
  if (!inside) return std::nullopt;
  const auto end = [&](double outside) {
    double in = *inside, out = outside;
    for (int i = 0; i < 40; ++i) (fits((in + out) / 2) ? in : out) = (in + out) / 2;
    return in;
  };
  return Interval{end(-1.0), end(1.0)};
}

/// @pre the matrix is not positive definite
[[noreturn]] void blame(const Matrix& matrix, const std::vector<Pair>& pairs,
                        const std::vector<Correlation>& correlations) {
  for (std::size_t i = pairs.size(); i-- > 0;) {
    const auto interval = allowed(matrix, pairs[i]);
    if (!interval) continue;
    throw BadCorrelation(i, fmt::format("`{}` and `{}` cannot have the rank correlation {} beside the others, which "
                                        "allow {:.3f} to {:.3f}: the matrix is not positive definite",
                                        correlations[i].first, correlations[i].second,
                                        text::render(correlations[i].rank), interval->low, interval->high));
  }
  throw BadCorrelation(
      pairs.size() - 1,
      fmt::format("`{}` and `{}` cannot have the rank correlation {} beside the others, of which more "
                  "than one pair contradicts them: the matrix is not positive definite",
                  correlations.back().first, correlations.back().second, text::render(correlations.back().rank)));
}

std::size_t place_of(const std::vector<Parameter>& parameters, const std::string& name, std::size_t pair) {
  const auto found = std::ranges::find(parameters, name, &Parameter::name);
  if (found == parameters.end()) {
    std::vector<std::string> names;
    for (const Parameter& parameter : parameters) names.push_back(parameter.name());
    throw BadCorrelation(pair,
                         fmt::format("`{}` is no parameter that is drawn{}", name, text::suggestion(name, names)));
  }
  const auto type = found->type_of_values();
  if (type != ValueType::number && type != ValueType::integer) {
    throw BadCorrelation(pair, fmt::format("`{}` is not of numbers, and has no ranks", name));
  }
  return static_cast<std::size_t>(found - parameters.begin());
}

std::vector<Pair> pairs_of(const std::vector<Parameter>& parameters, const std::vector<Correlation>& correlations) {
  std::vector<Pair> pairs;
  for (std::size_t i = 0; i < correlations.size(); ++i) {
    const Correlation& each = correlations[i];
    const Pair pair{place_of(parameters, each.first, i), place_of(parameters, each.second, i), each.rank};
    if (pair.first == pair.second) throw BadCorrelation(i, fmt::format("`{}` beside itself", each.first));
    if (!(each.rank > -1.0 && each.rank < 1.0)) {
      throw BadCorrelation(i, fmt::format("the rank correlation of `{}` and `{}` must be between -1 and 1, not {}",
                                          each.first, each.second, text::render(each.rank)));
    }
    const auto same = [&](const Pair& other) {
      return std::minmax(pair.first, pair.second) == std::minmax(other.first, other.second);
    };
    if (std::ranges::any_of(pairs, same)) {
      throw BadCorrelation(i, fmt::format("`{}` and `{}` are there twice", each.first, each.second));
    }
    pairs.push_back(pair);
  }
  return pairs;
}

}  // namespace

detail::Copula::Copula(const std::vector<Parameter>& parameters, std::vector<Correlation> correlations)
    : correlations_(std::move(correlations)), rows_(parameters.size()) {
  const std::vector<Pair> pairs = pairs_of(parameters, correlations_);
  // The matrix is of those alone that are correlated: there may be thousands of others.
  std::vector<std::size_t> members;
  for (const Pair& pair : pairs) members.insert(members.end(), {pair.first, pair.second});
  std::ranges::sort(members);
  members.erase(std::ranges::unique(members).begin(), members.end());
  const auto member = [&](std::size_t parameter) {
    return static_cast<std::size_t>(std::ranges::lower_bound(members, parameter) - members.begin());
  };
  Matrix matrix(members.size(), std::vector<double>(members.size()));
  for (std::size_t i = 0; i < members.size(); ++i) matrix[i][i] = 1.0;
  std::vector<Pair> inside;
  for (const Pair& pair : pairs) {
    inside.push_back({member(pair.first), member(pair.second), pair.rank});
    set(matrix, inside.back(), pair.rank);
  }
  const auto lower = cholesky(matrix);
  if (!lower) blame(matrix, inside, correlations_);
  for (std::size_t i = 0; i < members.size(); ++i) {
    std::vector<Part>& row = rows_[members[i]];
    for (std::size_t j = 0; j <= i; ++j) {
      if ((*lower)[i][j] != 0.0) row.push_back({members[j], (*lower)[i][j]});
    }
    if (row.size() == 1) row.clear();
  }
}

std::vector<std::pair<std::string, std::string>> detail::Copula::definition() const {
  std::string said;
  for (const Correlation& each : correlations_) {
    said += fmt::format("{}{} {} {}", said.empty() ? "" : "; ", each.first, each.second, text::render(each.rank));
  }
  return {{"correlation", said}};
}

long double detail::Copula::normal(double u) {
  return rng::normal_quantile(u);
}

double detail::Copula::share_below(long double z) {
  constexpr double least = 0x1p-60, most = 1.0 - 0x1p-53;
  const auto share = static_cast<double>(0.5L * ::erfcl(-z * std::numbers::sqrt2_v<long double> / 2.0L));
  return std::clamp(share, least, most);
}

Design correlated(const Design& design, const std::vector<Correlation>& correlations) {
  if (correlations.empty()) return design;
  const Design::Kernel::Component given = Design::Kernel::component(design);
  const auto refuse = [&] {
    throw SpecError("method `" + design.method() + "` draws nothing that could be correlated");
  };
  if (!given.kernel->draws()) refuse();
  auto kernel = given.kernel->correlated(std::make_shared<const detail::Copula>(given.parameters, correlations));
  if (kernel == nullptr) refuse();
  return {given.parameters, given.seed, std::move(kernel)};
}

}  // namespace windrow
