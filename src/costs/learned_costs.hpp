#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "cost_features.hpp"
#include "windrow/design/design.hpp"
#include "windrow/parallel/dispatch.hpp"

namespace windrow::detail {

/// y = b0 + b'x by ridge regression over running sums: memory O(features^2), whatever the number of observations.
/// Sources: Hoerl & Kennard 1970, doi:10.1080/00401706.1970.10488634; running sums about the mean: Welford 1962,
/// doi:10.1080/00401706.1962.10490022
class RidgeRegression {
 public:
  explicit RidgeRegression(std::size_t features);

  void add(std::span<const double> x, double y);
  /// Takes the coefficients from all that was added. O(features^3).
  void fit();
  /// By the last fit.
  double predict(std::span<const double> x) const;

  std::uint64_t count() const { return count_; }
  /// Of the y that were added.
  double mean() const { return means_.back(); }

 private:
  double& moment(std::size_t row, std::size_t column) { return moments_[row * (size_ + 1) + column]; }

  std::size_t size_;
  std::uint64_t count_ = 0;
  std::vector<double> means_;    // of x, then of y
  std::vector<double> moments_;  // sums of products of deviations, lower triangle; the last row is y's
  std::vector<double> coefficients_;
  double intercept_ = 0.0;
};

/// Learns from the finished points of a design how long points take: a ridge regression of log(seconds) over the
/// parameters, refitted whenever the number of observations has doubled.
///
/// Every observation is first predicted with the model as it stands, which has not seen it, and the squared error is
/// compared with that of the mean so far (prequential: Dawid 1984, doi:10.2307/2981683); errors made before the last
/// refits count half, a quarter, ... Only a model that explains something is used: once R2 was at least 0.2 over at
/// least 20 predictions, of times that differ by 5 % or more. Below that the order gains less than learning it delays;
/// and pure noise gets there in two sweeps of a hundred, where any order is as good as another.
class CostLearner : public CostModel {
 public:
  explicit CostLearner(Design design);

  std::uint64_t revision() const override { return is_used_ ? fits_ : 0; }
  /// Within the range of the times observed, widened by half of it (of logarithms) on both sides: the longest points
  /// are mostly yet to come, and must not all count the same.
  double cost(std::uint64_t index) const override;
  void observe(std::uint64_t index, double seconds) override;

  /// Share of the variance of log(seconds) that was predicted, out of sample; at most 1, negative if the mean is
  /// better.
  double r2() const;
  std::uint64_t predictions() const { return predictions_; }
  /// A line for a user: what the points' order was, and why.
  std::string note() const;

 private:
  bool explains() const;
  double spread() const;
  double predict(std::span<const double> features) const;  // log(seconds)
  void refit();

  Design design_;
  CostFeatures features_;
  RidgeRegression regression_;
  std::uint64_t first_fit_;
  std::uint64_t next_fit_;
  std::uint64_t fits_ = 0;
  bool is_used_ = false;
  std::uint64_t predictions_ = 0;
  double weight_ = 0.0;       // of the predictions in the sums below
  double model_error_ = 0.0;  // sums of squares
  double mean_error_ = 0.0;
  double lowest_ = 0.0;  // log(seconds) observed
  double highest_ = 0.0;
};

}  // namespace windrow::detail
