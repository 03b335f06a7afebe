#include "parallel/interface/serial_workers.hpp"

#include <utility>

#include "parallel/coordinator.hpp"
#include "windrow/base/clock.hpp"
#include "windrow/error.hpp"

namespace windrow::detail {

SerialWorkers::SerialWorkers(Evaluation& evaluation, JobObserver& observer, std::string host)
    : observer_(observer), host_(std::move(host)), link_(*this), loop_(link_, evaluation, 0, host_) {}

Direction SerialWorkers::ask(JobObserver& observer) {
  if (tick_error_) std::rethrow_exception(tick_error_);
  if (!direction_.stop) direction_ = observer.tick();
  return direction_;
}

// Asked from inside an evaluation, which an exception of the root's must not pass through: it would look like the
// evaluation's own. It stops the worker, and the coordinator meets it at its next tick.
bool SerialWorkers::stop_is_new() noexcept {
  if (stop_told_) return false;
  const double begin = monotonic_seconds();
  try {
    stop_told_ = ask(observer_).stop;
  } catch (...) {
    tick_error_ = std::current_exception();
    stop_told_ = true;
  }
  const double took = monotonic_seconds() - begin;
  seconds_asked_ += took;
  loop_.leave_out(took);
  return stop_told_;
}

void SerialWorkers::send(int, JobTag tag, std::span<const std::byte> payload) {
  to_worker_.push_back(Frame{tag, Bytes(payload.begin(), payload.end())});
}

std::optional<WorkerEvent> SerialWorkers::next(std::chrono::nanoseconds limit) {
  const auto deadline = std::chrono::steady_clock::now() + limit;
  while (to_root_.empty() && loop_.step() && std::chrono::steady_clock::now() < deadline) {
  }
  if (to_root_.empty()) {
    const std::chrono::duration<double> left = deadline - std::chrono::steady_clock::now();
    const double begin = monotonic_seconds();
    if (left.count() > 0.0) sleep_seconds(left.count());  // nothing is assigned
    slept_ += monotonic_seconds() - begin;
    return std::nullopt;
  }
  WorkerEvent event{0, std::move(to_root_.front())};
  to_root_.pop_front();
  return event;
}

Frame SerialWorkers::Link::receive() {
  throw ParallelError("a serial worker has nothing to wait for");
}

std::optional<Frame> SerialWorkers::Link::try_receive() {
  if (!owner_.to_worker_.empty()) {
    Frame frame = std::move(owner_.to_worker_.front());
    owner_.to_worker_.pop_front();
    return frame;
  }
  return owner_.stop_is_new() ? std::optional(Frame{kStop, {}}) : std::nullopt;
}

void SerialWorkers::Link::send(JobTag tag, std::span<const std::byte> payload) {
  owner_.to_root_.push_back(Frame{tag, Bytes(payload.begin(), payload.end())});
}

JobReport run_serially(JobSpec job, Evaluation& evaluation, JobObserver& observer, std::string host) {
  SerialWorkers workers(evaluation, observer, std::move(host));
  if (job.limits_time) workers.tell_each_point();
  return coordinate(workers, std::move(job), observer);
}

}  // namespace windrow::detail
