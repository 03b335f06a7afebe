#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "parallel/pace.hpp"
#include "parallel/supply.hpp"

namespace windrow::detail {

/// Which points may still begin in a job that is to end by a certain time: those that are expected to end before it.
/// src/parallel/DESIGN.md says what is expected, and why.
class Cutoff {
 public:
  Cutoff(const Pace& pace, std::shared_ptr<CostModel> costs) : pace_(pace), costs_(std::move(costs)) {}

  /// A point has ended; to be told before the costs are.
  void observe(std::uint64_t index, double seconds);
  /// Points have been handed out: if none ends, they take at least as long as from the first time on.
  void note_begin(double now);
  /// @param seconds_left  from now; none: there is no hurry
  void set(std::optional<double> seconds_left, double now);
  bool is_set() const { return deadline_.has_value(); }
  /// Infinity if it is not set.
  double seconds_left(double now) const;

  /// The next points for a worker that has `queued` points already; none if none of them fits.
  std::vector<IndexRun> take(Supply& supply, int worker, std::uint64_t most, std::uint64_t queued, double now);
  /// Gives back what was passed over.
  void put_back(Supply& supply, int worker);

 private:
  double expected(double now) const;
  std::vector<IndexRun> take_predicted(Supply& supply, int worker, std::uint64_t most, double left, double scale);
  std::optional<double> seconds_per_cost() const;

  const Pace& pace_;
  std::shared_ptr<CostModel> costs_;  // may be null
  std::optional<double> deadline_;
  std::optional<double> began_;
  IndexSet too_long_;                                  // passed over
  double count_ = 0.0, ratios_ = 0.0, squares_ = 0.0;  // of seconds over predicted cost
};

}  // namespace windrow::detail
