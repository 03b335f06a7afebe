#include "parallel/retries.hpp"

#include <signal.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace windrow::detail {
namespace {

// Before a point of a lost rank is tried again: until the others are noticed that die with it, as those of a node do.
// It would be handed to one of them, and taken for what ended both.
constexpr double kLossPauseSeconds = 1.0;
constexpr int kMostLostWorkers = 2;  // at one point: it would end the next worker, too

// The point may not be to blame: somebody, or the kernel for want of memory, ended the worker.
bool is_killed(const TaskFailure& failure) {
  return failure.kind == FailureKind::crashed && failure.code == -SIGKILL;
}

}  // namespace

bool Retries::take(TaskFailure& failure, int worker, bool lost_worker, double now, JobObserver* ask) {
  // A rank that is gone is no fault of its point, as far as anybody knows: that is found out by a second one.
  const bool blameless = lost_worker && failure.kind == FailureKind::lost;
  const bool killed = lost_worker && is_killed(failure);
  if (ask == nullptr && !blameless && !killed) return false;
  const auto found = tried_.find(failure.index);
  Tried tried = found == tried_.end() ? Tried{} : found->second;
  failure.attempts += tried.attempts;
  failure.elapsed += tried.elapsed;
  tried.tries += blameless ? 0 : 1;
  tried.lost_workers += lost_worker ? 1 : 0;
  std::optional<double> delay;
  if (tried.lost_workers < kMostLostWorkers) {
    if (blameless) delay = kLossPauseSeconds;
    if (!blameless && ask != nullptr) delay = ask->retry_after(failure, tried.tries);
    if (!delay && killed) delay = 0.0;
  }
  if (!delay || !std::isfinite(*delay)) {
    if (found != tried_.end()) tried_.erase(found);
    return delay.has_value();
  }
  tried.attempts = failure.attempts;
  tried.elapsed = failure.elapsed;
  tried_[failure.index] = tried;
  waiting_.push({now + std::max(0.0, *delay), failure.index, worker});
  return true;
}

int Retries::settle_tried(std::uint64_t index) {
  const auto found = tried_.find(index);
  if (found == tried_.end()) return 0;
  const int attempts = found->second.attempts;
  tried_.erase(found);
  return attempts;
}

double Retries::next_due() const {
  return waiting_.empty() ? std::numeric_limits<double>::infinity() : waiting_.top().at;
}

std::optional<Retries::Due> Retries::pop(double now) {
  if (waiting_.empty() || waiting_.top().at > now) return std::nullopt;
  const Due due = waiting_.top();
  waiting_.pop();
  return due;
}

}  // namespace windrow::detail
