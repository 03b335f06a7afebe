#pragma once

#include <atomic>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "parallel/interface/local_worker.hpp"
#include "parallel/interface/workers.hpp"
#include "windrow/process/byte_channel.hpp"
#include "windrow/process/process.hpp"
#include "windrow/process/shared_memory.hpp"

namespace windrow::detail {

/// Which point each of a set of processes is evaluating, in memory that outlives them.
class EvaluationMarks {
 public:
  explicit EvaluationMarks(std::size_t count);
  /// For the process itself (RootLink).
  std::atomic<std::uint64_t>* of(std::size_t worker) { return &marks_[worker]; }
  std::optional<std::uint64_t> get(std::size_t worker) const;
  void clear(std::size_t worker);

 private:
  SharedMemory memory_;
  std::atomic<std::uint64_t>* marks_;  // index + 1, or 0
};

/// For the processes of workers and peers: they run the caller's closures, which may use what the caller has open, and
/// the root alone decides what signals mean that terminals and batch systems send to whole groups.
ProcessOptions worker_process_options(std::string name);

/// A worker process as the root holds it.
struct WorkerProcess {
  ByteChannel channel;
  Process child;
};

/// The worker's end of a channel to the root.
class ChannelRootLink : public RootLink {
 public:
  ChannelRootLink(ByteChannel& channel, EvaluationMarks& marks, std::size_t worker)
      : RootLink(marks.of(worker)), channel_(channel) {}
  Frame receive() override { return channel_.receive(); }
  std::optional<Frame> try_receive() override { return channel_.try_receive(); }
  void send(JobTag tag, std::span<const std::byte> payload) override { channel_.send(tag, payload); }
  bool is_thread_safe() const override { return true; }

 private:
  ByteChannel& channel_;
};

/// Tag of what a peer tells the root when it enters a call in which it would only wait for the root: the number of that
/// call. A root that waits for that peer in another call then knows.
inline constexpr std::uint32_t kEntered = 50;

/// Workers that are processes of this machine. Worker number = position in `processes` + `offset`.
class ProcessWorkers : public Workers {
 public:
  /// @param offset  1 if the root has the number 0, else 0
  /// @param local   the root's own worker, as worker 0; may be null
  /// @param wake    a descriptor that ends a wait of next() while it is readable, or -1
  ProcessWorkers(std::span<WorkerProcess> processes, int offset, EvaluationMarks& marks, LocalWorker* local,
                 int wake = -1);

  int first() const override { return local_ != nullptr ? 0 : offset_; }
  int count() const override { return offset_ + static_cast<int>(processes_.size()); }
  const std::string& host(int) const override { return host_; }
  bool is_remote(int worker) const override { return worker >= offset_; }
  void send(int worker, JobTag tag, std::span<const std::byte> payload) override;
  std::optional<WorkerEvent> next(std::chrono::nanoseconds limit) override;
  std::optional<double> slept() const override { return slept_; }

 protected:
  /// Puts a new process in the place of one that was lost, or in an empty one.
  void put(int worker, WorkerProcess process);
  /// There is no process in this place until one is put there: no loss.
  void leave_empty(int worker);

 private:
  WorkerProcess& process(int worker) { return processes_[static_cast<std::size_t>(worker - offset_)]; }
  std::optional<WorkerEvent> try_next();
  std::optional<WorkerEvent> try_next_of(int worker);
  WorkerEvent loss_of(int worker);
  /// @return false if it was woken
  bool wait(std::chrono::nanoseconds limit);

  std::span<WorkerProcess> processes_;
  EvaluationMarks& marks_;
  std::string host_;
  LocalWorker* local_;
  int offset_;
  int wake_;
  double slept_ = 0.0;
  std::vector<bool> loss_is_known_;  // of each process; one that was lost before this job is reported again
  int turn_ = 0;                     // whose messages are looked at first
};

}  // namespace windrow::detail
