#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>

#include "parallel/interface/workers.hpp"
#include "stream.hpp"
#include "windrow/pool/batch.hpp"
#include "windrow/process/fd.hpp"

namespace [[gnu::visibility("default")]] windrow {
namespace detail {

/// Workers and whatever they need to live.
struct StartedWorkers {
  std::unique_ptr<Workers> workers;
  int count = 1;                               ///< how many take items
  std::shared_ptr<void> support = {};          ///< destroyed after `workers`
  std::shared_ptr<ThrownByItems> thrown = {};  ///< what their items throw, if that is here
};
/// Makes a workers. @param wake  a descriptor that ends a wait of Workers::next() while it is readable, or -1
using StartWorkers = std::function<StartedWorkers(int wake)>;

/// What drivers share: the stream under a lock, and how to wait for it.
class StreamDriver : public Driver {
 public:
  StreamDriver(int worker_count, const ExecutorOptions& options) : options_(options), worker_count_(worker_count) {}

  int worker_count() const override { return worker_count_; }
  std::size_t chunks_ahead() const override { return 8 * static_cast<std::size_t>(worker_count_); }
  void submit(const std::shared_ptr<Batch>& batch, ItemInvoker invoke, std::vector<Bytes> items,
              std::size_t chunk) override;
  bool wait(Batch& batch, std::uint64_t item, std::chrono::nanoseconds limit) override;
  bool wait_all(Batch& batch, std::chrono::nanoseconds limit) override;
  Outcome<Bytes> peek(Batch& batch, std::uint64_t item) override;
  std::optional<Outcome<Bytes>> take(Batch& batch, std::chrono::nanoseconds limit) override;
  void cancel(Batch& batch) override;
  bool skips(const Outcome<Bytes>& outcome) const override;
  void close() override;

 protected:
  using Lock = std::unique_lock<std::mutex>;
  using Condition = std::function<bool()>;

  /// Waits until `condition` holds, under the lock. @return whether it does
  virtual bool wait_until(Lock& lock, const Condition& condition, std::chrono::nanoseconds limit) = 0;
  /// Called under the lock when there is something new to hand out.
  virtual void wake() = 0;
  /// Hands out and handles what arrives within `limit`; unlocks while it waits for it.
  void step(Lock& lock, std::chrono::nanoseconds limit);
  bool is_inherited() const { return forks_ != forks_so_far(); }
  /// @throws Error in a process that a worker of some executor is
  void check_process() const;

  ExecutorOptions options_;
  int worker_count_;
  int forks_ = forks_so_far();
  std::mutex mutex_;
  StartedWorkers workers_;
  std::unique_ptr<Stream> stream_;
  bool closed_ = false;
  bool ended_ = false;   // no workers any more
  bool asleep_ = false;  // step() waits for workers
};

/// A thread of its own keeps the workers busy whatever the callers do.
class ThreadDriver : public StreamDriver {
 public:
  /// The thread makes the workers, so that processes it forks live as long as it does. @throws whatever `start` throws
  ThreadDriver(int worker_count, const ExecutorOptions& options, StartWorkers start);
  ~ThreadDriver() override;
  bool runs_by_itself() const override { return true; }
  void join() override;
  void terminate() override;

 private:
  void run(const StartWorkers& start, std::exception_ptr& failure);
  void loop();
  void tell_news(Lock& lock);
  bool wait_until(Lock& lock, const Condition& condition, std::chrono::nanoseconds limit) override;
  void wake() override;

  Fd wake_;
  std::condition_variable changed_;
  bool started_ = false;
  bool stopping_ = false;
  std::thread thread_;
};

/// The callers' own thread does the driving while it waits in a call: where no other thread may, as under MPI.
class CallerDriver : public StreamDriver {
 public:
  CallerDriver(StartedWorkers workers, const ExecutorOptions& options);
  bool runs_by_itself() const override { return false; }
  void join() override;
  void terminate() override;

 private:
  void end(Lock& lock);
  bool wait_until(Lock& lock, const Condition& condition, std::chrono::nanoseconds limit) override;
  void wake() override {}
};

}  // namespace detail
}  // namespace windrow
