#pragma once

#include <deque>
#include <exception>
#include <string>

#include "parallel/interface/workers.hpp"
#include "parallel/worker_loop.hpp"

namespace [[gnu::visibility("default")]] windrow {
namespace detail {

/// One worker in the root's own thread: next() evaluates.
class SerialWorkers : public Workers {
 public:
  /// @param observer  its tick() is also asked between points and from inside evaluations; what it answers or throws
  ///                  there is for the coordinator, which asks through ask() and is told the same
  SerialWorkers(Evaluation& evaluation, JobObserver& observer, std::string host);

  /// As WorkerLoop::tell_each_point().
  void tell_each_point() { loop_.tell_each_point(); }

  int count() const override { return 1; }
  const std::string& host(int) const override { return host_; }
  bool is_remote(int) const override { return false; }
  void send(int worker, JobTag tag, std::span<const std::byte> payload) override;
  std::optional<WorkerEvent> next(std::chrono::nanoseconds limit) override;
  std::optional<double> slept() const override { return slept_; }
  bool evaluates() const override { return true; }
  Direction ask(JobObserver& observer) override;
  double seconds_asked() const override { return seconds_asked_; }
  bool disposable() const override { return true; }

 private:
  class Link : public RootLink {
   public:
    explicit Link(SerialWorkers& owner) : owner_(owner) {}
    Frame receive() override;
    std::optional<Frame> try_receive() override;
    void send(JobTag tag, std::span<const std::byte> payload) override;
    bool is_thread_safe() const override { return false; }

   private:
    SerialWorkers& owner_;
  };

  bool stop_is_new() noexcept;

  JobObserver& observer_;
  std::string host_;
  std::exception_ptr tick_error_;
  Direction direction_;     // as tick() answered last; a stop is for good
  bool stop_told_ = false;  // to the worker
  double slept_ = 0.0;
  double seconds_asked_ = 0.0;
  std::deque<Frame> to_worker_;
  std::deque<Frame> to_root_;
  Link link_;
  WorkerLoop loop_;
};

/// Runs a job in this thread alone.
JobReport run_serially(JobSpec job, Evaluation& evaluation, JobObserver& observer, std::string host);

}  // namespace detail
}  // namespace windrow
