#include "parallel/job_accounting.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

namespace windrow::detail {
namespace {

constexpr std::size_t kLongest = 5;

}  // namespace

JobAccounting::JobAccounting(int first_worker, int worker_count, double now)
    : first_(first_worker), begin_(now), places_(static_cast<std::size_t>(worker_count - first_worker)) {
  for (std::size_t i = 0; i < places_.size(); ++i) {
    places_[i].account.worker = first_worker + static_cast<int>(i);
    places_[i].account.began = std::numeric_limits<double>::quiet_NaN();
    places_[i].since = now;
  }
}

// Of all its messages, the one that was shortest on its way tells best when it began.
void JobAccounting::heard(int worker, const WorkerTimes& times, double now) {
  if (times.began == 0.0) return;
  Place& at = place(worker);
  const double start = now - times.span;
  at.start = at.was_heard ? std::min(at.start, start) : start;
  at.was_heard = true;
  at.times = times;
  WorkerAccount& account = at.account;
  if (std::isnan(account.began)) account.began = times.began;
  if (account.began == times.began) account.began_after = at.start - begin_;
}

void JobAccounting::count(int worker, std::uint64_t attempts, std::uint64_t points) {
  if (worker < first_) return;  // points that nobody was left for
  WorkerAccount& account = place(worker).account;
  account.attempts += attempts;
  account.points += points;
}

void JobAccounting::lost(int worker, bool evaluating, double now) {
  Place& at = place(worker);
  WorkerAccount& account = at.account;
  const double late = at.was_heard ? at.start - at.since : 0.0;
  const double unheard = now - at.since - late - at.times.span;
  account.spent += at.times.spent;
  account.failed += at.times.failed;
  account.spent.wait += late;
  (evaluating ? account.spent.evaluate : account.spent.wait) += unheard;
  if (evaluating) account.failed += unheard;
  ++account.losses;
  at.times = {};
  at.since = now;
  at.was_heard = false;
}

void JobAccounting::note_long(LongPoint point) {
  const auto longer = [](const LongPoint& a, const LongPoint& b) { return a.seconds > b.seconds; };
  longest_.insert(std::upper_bound(longest_.begin(), longest_.end(), point, longer), std::move(point));
  if (longest_.size() > kLongest) longest_.pop_back();
  if (longest_.size() == kLongest) least_long_ = longest_.back().seconds;
}

TimeAccount JobAccounting::close(double now, const ActivityTimes& root, bool is_worker) {
  TimeAccount all;
  all.wall = now - begin_;
  for (Place& at : places_) {
    WorkerAccount& account = all.workers.emplace_back(std::move(at.account));
    account.wall = all.wall;
    account.spent += at.times.spent;
    account.failed += at.times.failed;
    if (is_worker) {
      account.spent += root;
    } else {
      account.spent.wait += now - at.since - at.times.span;
    }
  }
  all.longest = std::move(longest_);
  if (is_worker) return all;
  all.root.emplace();
  all.root->worker = -1;
  all.root->wall = all.wall;
  all.root->spent = root;
  return all;
}

}  // namespace windrow::detail
