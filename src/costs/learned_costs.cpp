#include "learned_costs.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "windrow/base/text.hpp"

namespace windrow::detail {
namespace {

constexpr double kEnoughR2 = 0.2;
constexpr double kEnoughSpread = 0.05;  // of log(seconds): about 5 %
constexpr std::uint64_t kEnoughPredictions = 20;
constexpr std::uint64_t kFewestToFit = 8;
constexpr double kMargin = 0.5;
constexpr double kPenalty = 0.3;        // as much as a third of one observation knows of a feature
constexpr double kShortestTime = 1e-9;  // seconds; clocks may say 0

/// Solves A x = b for symmetric positive definite A by a Cholesky factorisation in place.
/// @param a  size x size, row-major, of which the lower triangle is read
std::vector<double> solve_cholesky(std::vector<double> a, std::vector<double> b) {
  const std::size_t n = b.size();
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = 0; j <= i; ++j) {
      double sum = a[i * n + j];
      for (std::size_t k = 0; k < j; ++k) sum -= a[i * n + k] * a[j * n + k];
      a[i * n + j] = i == j ? std::sqrt(sum) : sum / a[j * n + j];
    }
    for (std::size_t k = 0; k < i; ++k) b[i] -= a[i * n + k] * b[k];
    b[i] /= a[i * n + i];
  }
  for (std::size_t i = n; i-- > 0;) {
    for (std::size_t k = i + 1; k < n; ++k) b[i] -= a[k * n + i] * b[k];
    b[i] /= a[i * n + i];
  }
  return b;
}

}  // namespace

RidgeRegression::RidgeRegression(std::size_t features)
    : size_(features), means_(features + 1), moments_((features + 1) * (features + 1)), coefficients_(features) {}

void RidgeRegression::add(std::span<const double> x, double y) {
  ++count_;
  const auto value = [&](std::size_t i) { return i < size_ ? x[i] : y; };
  std::vector<double> before(size_ + 1);
  for (std::size_t i = 0; i <= size_; ++i) {
    before[i] = value(i) - means_[i];
    means_[i] += before[i] / static_cast<double>(count_);
    for (std::size_t j = 0; j <= i; ++j) moment(i, j) += before[j] * (value(i) - means_[i]);
  }
}

void RidgeRegression::fit() {
  std::vector<double> a(size_ * size_);
  std::vector<double> b(size_);
  for (std::size_t i = 0; i < size_; ++i) {
    for (std::size_t j = 0; j <= i; ++j) a[i * size_ + j] = moment(i, j);
    a[i * size_ + i] += kPenalty;
    b[i] = moment(size_, i);
  }
  coefficients_ = solve_cholesky(std::move(a), std::move(b));
  intercept_ = means_.back();
  for (std::size_t i = 0; i < size_; ++i) intercept_ -= coefficients_[i] * means_[i];
}

double RidgeRegression::predict(std::span<const double> x) const {
  double y = intercept_;
  for (std::size_t i = 0; i < size_; ++i) y += coefficients_[i] * x[i];
  return y;
}

CostLearner::CostLearner(Design design)
    : design_(std::move(design)),
      features_(design_.parameters()),
      regression_(features_.size()),
      first_fit_(std::max<std::uint64_t>(kFewestToFit, 2 * features_.size())),
      next_fit_(first_fit_) {}

double CostLearner::cost(std::uint64_t index) const {
  return std::exp(predict(features_.of(design_.point(index).values())));
}

double CostLearner::predict(std::span<const double> features) const {
  const double margin = kMargin * (highest_ - lowest_);
  return std::clamp(regression_.predict(features), lowest_ - margin, highest_ + margin);
}

void CostLearner::observe(std::uint64_t index, double seconds) {
  if (!std::isfinite(seconds)) return;
  const double y = std::log(std::max(seconds, kShortestTime));
  const std::vector<double> x = features_.of(design_.point(index).values());
  const bool is_first = regression_.count() == 0;
  if (fits_ > 0) {
    const double error = y - predict(x);
    model_error_ += error * error;
    mean_error_ += (y - regression_.mean()) * (y - regression_.mean());
    weight_ += 1.0;
    ++predictions_;
  }
  lowest_ = is_first ? y : std::min(lowest_, y);
  highest_ = is_first ? y : std::max(highest_, y);
  regression_.add(x, y);
  if (!is_used_ && explains()) {
    is_used_ = true;
    refit();
  } else if (regression_.count() >= next_fit_) {
    refit();
  }
}

void CostLearner::refit() {
  regression_.fit();
  ++fits_;
  next_fit_ = 2 * regression_.count();
  for (double* sum : {&weight_, &model_error_, &mean_error_}) *sum /= 2.0;
}

double CostLearner::r2() const {
  return mean_error_ > 0.0 ? 1.0 - model_error_ / mean_error_ : 0.0;
}

double CostLearner::spread() const {
  return weight_ > 0.0 ? std::sqrt(mean_error_ / weight_) : 0.0;
}

bool CostLearner::explains() const {
  return predictions_ >= kEnoughPredictions && r2() >= kEnoughR2 && spread() >= kEnoughSpread;
}

std::string CostLearner::note() const {
  const std::string figures = fmt::format("R2 = {:.2f} over {} points", r2(), text::with_thousands(predictions_));
  std::string left_out = fmt::format("{}", fmt::join(features_.left_out(), ", "));
  if (!left_out.empty()) left_out = "; not looked at: " + left_out;
  const std::string no_order = ": points were handed out in no special order" + left_out;
  if (is_used_ && r2() >= kEnoughR2) return "the order follows learned times (" + figures + ")" + left_out;
  if (is_used_) return "the parameters hardly predict how long a point takes (" + figures + ")" + left_out;
  if (features_.size() == 0) return "no parameter tells points apart" + no_order;
  if (predictions_ < kEnoughPredictions) {
    return fmt::format("too few points to learn how long a point takes ({} of {})",
                       text::with_thousands(regression_.count()),
                       text::with_thousands(first_fit_ + kEnoughPredictions)) +
           no_order;
  }
  if (spread() < kEnoughSpread) {
    return fmt::format("all points take about the same time (they differ by {:.0f} %)", 100.0 * spread()) + no_order;
  }
  return "the parameters do not predict how long a point takes (" + figures + ")" + no_order;
}

}  // namespace windrow::detail
