#include "parallel/worker_loop.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <exception>
#include <utility>

#include "windrow/base/clock.hpp"
#include "windrow/base/exception_text.hpp"
#include "windrow/process/log.hpp"

namespace windrow::detail {
namespace {

constexpr std::size_t kLargeMessageBytes = 1024 * 1024;
constexpr double kStopIsNearSeconds = 1.0;
constexpr double kRetrySeconds = 0.001;  // until the watching thread tries again

}  // namespace

void WorkerContext::send_piece(std::span<const std::byte>) {
  throw ParallelError("this evaluation has no root to send pieces to");
}

std::vector<Outcome<Bytes>> Evaluation::evaluate_share(std::span<const Assigned>, WorkerContext&) {
  throw ParallelError("this evaluation takes a point at a time");
}

WorkerLoop::Assignment::Assignment(Frame message) : frame(std::move(message)) {
  ByteReader in(frame.payload);
  head = in.get<AssignmentHead>();
  runs.reserve(static_cast<std::size_t>(std::min<std::uint64_t>(head.runs, frame.payload.size() / sizeof(IndexRun))));
  for (std::uint64_t i = 0; i < head.runs; ++i) {
    const auto run = in.get<IndexRun>();
    if (run.count > 0) runs.push_back(run);
  }
  for (std::uint64_t i = 0; i < head.hosts; ++i) {
    std::string host = in.get_text();
    slots.push_back({std::move(host), in.get<int>()});
  }
  if (head.members > 0) group = in.get<GroupHead>();
  for (std::uint64_t i = 0; i < head.members; ++i) members.push_back(in.get<int>());
  offset = frame.payload.size() - in.remaining().size();
}

WorkerLoop::WorkerLoop(RootLink& link, Evaluation& evaluation, int worker, std::string host)
    : link_(link),
      evaluation_(evaluation),
      worker_(worker),
      host_(std::move(host)),
      now_(monotonic_seconds()),
      last_flush_(now_),
      last_look_(now_),
      epoch_offset_(unix_seconds() - now_),
      began_(now_) {}

WorkerLoop::~WorkerLoop() {
  evaluation_.idle();
  if (!watcher_.joinable()) return;
  {
    const std::lock_guard lock(sleep_mutex_);
    watched_ = false;
  }
  woken_.notify_one();
  watcher_.join();
}

Bytes WorkerLoop::run() {
  while (!ended_) {
    if (!step() && !ended_) wait_for_message();
  }
  return std::move(conclusion_);
}

// From the end of what was done last. What step() did in between was to look whether there is something to do.
void WorkerLoop::wait_for_message() {
  Frame frame = link_.receive();
  const double received = monotonic_seconds();
  spent_.wait += received - now_;
  handle(std::move(frame));
  now_ = monotonic_seconds();
  spent_.transfer += now_ - received;
}

bool WorkerLoop::step() {
  if (assignments_.empty()) {
    const double begin = monotonic_seconds();  // since the last step somebody else may have had this thread
    inside_ = 0.0;
    look_for_messages();
    if (assignments_.empty()) {
      evaluation_.idle();
      return false;
    }
    charge_since(begin, &ActivityTimes::transfer);
  }
  look_if_due();
  // The others of a group may have begun before they knew of a stop, and wait for this one.
  const bool stops = stopping_ && assignments_.front().members.empty();
  if (stops || assignments_.front().done() || !ensure_built()) {
    finish_assignments(1);
    return true;
  }
  if (assignments_.front().is_late(now_)) {
    finish_assignments(assignments_.size());  // as they are: what is left goes back
    return true;
  }
  evaluate_some();
  link_.unmark();
  if (assignments_.front().done()) finish_assignments(1);
  return true;
}

void WorkerLoop::evaluate_some() {
  evaluating_since_ = now_;
  inside_ = 0.0;
  try {
    assignments_.front().head.whole_share != 0 ? evaluate_share() : evaluate_points();
  } catch (const Interrupted&) {
    stopping_ = true;  // the point counts as not evaluated
  } catch (const WorkerUnable& reason) {
    flush();
    give_up(TaskFailure::exception(reason.what()));
  }
  now_ = monotonic_seconds();  // where cores are short, this one may have been taken away since the last point ended
  settle_evaluating();
  evaluating_since_.reset();
}

// From inside an evaluation.
bool WorkerLoop::stop_requested() {
  lock_.take_back();
  look_if_due();
  const bool stopping = stopping_;
  lock_.lend();
  return stopping;
}

double WorkerLoop::time_limit() {
  lock_.take_back();
  look_if_due();
  if (!link_.is_thread_safe() && !batch_.empty()) flush();  // the limit may follow from them
  const double limit = time_limit_;
  lock_.lend();
  return limit;
}

void WorkerLoop::send_piece(std::span<const std::byte> piece) {
  const double begin = monotonic_seconds();
  lock_.take_back();
  try {
    if (!ended_) link_.send(kPiece, piece);
    piece_on_the_way_ = true;
    while (piece_on_the_way_ && !ended_) handle(link_.receive());
  } catch (...) {
    lock_.lend();
    throw;
  }
  now_ = monotonic_seconds();
  charge(&ActivityTimes::transfer, now_ - begin);
  lock_.lend();
}

// From inside an evaluation.
void WorkerLoop::spent(double ActivityTimes::*activity, double seconds) {
  lock_.take_back();
  charge(activity, seconds);
  lock_.lend();
}

// Out of what is being measured.
void WorkerLoop::charge(double ActivityTimes::*activity, double seconds) {
  spent_.*activity += seconds;
  inside_ += seconds;
}

void WorkerLoop::charge_since(double begin, double ActivityTimes::*activity) {
  now_ = monotonic_seconds();
  spent_.*activity += now_ - begin - std::exchange(inside_, 0.0);
}

void WorkerLoop::settle_evaluating() {
  if (!evaluating_since_) return;
  spent_.evaluate += now_ - *evaluating_since_ - std::exchange(inside_, 0.0);
  evaluating_since_ = now_;
}

WorkerTimes WorkerLoop::times() const {
  return {spent_, failed_, now_ - began_, epoch_offset_ + began_};
}

void WorkerLoop::look_if_due() {
  now_ = monotonic_seconds();
  if (!stopping_ && now_ - last_look_ >= kLookSeconds) {
    last_look_ = now_;
    look_for_messages();
    now_ = monotonic_seconds();
    // Where cores are short, MPI gives this one away while it looks.
    if (!evaluating_since_) spent_.transfer += now_ - last_look_;
  }
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
    case kAssign:
      assignments_.emplace_back(std::move(frame));
      return;
    case kStop:
      stopping_ = true;
      return;
    case kTimeLimit:
      time_limit_ = ByteReader(frame.payload).get<double>();
      return;
    case kPieceTaken:
      piece_on_the_way_ = false;
      return;
    case kRecall:
      for (Assignment& assignment : assignments_) assignment.at = assignment.runs.size();
      return;
    case kFreeGroup:
      evaluation_.groups()->free(ByteReader(frame.payload).get<std::uint64_t>());
      return;
    case kEnd:
      ended_ = true;
      conclusion_ = std::move(frame.payload);
      return;
    default:
      throw ParallelError(fmt::format("worker {} received message {}, which is not for a worker", worker_, frame.tag));
  }
}

// What an exception of an evaluation says. One that concerns the worker instead passes through; an interruption, too,
// if a stop is its reason: without one, the root would hand out the point again and again.
TaskFailure WorkerLoop::failure_of(const std::exception_ptr& exception) {
  try {
    std::rethrow_exception(exception);
  } catch (const WorkerUnable&) {
    throw;
  } catch (const Interrupted&) {
    if (stop_is_near()) throw;
    return TaskFailure::exception("interrupted, though no stop was asked for");
  } catch (const Rejected& reason) {
    return TaskFailure::rejected(reason.what());
  } catch (...) {
    return TaskFailure::exception(exception_text(exception));
  }
}

// An evaluation may learn of a stop before the root's message arrives, by a signal to all ranks, for example.
bool WorkerLoop::stop_is_near() {
  const double deadline = monotonic_seconds() + kStopIsNearSeconds;
  for (look_for_messages(); !stopping_ && !ended_ && monotonic_seconds() < deadline; look_for_messages()) {
    sleep_seconds(kLookSeconds);
  }
  return stopping_ || ended_;
}

bool WorkerLoop::ensure_built() {
  if (built_ || broken_) return built_;
  const double begin = now_;
  inside_ = 0.0;
  build();
  charge_since(begin, &ActivityTimes::build);
  return built_;
}

void WorkerLoop::build() {
  try {
    evaluation_.build();
    built_ = true;
    log::debug("worker {} is ready", worker_);
  } catch (const WorkerUnable& reason) {
    give_up(TaskFailure::exception(reason.what()));
  } catch (...) {
    try {
      give_up(failure_of(std::current_exception()));
    } catch (const Interrupted&) {
      stopping_ = true;
    }
  }
}

// The points that this worker has, and all others, are for those that can be built.
void WorkerLoop::give_up(TaskFailure failure) {
  built_ = false;
  broken_ = true;
  ByteWriter out;
  put_failure(out, complete(std::move(failure), 0, 0.0));
  link_.send(kBuildFailed, out.bytes());
}

// Has the watching thread act then, if the assignment has not ended.
void WorkerLoop::watch_until(double due) {
  due_ = due;
  if (!link_.is_thread_safe()) return;
  if (!watcher_.joinable()) watcher_ = std::thread([this] { watch(); });
  const std::lock_guard lock(sleep_mutex_);
  if (due >= sleeps_until_) return;  // it will see when it wakes up: most assignments end in time
  sleeps_until_ = due;
  woken_.notify_one();
}

void WorkerLoop::watch() try {
  while (watched_) {
    const double now = monotonic_seconds();
    if (now < due_) {
      sleep_until(due_);
    } else if (!lock_.borrow()) {
      sleep_until(now + kRetrySeconds);
    } else {
      if (now >= due_) {
        give_back();
        due_ = link_.flush() ? kNever : now + kRetrySeconds;
      }
      lock_.give_back();
    }
  }
} catch (...) {  // the root is gone: the evaluating thread will notice
  lock_.give_back();
}

void WorkerLoop::sleep_until(double due) {
  std::unique_lock lock(sleep_mutex_);
  if (!watched_ || due_ < due) return;
  sleeps_until_ = due;
  const auto woken = [&] { return !watched_ || sleeps_until_ < due; };
  if (due == kNever) {
    woken_.wait(lock, woken);
  } else {
    woken_.wait_for(lock, std::chrono::duration<double>(due - monotonic_seconds()), woken);
  }
  sleeps_until_ = 0.0;
}

// On the watching thread, while a point is being evaluated.
void WorkerLoop::give_back() {
  Assignment& current = assignments_.front();
  close_results_early();
  if (current.head.gives_back == 0 || (current.done() && assignments_.size() == 1)) {
    if (batch_.empty()) return;
    settle_evaluating();
    link_.send(kResults, batch_.message(std::exchange(finished_assignments_, 0), times()));
    batch_.clear();
    last_flush_ = now_;
    return;
  }
  current.at = current.runs.size();
  settle_evaluating();
  link_.send(kGivenBack, batch_.message(assignments_.size(), times()));
  batch_.clear();
  assignments_.erase(assignments_.begin() + 1, assignments_.end());
}

void WorkerLoop::finish_assignments(std::size_t count) {
  finished_assignments_ += count;
  flush();
  assignments_.erase(assignments_.begin(), assignments_.begin() + static_cast<std::ptrdiff_t>(count));
  if (assignments_.empty()) due_ = kNever;
}

// What sending takes is told with the next message. The last one may be large, so its outcomes go ahead of it.
void WorkerLoop::flush() {
  if (finished_assignments_ > 0 && batch_.size() >= kLargeMessageBytes) send_results(0);
  send_results(std::exchange(finished_assignments_, 0));
}

// On the evaluating thread: what is being measured goes on after it.
void WorkerLoop::send_results(std::uint64_t finished) {
  if (batch_.open_count() > 0) close_results_early();
  settle_evaluating();
  link_.send(kResults, batch_.message(finished, times()));
  batch_.clear();
  const double begin = now_;
  now_ = last_flush_ = monotonic_seconds();
  spent_.transfer += now_ - begin;
  if (evaluating_since_) evaluating_since_ = now_;
}

}  // namespace windrow::detail
