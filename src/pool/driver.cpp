#include "driver.hpp"

#include <sys/eventfd.h>

#include <cerrno>
#include <utility>

#include "windrow/error.hpp"

namespace windrow::detail {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::nanoseconds;

constexpr auto kRound = std::chrono::milliseconds(100);
constexpr const char* kCancelled = "cancelled: the executor was ended";

// None for "for ever".
std::optional<Clock::time_point> deadline_of(nanoseconds limit) {
  if (limit == nanoseconds::max()) return std::nullopt;
  return Clock::now() + limit;
}

}  // namespace

void StreamDriver::submit(const std::shared_ptr<Batch>& batch, ItemInvoker invoke, std::vector<Bytes> items,
                          std::size_t chunk) {
  check_process();
  const Lock lock(mutex_);
  if (closed_ || ended_) throw Error("an executor that is closed takes no more calls");
  stream_->submit(batch, invoke, std::move(items), chunk);
  if (std::exchange(asleep_, false)) wake();
}

void StreamDriver::check_process() const {
  if (is_inherited()) throw Error("an executor is of no use in a worker of another: make one there");
}

bool StreamDriver::wait(Batch& batch, std::uint64_t item, nanoseconds limit) {
  check_process();
  Lock lock(mutex_);
  return wait_until(
      lock,
      [&] { return item < batch.base || batch.outcomes[static_cast<std::size_t>(item - batch.base)].has_value(); },
      limit);
}

bool StreamDriver::wait_all(Batch& batch, nanoseconds limit) {
  check_process();
  Lock lock(mutex_);
  return wait_until(
      lock, [&] { return batch.finished == batch.submitted; }, limit);
}

Outcome<Bytes> StreamDriver::peek(Batch& batch, std::uint64_t item) {
  const Lock lock(mutex_);
  return batch.outcomes.at(static_cast<std::size_t>(item - batch.base)).value();
}

std::optional<Outcome<Bytes>> StreamDriver::take(Batch& batch, nanoseconds limit) {
  check_process();
  Lock lock(mutex_);
  const auto available = [&] {
    return batch.ordered ? !batch.outcomes.empty() && batch.outcomes.front().has_value() : !batch.ready.empty();
  };
  if (!wait_until(lock, available, limit)) return std::nullopt;
  if (batch.ordered) {
    auto outcome = std::move(batch.outcomes.front());
    batch.outcomes.pop_front();
    ++batch.base;
    return outcome;
  }
  std::optional<Outcome<Bytes>> outcome(std::move(batch.ready.front()));
  batch.ready.pop_front();
  return outcome;
}

void StreamDriver::cancel(Batch& batch) {
  if (is_inherited()) return;
  const Lock lock(mutex_);
  batch.cancelled = true;
}

bool StreamDriver::skips(const Outcome<Bytes>& outcome) const {
  if (!options_.loss.skip || outcome.ok()) return false;
  const FailureKind kind = outcome.failure().kind;
  return kind == FailureKind::crashed || kind == FailureKind::exited;
}

void StreamDriver::close() {
  check_process();
  const Lock lock(mutex_);
  closed_ = true;
}

void StreamDriver::step(Lock& lock, nanoseconds limit) {
  stream_->hand_out();
  asleep_ = true;
  lock.unlock();
  auto event = workers_.workers->next(limit);
  lock.lock();
  asleep_ = false;
  while (event) {  // all that has arrived, so that waiters are woken once
    stream_->handle(*event);
    event = workers_.workers->next(nanoseconds(0));
  }
}

ThreadDriver::ThreadDriver(int worker_count, const ExecutorOptions& options, StartWorkers start)
    : StreamDriver(worker_count, options), wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  if (!wake_) throw SystemError("cannot create an eventfd", errno);
  std::exception_ptr failure;
  thread_ = std::thread([this, &start, &failure] { run(start, failure); });
  Lock lock(mutex_);
  changed_.wait(lock, [this] { return started_; });
  lock.unlock();
  if (!failure) return;
  thread_.join();
  std::rethrow_exception(failure);
}

ThreadDriver::~ThreadDriver() {
  terminate();
}

void ThreadDriver::run(const StartWorkers& start, std::exception_ptr& failure) {
  {
    const Lock lock(mutex_);
    try {
      workers_ = start(wake_.get());
      stream_ = std::make_unique<Stream>(*workers_.workers, options_, workers_.thrown);
    } catch (...) {
      failure = std::current_exception();
    }
    started_ = true;
    changed_.notify_all();
    if (failure) return;
  }
  loop();
}

void ThreadDriver::loop() {
  Lock lock(mutex_);
  try {
    while (!stopping_ && !(closed_ && stream_->is_idle() && stream_->has_no_assignments())) {
      step(lock, kRound);
      eventfd_t count = 0;
      ::eventfd_read(wake_.get(), &count);
      changed_.notify_all();
      tell_news(lock);
    }
  } catch (const std::exception& error) {
    if (!lock.owns_lock()) lock.lock();
    stream_->give_up(std::string("the executor failed: ") + error.what());
  }
  stream_->give_up(kCancelled);
  stream_->end_workers();
  ended_ = true;
  changed_.notify_all();
  lock.unlock();
  workers_ = {};  // ends the workers; outcomes stay
}

// Without the lock: who is told submits and takes.
void ThreadDriver::tell_news(Lock& lock) {
  auto batches = stream_->take_news();
  if (batches.empty()) return;
  lock.unlock();
  for (const auto& batch : batches) batch->on_outcomes();
  batches.clear();
  lock.lock();
}

bool ThreadDriver::wait_until(Lock& lock, const Condition& condition, nanoseconds limit) {
  if (limit <= nanoseconds(0)) return condition();
  if (const auto deadline = deadline_of(limit)) return changed_.wait_until(lock, *deadline, condition);
  changed_.wait(lock, condition);
  return true;
}

void ThreadDriver::wake() {
  ::eventfd_write(wake_.get(), 1);
}

void ThreadDriver::join() {
  check_process();
  Lock lock(mutex_);
  if (!closed_) throw Error("join() waits for an executor that is closed: call close() first");
  wake();
  changed_.wait(lock, [this] { return ended_; });
}

void ThreadDriver::terminate() {
  if (is_inherited()) return thread_.joinable() ? thread_.detach() : void();  // it is not in this process
  {
    const Lock lock(mutex_);
    closed_ = stopping_ = true;
    wake();
  }
  if (thread_.joinable()) thread_.join();
}

CallerDriver::CallerDriver(StartedWorkers workers, const ExecutorOptions& options)
    : StreamDriver(workers.count, options) {
  workers_ = std::move(workers);
  stream_ = std::make_unique<Stream>(*workers_.workers, options_, workers_.thrown);
}

bool CallerDriver::wait_until(Lock& lock, const Condition& condition, nanoseconds limit) {
  const auto deadline = deadline_of(limit);
  while (!condition()) {
    if (ended_) throw Error("the executor has ended without this outcome");
    const nanoseconds left = deadline ? std::max<nanoseconds>(*deadline - Clock::now(), nanoseconds(0)) : kRound;
    step(lock, std::min<nanoseconds>(left, kRound));
    if (deadline && Clock::now() >= *deadline) return condition();
  }
  return true;
}

void CallerDriver::join() {
  check_process();
  Lock lock(mutex_);
  if (!closed_) throw Error("join() waits for an executor that is closed: call close() first");
  if (ended_) return;
  wait_until(
      lock, [this] { return stream_->is_idle(); }, nanoseconds::max());
  end(lock);
}

void CallerDriver::terminate() {
  if (is_inherited()) return;
  Lock lock(mutex_);
  if (ended_) return;
  closed_ = true;
  stream_->give_up(kCancelled);
  end(lock);
}

// Workers that live on (ranks) must finish what they have, or their messages would meet whatever comes next.
void CallerDriver::end(Lock& lock) {
  if (!workers_.workers->disposable()) {
    for (int w = workers_.workers->first(); w < workers_.workers->count(); ++w) workers_.workers->send(w, kStop, {});
    wait_until(
        lock, [this] { return stream_->has_no_assignments(); }, nanoseconds::max());
  }
  stream_->end_workers();
  ended_ = true;
  workers_ = {};
}

}  // namespace windrow::detail
