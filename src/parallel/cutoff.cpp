#include "parallel/cutoff.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "parallel/ranked_supply.hpp"

namespace windrow::detail {
namespace {

constexpr double kFewest = 10.0;                                    // finished points that give costs a scale
constexpr std::uint64_t kMostPassedOver = std::uint64_t{1} << 18U;  // after so many, the others are too long as well

}  // namespace

void Cutoff::observe(std::uint64_t index, double seconds) {
  if (!costs_ || costs_->revision() == 0) return;
  const double cost = costs_->cost(index);
  if (!std::isfinite(cost) || !(cost > 0.0)) return;
  count_ += 1.0;
  ratios_ += seconds / cost;
  squares_ += (seconds / cost) * (seconds / cost);
}

void Cutoff::note_begin(double now) {
  if (!began_) began_ = now;
}

void Cutoff::set(std::optional<double> seconds_left, double now) {
  deadline_ = seconds_left ? std::optional(now + *seconds_left) : std::nullopt;
}

double Cutoff::seconds_left(double now) const {
  return deadline_ ? *deadline_ - now : std::numeric_limits<double>::infinity();
}

double Cutoff::expected(double now) const {
  const double seconds = pace_.most_end_within();
  return seconds > 0.0 || !began_ ? seconds : now - *began_;
}

// Costs may be in any unit; mean and deviation as for times.
std::optional<double> Cutoff::seconds_per_cost() const {
  if (!costs_ || costs_->revision() == 0 || count_ < kFewest) return std::nullopt;
  const double mean = ratios_ / count_;
  return mean + std::sqrt(std::max(0.0, squares_ / count_ - mean * mean));
}

std::vector<IndexRun> Cutoff::take(Supply& supply, int worker, std::uint64_t most, std::uint64_t queued, double now) {
  if (!deadline_) return supply.take(worker, most);
  const double each = expected(now);
  const double left = *deadline_ - now - each * static_cast<double>(queued);
  if (left <= 0.0) return {};
  if (const auto scale = seconds_per_cost()) return take_predicted(supply, worker, most, left, *scale);
  const double fitting = each > 0.0 ? std::floor(left / each) : static_cast<double>(most);
  if (fitting < 1.0) return {};
  return supply.take(worker, fitting < static_cast<double>(most) ? static_cast<std::uint64_t>(fitting) : most);
}

// Points that are too long are passed over for good, since there will never be more time than now.
std::vector<IndexRun> Cutoff::take_predicted(Supply& supply, int worker, std::uint64_t most, double left,
                                             double scale) {
  std::vector<IndexRun> runs;
  while (runs.size() < most && left > 0.0 && supply.available(worker) > 0 && too_long_.size() < kMostPassedOver) {
    for (const IndexRun& run : supply.take(worker, 1)) {
      const double cost = costs_->cost(run.first);
      const double seconds = std::isfinite(cost) ? cost * scale : pace_.most_end_within();
      if (seconds > left) {
        too_long_.insert(run.first);
      } else {
        left -= seconds;
        runs.push_back(run);
      }
    }
  }
  return runs;
}

void Cutoff::put_back(Supply& supply, int worker) {
  for (const IndexRange& range : too_long_.ranges()) supply.put_back(worker, {range.first, range.count, 1});
  too_long_ = IndexSet();
}

}  // namespace windrow::detail
