// How a worker evaluates the points of an assignment, and what it tells of each.
#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <utility>
#include <vector>

#include "parallel/worker_loop.hpp"
#include "windrow/base/clock.hpp"
#include "windrow/base/exception_text.hpp"

namespace windrow::detail {
namespace {

constexpr std::size_t kBatchBytes = 64 * 1024;
constexpr double kSharedSeconds = 5e-6;    // that points may take together which share a reading of the clock
constexpr std::uint64_t kMostShare = 16;   // and halves of it, lest the number changes often: then each has a head
constexpr double kWeightOfShorter = 0.25;  // of a point in what they usually take, when it is shorter

}  // namespace

[[gnu::always_inline]] inline Assigned WorkerLoop::Assignment::next() {
  IndexRun& run = runs[at];
  Assigned assigned{run.first, {}, slots, nullptr, group.attempt};
  if (head.ships_parameters != 0) {
    ByteReader in(std::span<const std::byte>(frame.payload).subspan(offset));
    const auto length = in.get<std::uint64_t>();
    assigned.parameter = in.take(length);
    offset += sizeof length + assigned.parameter.size();
  }
  run.first += run.step;
  if (--run.count == 0) ++at;
  return assigned;
}

// One point after another, with a reading of the clock for each, or for a few short ones, until it is time to look up.
void WorkerLoop::evaluate_points() {
  Assignment& assignment = assignments_.front();
  if (!assignment.due) {
    assignment.due = now_ + assignment.head.budget;
    watch_until(*assignment.due);
  }
  const double look_up = std::min(last_look_ + kLookSeconds, *assignment.due);
  do {
    evaluate_some_points(points_per_reading());
    if (assignment.done()) return;  // the last outcomes travel with its end
    if (tells_each_point_) return flush();
    if (batch_.size() >= kBatchBytes || now_ - last_flush_ >= assignment.head.patience) flush();
  } while (now_ < look_up);
}

// Ahead of the point: it may have to wait for the others.
void WorkerLoop::join_group(Assigned& assigned) {
  const Assignment& assignment = assignments_.front();
  const double begin = monotonic_seconds();
  assigned.group = &evaluation_.groups()->use(assignment.group.id, assignment.members);
  spent(&ActivityTimes::build, monotonic_seconds() - begin);
}

// So few that they have ended within microseconds, by what the last ones took. After a long one they are measured one
// by one, until some forty have been short again.
std::uint64_t WorkerLoop::points_per_reading() const {
  if (assignments_.front().head.shares_clock == 0 || tells_each_point_) return 1;
  std::uint64_t points = kMostShare;
  while (points > 1 && static_cast<double>(points) * usual_ > kSharedSeconds) points /= 2;
  return points;
}

// Points of one run, with one reading of the clock.
void WorkerLoop::evaluate_some_points(std::uint64_t most) {
  Assignment& assignment = assignments_.front();
  const IndexRun& run = assignment.runs[assignment.at];
  step_ = run.step;
  more_share_ = std::min(most, run.count);
  shared_since_ = now_;
  do {
    --more_share_;
    if (!evaluate(assignment.next())) return;
  } while (more_share_ > 0 && !assignment.done());
  now_ = monotonic_seconds();
  close_results();
}

// Not by value: a copy, which reads in one piece what has just been written in several, would cost 7 ns a point.
// @return whether there is a result, which is open: the clock has not been read
[[gnu::always_inline]] inline bool WorkerLoop::evaluate(Assigned&& assigned) {
  link_.mark(assigned.index);
  result_.clear();
  std::exception_ptr thrown;
  lock_.lend();
  const auto result_or_failure = [&]() -> std::optional<TaskFailure> {
    try {
      if (!assignments_.front().members.empty()) join_group(assigned);
      return evaluation_.evaluate(assigned, *this, result_);
    } catch (...) {
      thrown = std::current_exception();
      return std::nullopt;
    }
  };
  std::optional<TaskFailure> failure = result_or_failure();
  lock_.take_back();
  if (thrown || failure) return fail(assigned, thrown, std::move(failure));
  return keep(assigned);
}

// Results of one size that follow each other are reported together.
[[gnu::always_inline]] inline bool WorkerLoop::keep(const Assigned& assigned) {
  const auto result = result_.bytes();
  try {
    evaluation_.observe(assigned, result, nullptr);
  } catch (...) {
    report_unkept(assigned, split_time());
    return false;
  }
  if (batch_.open_count() == 0) {
    batch_.open({assigned.index, epoch_offset_ + shared_since_, 0.0, false, result}, more_share_ + 1, step_);
    return true;
  }
  if (batch_.append(result)) return true;
  const double begin = split_time();
  batch_.add({assigned.index, epoch_offset_ + begin, now_ - begin, false, result});
  return false;
}

bool WorkerLoop::fail(const Assigned& assigned, const std::exception_ptr& thrown, std::optional<TaskFailure> failure) {
  const double begin = split_time();
  failed_ += now_ - begin;
  report(assigned, begin, thrown ? failure_of(thrown) : *std::move(failure));
  return false;
}

// What is open took from shared_since_ until now.
void WorkerLoop::close_results() {
  const double each = (now_ - shared_since_) / static_cast<double>(batch_.open_count());
  note_usual(each);
  batch_.close(each);
}

// A point has ended that is not to be among those that are open: each of them and this one took the same.
// @return when this one began, now_ being when it ended
double WorkerLoop::split_time() {
  now_ = monotonic_seconds();
  const auto open = static_cast<double>(batch_.open_count());
  const double each = (now_ - shared_since_) / (open + 1.0);
  note_usual(each);
  if (open > 0.0) batch_.close(each);
  return shared_since_ + open * each;
}

// While another point is being evaluated. It is given the time that points do not usually take: only if it is long is
// there a reason to come here.
void WorkerLoop::close_results_early() {
  const auto open = static_cast<double>(batch_.open_count());
  if (open > 0.0) {
    const double each = std::min(usual_, (monotonic_seconds() - shared_since_) / (open + 1.0));
    batch_.close(each);
    shared_since_ += open * each;
  }
  more_share_ = 0;
}

void WorkerLoop::note_usual(double seconds) {
  usual_ = std::max(seconds, usual_ + kWeightOfShorter * (seconds - usual_));
}

// Of a point that was evaluated from `begin` until now.
void WorkerLoop::report(const Assigned& assigned, double begin, std::span<const std::byte> result) {
  try {
    evaluation_.observe(assigned, result, nullptr);
  } catch (...) {
    return report_unkept(assigned, begin);
  }
  batch_.add({assigned.index, epoch_offset_ + begin, now_ - begin, false, result});
}

void WorkerLoop::evaluate_share() {
  std::vector<Assigned> share;
  while (!assignments_.front().done()) share.push_back(assignments_.front().next());
  link_.mark(share.front().index);
  double begin = now_;
  std::vector<Outcome<Bytes>> outcomes;
  std::exception_ptr thrown;
  lock_.lend();
  try {
    outcomes = evaluation_.evaluate_share(share, *this);
    if (outcomes.size() != share.size()) {
      outcomes.assign(share.size(),
                      TaskFailure::bad_output(fmt::format("execute returned {} results for a share of {} points",
                                                          outcomes.size(), share.size())));
    }
  } catch (...) {
    thrown = std::current_exception();
  }
  lock_.take_back();
  now_ = monotonic_seconds();
  const double each = (now_ - begin) / static_cast<double>(share.size());
  if (thrown) {
    failed_ += now_ - begin;
    outcomes.assign(share.size(), failure_of(thrown));
  }
  for (std::size_t i = 0; i < share.size(); ++i, begin += each) {
    now_ = begin + each;
    outcomes[i].ok() ? report(share[i], begin, outcomes[i].value())
                     : report(share[i], begin, std::move(outcomes[i].failure()));
  }
}

TaskFailure WorkerLoop::complete(TaskFailure failure, std::uint64_t index, double elapsed) const {
  failure.index = index;
  failure.rank = worker_;
  failure.host = host_;
  failure.elapsed = elapsed;
  return failure;
}

void WorkerLoop::report_unkept(const Assigned& assigned, double begin) {
  report(assigned, begin, TaskFailure::bad_output(exception_text(std::current_exception())));
}

void WorkerLoop::report(const Assigned& assigned, double begin, TaskFailure failure) {
  failure = complete(std::move(failure), assigned.index, now_ - begin);
  try {
    evaluation_.observe(assigned, {}, &failure);
  } catch (...) {  // the point has failed as it is
  }
  AssignmentHead& head = assignments_.front().head;
  if (head.failures > 0 && failure.kind != FailureKind::rejected && --head.failures == 0) {
    assignments_.front().at = assignments_.front().runs.size();  // the rest goes back
  }
  ByteWriter bytes;
  put_failure(bytes, failure);
  batch_.add({assigned.index, epoch_offset_ + begin, now_ - begin, true, bytes.bytes()});
}

}  // namespace windrow::detail
