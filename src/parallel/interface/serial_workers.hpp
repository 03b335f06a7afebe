#pragma once

#include <deque>
#include <exception>
#include <functional>
#include <string>

#include "parallel/interface/workers.hpp"
#include "parallel/worker_loop.hpp"

namespace [[gnu::visibility("default")]] windrow {
namespace detail {

/// One worker in the root's own thread: next() evaluates.
class SerialWorkers : public Workers {
 public:
  /// @param job  its on_tick is also asked between points and from inside evaluations; what it answers or throws there
  ///             is for the coordinator, which asks through the same function and is told the same
  SerialWorkers(Job& job, std::string host);
  ~SerialWorkers() override;
  SerialWorkers(const SerialWorkers&) = delete;
  SerialWorkers& operator=(const SerialWorkers&) = delete;

  int count() const override { return 1; }
  const std::string& host(int) const override { return host_; }
  bool is_remote(int) const override { return false; }
  void send(int worker, JobTag tag, std::span<const std::byte> payload) override;
  std::optional<WorkerEvent> next(std::chrono::nanoseconds limit) override;
  std::optional<double> slept() const override { return slept_; }
  bool evaluates() const override { return true; }
  double ticked() const override { return ticked_; }
  bool replace(int) override { return false; }
  bool disposable() const override { return true; }

 private:
  class Link : public RootLink {
   public:
    explicit Link(SerialWorkers& owner) : owner_(owner) {}
    Frame receive() override;
    std::optional<Frame> try_receive() override;
    void send(JobTag tag, std::span<const std::byte> payload) override;
    bool is_thread_safe() const override { return false; }
    void mark(std::optional<std::uint64_t>) override {}

   private:
    SerialWorkers& owner_;
  };

  Direction tick();
  bool stop_is_new() noexcept;

  Job& job_;
  std::string host_;
  std::function<Direction()> on_tick_;  // the job's own
  std::exception_ptr tick_error_;
  Direction direction_;     // as on_tick answered last; a stop is for good
  bool stop_told_ = false;  // to the worker
  double slept_ = 0.0;
  double ticked_ = 0.0;
  std::deque<Frame> to_worker_;
  std::deque<Frame> to_root_;
  Link link_;
  WorkerLoop loop_;
};

}  // namespace detail
}  // namespace windrow
