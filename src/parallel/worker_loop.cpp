#include "parallel/worker_loop.hpp"

#include <fmt/format.h>

#include <exception>
#include <thread>
#include <utility>

namespace windrow::detail {
namespace {

constexpr std::size_t kBatchBytes = 64 * 1024;
constexpr auto kBatchTime = std::chrono::milliseconds(1);
constexpr auto kLookInterval = std::chrono::milliseconds(1);
constexpr auto kStopIsNear = std::chrono::seconds(1);

double seconds(std::chrono::steady_clock::duration duration) {
  return std::chrono::duration<double>(duration).count();
}

TaskFailure thrown(std::string message) {
  TaskFailure failure;
  failure.kind = FailureKind::exception;
  failure.message = std::move(message);
  return failure;
}

}  // namespace

WorkerLoop::WorkerLoop(RootLink& link, const WorkerTask& task, int worker, std::string host)
    : link_(link),
      task_(task),
      worker_(worker),
      host_(std::move(host)),
      last_flush_(Clock::now()),
      last_look_(last_flush_),
      epoch_offset_(std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count() -
                    seconds(last_flush_.time_since_epoch())) {}

Bytes WorkerLoop::run() {
  while (!ended_) {
    if (!step() && !ended_) handle(link_.receive());
  }
  return std::move(conclusion_);
}

bool WorkerLoop::step() {
  if (assignments_.empty()) {
    look_for_messages();
    if (assignments_.empty()) return false;
  }
  stop_requested();
  if (stopping_ || assignments_.front().ranges.empty() || !ensure_built()) {
    finish_assignment();
    return true;
  }
  try {
    task_.evaluate_share ? evaluate_share() : evaluate_one();
  } catch (const Interrupted&) {
    stopping_ = true;  // the point counts as not evaluated
  }
  link_.mark(std::nullopt);
  if (!assignments_.empty() && assignments_.front().ranges.empty()) finish_assignment();
  return true;
}

bool WorkerLoop::stop_requested() {
  const auto now = Clock::now();
  if (!stopping_ && now - last_look_ >= kLookInterval) {
    last_look_ = now;
    look_for_messages();
  }
  return stopping_;
}

// Not past the end of this job: what comes after it belongs to the next.
void WorkerLoop::look_for_messages() {
  while (!ended_) {
    auto frame = link_.try_receive();
    if (!frame) return;
    handle(*std::move(frame));
  }
}

void WorkerLoop::handle(Frame frame) {
  switch (frame.tag) {
    case kAssign: {
      Assignment assignment;
      assignment.frame = std::move(frame);
      ByteReader in(assignment.frame.payload);
      assignment.ships_parameters = in.get<std::uint64_t>() != 0;
      const auto count = in.get<std::uint64_t>();
      for (std::uint64_t i = 0; i < count; ++i) assignment.ranges.push_back(in.get<IndexRange>());
      assignment.offset = static_cast<std::size_t>((2 * sizeof(std::uint64_t)) + count * sizeof(IndexRange));
      assignments_.push_back(std::move(assignment));
      return;
    }
    case kStop:
      stopping_ = true;
      return;
    case kEnd:
      ended_ = true;
      conclusion_ = std::move(frame.payload);
      return;
    default:
      throw ParallelError(fmt::format("worker {} received message {}, which is not for a worker", worker_, frame.tag));
  }
}

// What the exception in flight says. An interruption is not a failure and passes through, if a stop is its reason:
// without one, the root would hand out the point again and again.
TaskFailure WorkerLoop::current_failure() {
  try {
    throw;
  } catch (const Interrupted&) {
    if (stop_is_near()) throw;
    return thrown("interrupted, though no stop was asked for");
  } catch (const std::exception& error) {
    return thrown(error.what());
  } catch (...) {
    return thrown("an exception that is not a std::exception");
  }
}

// An evaluation may learn of a stop before the root's message arrives, by a signal to all ranks, for example.
bool WorkerLoop::stop_is_near() {
  const auto deadline = Clock::now() + kStopIsNear;
  for (look_for_messages(); !stopping_ && !ended_ && Clock::now() < deadline; look_for_messages()) {
    std::this_thread::sleep_for(kLookInterval);
  }
  return stopping_ || ended_;
}

Assigned WorkerLoop::next_assigned() {
  Assignment& assignment = assignments_.front();
  IndexRange& range = assignment.ranges.front();
  Assigned assigned{range.first, {}};
  if (assignment.ships_parameters) {
    ByteReader in(std::span<const std::byte>(assignment.frame.payload).subspan(assignment.offset));
    const auto length = in.get<std::uint64_t>();
    assigned.parameter = in.take(length);
    assignment.offset += sizeof length + assigned.parameter.size();
  }
  ++range.first;
  if (--range.count == 0) assignment.ranges.erase(assignment.ranges.begin());
  return assigned;
}

bool WorkerLoop::ensure_built() {
  if (built_ || broken_) return built_;
  try {
    if (task_.build) task_.build();
    built_ = true;
  } catch (...) {
    broken_ = true;
    try {
      ByteWriter out;
      put_failure(out, complete(current_failure(), 0, 0.0));
      link_.send(kBuildFailed, out.bytes());
    } catch (const Interrupted&) {
      stopping_ = true;
      broken_ = false;
    }
  }
  return built_;
}

Outcome<Bytes> WorkerLoop::guarded(const Assigned& assigned) {
  try {
    return task_.evaluate(assigned, *this);
  } catch (...) {
    return current_failure();
  }
}

void WorkerLoop::evaluate_one() {
  const Assigned assigned = next_assigned();
  link_.mark(assigned.index);
  const auto begin = Clock::now();
  Outcome<Bytes> outcome = guarded(assigned);
  report(assigned, std::move(outcome), begin, Clock::now());
}

void WorkerLoop::evaluate_share() {
  std::vector<Assigned> share;
  while (!assignments_.front().ranges.empty()) share.push_back(next_assigned());
  link_.mark(share.front().index);
  const auto begin = Clock::now();
  std::vector<Outcome<Bytes>> outcomes;
  try {
    outcomes = task_.evaluate_share(share, *this);
    if (outcomes.size() != share.size()) {
      TaskFailure failure;
      failure.kind = FailureKind::bad_output;
      failure.message =
          fmt::format("execute returned {} results for a share of {} points", outcomes.size(), share.size());
      outcomes.assign(share.size(), failure);
    }
  } catch (...) {
    outcomes.assign(share.size(), current_failure());
  }
  const auto each = (Clock::now() - begin) / static_cast<std::int64_t>(share.size());
  for (std::size_t i = 0; i < share.size(); ++i) report(share[i], std::move(outcomes[i]), begin, begin + each);
}

TaskFailure WorkerLoop::complete(TaskFailure failure, std::uint64_t index, double elapsed) const {
  failure.index = index;
  failure.rank = worker_;
  failure.host = host_;
  failure.elapsed = elapsed;
  return failure;
}

void WorkerLoop::report(const Assigned& assigned, Outcome<Bytes> outcome, Clock::time_point begin,
                        Clock::time_point end) {
  ResultHead head{assigned.index, epoch_offset_ + seconds(begin.time_since_epoch()), seconds(end - begin), 0, 0};
  if (!outcome.ok()) outcome.failure() = complete(std::move(outcome.failure()), assigned.index, head.elapsed);
  if (task_.observe) task_.observe(assigned, outcome);
  if (batch_.size() == 0) batch_.put(std::uint64_t{0});  // room for the number of finished assignments
  if (outcome.ok()) {
    head.length = outcome.value().size();
    batch_.put(head);
    batch_.put_bytes(outcome.value());
  } else {
    ByteWriter failure;
    put_failure(failure, outcome.failure());
    head.length = failure.size();
    head.failed = 1;
    batch_.put(head);
    batch_.put_bytes(failure.bytes());
  }
  if (batch_.size() >= kBatchBytes || end - last_flush_ >= kBatchTime) flush();
}

void WorkerLoop::finish_assignment() {
  assignments_.pop_front();
  ++finished_assignments_;
  flush();
}

void WorkerLoop::flush() {
  if (batch_.size() == 0) batch_.put(std::uint64_t{0});
  batch_.overwrite(0, finished_assignments_);
  link_.send(kResults, batch_.bytes());
  batch_.clear();
  finished_assignments_ = 0;
  last_flush_ = Clock::now();
}

}  // namespace windrow::detail
