#include "windrow/analysis/association.hpp"

#include <Eigen/Dense>
#include <algorithm>
#include <boost/math/distributions/normal.hpp>
#include <cmath>
#include <limits>
#include <numeric>

#include "analysis/missing.hpp"

namespace windrow {
namespace {

using Real = long double;
using Matrix = Eigen::Matrix<Real, Eigen::Dynamic, Eigen::Dynamic>;
using Vector = Eigen::Matrix<Real, Eigen::Dynamic, 1>;

using detail::kMissing;

Eigen::Index signed_size(std::size_t size) {
  return static_cast<Eigen::Index>(size);
}

Real mean_of(std::span<const double> sample) {
  Real sum = 0.0L;
  for (const double x : sample) sum += x;
  const Real mean = sum / static_cast<Real>(sample.size());
  Real rest = 0.0L;
  for (const double x : sample) rest += x - mean;
  return mean + rest / static_cast<Real>(sample.size());
}

Vector centred(std::span<const double> sample) {
  const Real mean = mean_of(sample);
  Vector column(signed_size(sample.size()));
  for (std::size_t i = 0; i < sample.size(); ++i) column[signed_size(i)] = sample[i] - mean;
  return column;
}

/// Least squares on columns, which are scaled to length 1.
struct Fit {
  Vector coefficients;  // of the columns as they are
  std::vector<bool> redundant;
  Vector residual;
  Matrix inverse = {};  // of R, whose columns are `used`
  std::vector<Eigen::Index> used = {};
  std::vector<Real> lengths = {};

  /// Of the sum of coefficients with these weights, in units of the residual's variance.
  Real variance_of(const Vector& weights) const {
    Vector chosen(signed_size(used.size()));
    for (std::size_t k = 0; k < used.size(); ++k) {
      chosen[signed_size(k)] = weights[used[k]] / lengths[static_cast<std::size_t>(used[k])];
    }
    return (inverse.transpose() * chosen).squaredNorm();
  }
};

Fit fit(const std::vector<Vector>& columns, const Vector& y) {
  const auto count = signed_size(columns.size());
  Fit result{Vector::Zero(count), std::vector<bool>(columns.size(), true), y};
  if (count == 0) return result;
  Matrix scaled(y.size(), count);
  for (Eigen::Index i = 0; i < count; ++i) {
    const Vector& column = columns[static_cast<std::size_t>(i)];
    result.lengths.push_back(std::max(column.norm(), std::numeric_limits<Real>::min()));
    scaled.col(i) = column / result.lengths.back();
  }
  Eigen::ColPivHouseholderQR<Matrix> qr(scaled);
  qr.setThreshold(1e-14L);
  const Eigen::Index rank = qr.rank();
  if (rank == 0) return result;
  const Vector projected = (qr.householderQ().adjoint() * y).head(rank);
  const Matrix upper = qr.matrixR().topLeftCorner(rank, rank).template triangularView<Eigen::Upper>();
  const Vector solution = upper.triangularView<Eigen::Upper>().solve(projected);
  result.inverse = upper.triangularView<Eigen::Upper>().solve(Matrix::Identity(rank, rank));
  for (Eigen::Index k = 0; k < rank; ++k) {
    const Eigen::Index i = qr.colsPermutation().indices()[k];
    const auto at = static_cast<std::size_t>(i);
    result.used.push_back(i);
    result.redundant[at] = false;
    result.coefficients[i] = solution[k] / result.lengths[at];
    result.residual -= columns[at] * result.coefficients[i];
  }
  return result;
}

double cosine(const Vector& a, const Vector& b) {
  const Real lengths = a.norm() * b.norm();
  return lengths > 0.0L ? static_cast<double>(std::clamp(a.dot(b) / lengths, -1.0L, 1.0L)) : kMissing;
}

/// Of the output and one input, the linear share of all others taken off both: the coefficient's length in units of
/// what remains.
double partial_correlation(const Fit& fitted, std::size_t which) {
  if (fitted.redundant[which]) return kMissing;
  const auto i = signed_size(which);
  const Real own = fitted.coefficients[i] / std::sqrt(fitted.variance_of(Vector::Unit(fitted.coefficients.size(), i)));
  const Real all = std::sqrt(own * own + fitted.residual.squaredNorm());
  return all > 0.0L ? static_cast<double>(own / all) : kMissing;
}

std::vector<Vector> all_centred(const std::vector<std::vector<double>>& columns) {
  std::vector<Vector> result;
  for (const auto& column : columns) result.push_back(centred(column));
  return result;
}

double share_explained(const Vector& y, const Vector& residual) {
  const Real total = y.squaredNorm();
  return total > 0.0L ? static_cast<double>(1.0L - residual.squaredNorm() / total) : kMissing;
}

/// Inputs and output of the rows that have all numbers.
struct Complete {
  std::vector<std::vector<double>> inputs;
  std::vector<double> output;
};

Complete complete_rows(const std::vector<std::vector<double>>& inputs, std::span<const double> output) {
  Complete rows{std::vector<std::vector<double>>(inputs.size()), {}};
  for (std::size_t row = 0; row < output.size(); ++row) {
    const auto lacks = [row](const std::vector<double>& column) { return std::isnan(column[row]); };
    if (std::isnan(output[row]) || std::any_of(inputs.begin(), inputs.end(), lacks)) continue;
    for (std::size_t i = 0; i < inputs.size(); ++i) rows.inputs[i].push_back(inputs[i][row]);
    rows.output.push_back(output[row]);
  }
  return rows;
}

}  // namespace

double correlation(std::span<const double> x, std::span<const double> y) {
  if (x.size() < 2) return kMissing;
  return cosine(centred(x), centred(y));
}

std::vector<double> ranks_of(std::span<const double> sample) {
  std::vector<std::size_t> order(sample.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return sample[a] < sample[b]; });
  std::vector<double> ranks(sample.size());
  for (std::size_t first = 0; first < order.size();) {
    std::size_t end = first;
    while (end < order.size() && !(sample[order[first]] < sample[order[end]])) ++end;
    const double mean = static_cast<double>(first + end + 1) / 2.0;
    for (; first < end; ++first) ranks[order[first]] = mean;
  }
  return ranks;
}

ConfidenceInterval correlation_interval(double coefficient, std::size_t rows, std::size_t held, double level) {
  if (std::isnan(coefficient) || rows <= held + 3) return {-1.0, 1.0};
  if (std::abs(coefficient) >= 1.0) return {coefficient, coefficient};
  const double z = boost::math::quantile(boost::math::complement(boost::math::normal(), (1.0 - level) / 2.0));
  const double half = z / std::sqrt(static_cast<double>(rows - held - 3));
  return {std::tanh(std::atanh(coefficient) - half), std::tanh(std::atanh(coefficient) + half)};
}

Regression linear_regression(const std::vector<std::vector<double>>& x, std::span<const double> y) {
  const Vector target = centred(y);
  const Fit fitted = fit(all_centred(x), target);
  Regression result;
  result.redundant = fitted.redundant;
  result.r_squared = share_explained(target, fitted.residual);
  const auto count = signed_size(x.size());
  Vector means(count);
  for (Eigen::Index i = 0; i < count; ++i) means[i] = mean_of(x[static_cast<std::size_t>(i)]);
  result.constant = static_cast<double>(mean_of(y) - fitted.coefficients.dot(means));
  const std::size_t used = fitted.used.size() + 1;
  const Real variance = y.size() > used ? fitted.residual.squaredNorm() / static_cast<Real>(y.size() - used)
                                        : static_cast<Real>(kMissing);
  result.residual_sd = static_cast<double>(std::sqrt(variance));
  const auto error = [&](Real share) { return static_cast<double>(std::sqrt(variance * share)); };
  result.standard_errors.push_back(error(1.0L / static_cast<Real>(y.size()) + fitted.variance_of(means)));
  for (Eigen::Index i = 0; i < count; ++i) {
    result.coefficients.push_back(static_cast<double>(fitted.coefficients[i]));
    const bool redundant = fitted.redundant[static_cast<std::size_t>(i)];
    result.standard_errors.push_back(redundant ? kMissing : error(fitted.variance_of(Vector::Unit(count, i))));
  }
  return result;
}

Associations associations(const std::vector<std::vector<double>>& inputs, std::span<const double> output,
                          double level) {
  const Complete rows = complete_rows(inputs, output);
  const std::size_t count = rows.output.size();
  Associations result{count, std::vector<Association>(inputs.size()), kMissing, kMissing};
  if (count < 2) {
    constexpr ConfidenceInterval none{-1.0, 1.0};
    std::fill(result.of.begin(), result.of.end(),
              Association{kMissing, none, kMissing, none, kMissing, kMissing, kMissing});
    return result;
  }
  std::vector<std::vector<double>> ranked;
  for (const auto& input : rows.inputs) ranked.push_back(ranks_of(input));
  const std::vector<Vector> x = all_centred(rows.inputs), rank_x = all_centred(ranked);
  const Vector y = centred(rows.output), rank_y = centred(ranks_of(rows.output));
  const Fit fitted = fit(x, y), rank_fitted = fit(rank_x, rank_y);
  result.r_squared = share_explained(y, fitted.residual);
  result.rank_r_squared = share_explained(rank_y, rank_fitted.residual);
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    Association& one = result.of[i];
    one.pearson = cosine(x[i], y);
    one.spearman = cosine(rank_x[i], rank_y);
    one.pearson_interval = correlation_interval(one.pearson, count, 0, level);
    one.spearman_interval = correlation_interval(one.spearman, count, 0, level);
    one.partial = partial_correlation(fitted, i);
    one.partial_rank = partial_correlation(rank_fitted, i);
    one.standardized =
        y.norm() > 0.0L ? static_cast<double>(fitted.coefficients[signed_size(i)] * x[i].norm() / y.norm()) : kMissing;
  }
  return result;
}

}  // namespace windrow
