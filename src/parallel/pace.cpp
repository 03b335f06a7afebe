#include "parallel/pace.hpp"

#include <algorithm>
#include <cmath>

namespace windrow::detail {
namespace {

constexpr double kAssignmentSeconds = 0.010;           // of work in an assignment, at first
constexpr double kLongestAssignmentSeconds = 0.1;      // later
constexpr double kShortPatienceSeconds = 0.001;        // that outcomes wait, where a loss would not tell its point
constexpr double kShareOfPast = 0.02;                  // of the time that has passed, in an assignment
constexpr double kServiceSeconds = 2e-6;               // that an assignment and its results cost the coordinator, about
constexpr double kLeastRounds = 2.0;                   // of the coordinator through all workers, in an assignment
constexpr double kNoticeSeconds = 1e-4;                // that it takes to notice that a worker needs something, about
constexpr double kMostStretch = 64.0;                  // of assignments, when the coordinator cannot keep up
constexpr double kBusyShare = 0.5, kIdleShare = 0.15;  // shares of the coordinator's time
constexpr double kPrefetchSeconds = 0.15;              // points longer than this are not handed out ahead
constexpr double kLatePrefetchSeconds = 0.002;         // nor, near the end, longer than this
constexpr double kRecentWeight = 0.05;                 // weight of a point in the mean of recent ones
constexpr double kShortestBudgetSeconds = 0.02;
constexpr double kBudgetFactor = 1.5;
constexpr double kMostPoints = 65536;
constexpr double kMostBytes = 4.0 * 1024 * 1024;  // of results in an assignment
constexpr double kMostParameterBytes =
    256.0 * 1024;                     // in an assignment: the worker begins while the root packs the next
constexpr double kShareOfLeft = 4.0;  // an assignment is at most a quarter of a fair share of what is left

}  // namespace

void Pace::observe(double seconds, std::uint64_t bytes, std::uint64_t points) {
  if (count_ == 0.0) recent_ = seconds;
  const auto count = static_cast<double>(points);
  count_ += count;
  seconds_ += count * seconds;
  squares_ += count * seconds * seconds;
  longest_ = std::max(longest_, seconds);
  bytes_ += count * static_cast<double>(bytes);
  double weight_of_past = 1.0 - kRecentWeight;
  for (std::uint64_t i = 1; i < points; ++i) weight_of_past *= 1.0 - kRecentWeight;
  recent_ = seconds + weight_of_past * (recent_ - seconds);
}

void Pace::observe_parameter(std::uint64_t bytes) {
  parameters_ += 1.0;
  parameter_bytes_ += static_cast<double>(bytes);
}

void Pace::observe_running(double seconds) {
  if (seconds > recent_) recent_ += kRecentWeight * (seconds - recent_);
}

void Pace::observe_load(double busy, double wall) {
  if (busy > kBusyShare * wall) stretch_ = std::min(kMostStretch, stretch_ * 2.0);
  if (busy < kIdleShare * wall) stretch_ = std::max(1.0, stretch_ / 2.0);
}

double Pace::assignment_seconds() const {
  const double past = seconds_ / static_cast<double>(workers_);
  const double usual = std::clamp(kShareOfPast * past, kAssignmentSeconds, kLongestAssignmentSeconds);
  return std::max(usual, 4.0 * round_seconds()) * stretch_;
}

// Otherwise the point is taken for the first one without an outcome, which is right as long as none waits to travel.
double Pace::patience(bool knows_point) const {
  return knows_point ? assignment_seconds() : std::max(kShortPatienceSeconds, 4.0 * round_seconds()) * stretch_;
}

// In which every worker can be served once.
double Pace::round_seconds() const {
  return kServiceSeconds * static_cast<double>(workers_);
}

double Pace::expected() const {
  return std::max({recent_, seconds_ / count_, 1e-9});
}

std::uint64_t Pace::chunk(std::uint64_t available, std::uint64_t left) const {
  if (schedule_ == Schedule::dynamic || (count_ == 0.0 && schedule_ != Schedule::guided)) return 1;
  if (schedule_ == Schedule::guided) return (left + workers_ - 1) / workers_;
  const double fair = has_shares() ? static_cast<double>(available)
                                   : static_cast<double>(left) / (kShareOfLeft * static_cast<double>(workers_));
  const double worthwhile = std::max(kNoticeSeconds, kLeastRounds * round_seconds()) / expected();
  const double fitting = assignment_seconds() / expected();
  const double light = std::min(kMostBytes / std::max(bytes_ / count_, 1.0),
                                kMostParameterBytes / std::max(parameter_bytes_ / std::max(parameters_, 1.0), 1.0));
  return static_cast<std::uint64_t>(std::max(1.0, std::min({std::max(fair, worthwhile), fitting, light, kMostPoints})));
}

std::uint64_t Pace::ahead(std::uint64_t left) const {
  if (schedule_ == Schedule::dynamic || schedule_ == Schedule::guided || count_ == 0.0) return 1;
  const bool ends_soon = !has_shares() && left < 4 * workers_;  // then a point had better go to whoever is free
  return expected() < (ends_soon ? kLatePrefetchSeconds : kPrefetchSeconds) ? 2 : 1;
}

double Pace::most_end_within() const {
  if (count_ == 0.0) return 0.0;
  const double mean = seconds_ / count_;
  const double deviation = std::sqrt(std::max(0.0, squares_ / count_ - mean * mean));
  return std::min(longest_, expected() + deviation);
}

double Pace::budget(std::uint64_t points) const {
  const double seconds = count_ == 0.0 ? 0.0 : expected() * static_cast<double>(points);
  return std::max(kShortestBudgetSeconds, kBudgetFactor * seconds);
}

}  // namespace windrow::detail
