#include "parallel/pace.hpp"

#include <algorithm>

namespace windrow::detail {
namespace {

constexpr double kAssignmentSeconds = 0.010;  // of work in an assignment
constexpr double kLongestStretch = 64.0;      // of that, when the coordinator cannot keep up
constexpr double kBusy = 0.5, kIdle = 0.15;   // shares of the coordinator's time
constexpr double kPrefetchSeconds = 0.1;      // points longer than this are not handed out ahead
constexpr double kBudgetFactor = 2.0;
constexpr double kMostPoints = 65536;
constexpr double kMostBytes = 4.0 * 1024 * 1024;  // of results in an assignment
constexpr double kShareOfLeft = 4.0;              // an assignment is at most a quarter of a fair share of what is left

}  // namespace

void Pace::observe(double seconds, std::uint64_t bytes) {
  count_ += 1.0;
  seconds_ += seconds;
  bytes_ += static_cast<double>(bytes);
  recent_ = count_ == 1.0 ? seconds : recent_ + 0.05 * (seconds - recent_);
}

void Pace::observe_load(double busy, double wall) {
  if (busy > kBusy * wall) stretch_ = std::min(kLongestStretch, stretch_ * 2.0);
  if (busy < kIdle * wall) stretch_ = std::max(1.0, stretch_ / 2.0);
}

double Pace::assignment_seconds() const {
  return kAssignmentSeconds * stretch_;
}

double Pace::expected() const {
  return std::max({recent_, seconds_ / count_, 1e-9});
}

std::uint64_t Pace::chunk(std::uint64_t available, std::uint64_t left) const {
  if (schedule_ == Schedule::dynamic || (count_ == 0.0 && schedule_ != Schedule::guided)) return 1;
  if (schedule_ == Schedule::guided) return (left + workers_ - 1) / workers_;
  const double fair = has_shares() ? static_cast<double>(available)
                                   : static_cast<double>(left) / (kShareOfLeft * static_cast<double>(workers_));
  const double fitting = assignment_seconds() / expected();
  const double light = kMostBytes / std::max(bytes_ / count_, 1.0);
  return static_cast<std::uint64_t>(std::max(1.0, std::min({fair, fitting, light, kMostPoints})));
}

std::uint64_t Pace::ahead(std::uint64_t left) const {
  if (schedule_ == Schedule::dynamic || schedule_ == Schedule::guided || count_ == 0.0) return 1;
  const bool ends_soon = !has_shares() && left < 4 * workers_;  // then each point goes to whoever is free
  return expected() < kPrefetchSeconds && !ends_soon ? 2 : 1;
}

double Pace::budget() const {
  return kBudgetFactor * assignment_seconds();
}

}  // namespace windrow::detail
