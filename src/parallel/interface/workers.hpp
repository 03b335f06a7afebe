#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <variant>

#include "windrow/parallel/job.hpp"
#include "windrow/process/byte_channel.hpp"

/// What lies between the coordinator of a job and its workers: messages there and back, and news of deaths.
namespace [[gnu::visibility("default")]] windrow {
namespace detail {

/// Messages of a job. Root to worker: assign, stop, recall (what has not been begun goes back), end, time_limit
/// (seconds, a double), piece_taken, free_group (its id). Worker to root: results, build_failed, given_back, piece.
/// Given_back is results, too, and says that of the first `finished` assignments the worker keeps the point that it is
/// evaluating, and no other. Each piece is answered by one piece_taken.
enum JobTag : std::uint32_t {
  kAssign = 1,
  kStop,
  kEnd,
  kResults,
  kBuildFailed,
  kGivenBack,
  kTimeLimit,
  kPiece,
  kPieceTaken,
  kFreeGroup,
  kRecall
};

/// A worker is gone.
struct WorkerLoss {
  TaskFailure failure;                      ///< "worker 2 (pid 123) ended by signal 9 (Killed)"
  std::optional<std::uint64_t> evaluating;  ///< the point that it was working on
  /// Whether that is known. If not, it is taken for the first of its points that has no outcome.
  bool knows_point = true;
};

/// What a point failed with whose worker was lost; without its index.
inline TaskFailure failure_of(const WorkerLoss& loss, int worker, const std::string& host) {
  TaskFailure failure = loss.failure;
  failure.rank = worker;
  failure.host = host;
  return failure;
}

struct WorkerEvent {
  int worker = 0;
  std::variant<Frame, WorkerLoss> what;
};

/// The coordinator's view of all workers, first() .. count() - 1.
class Workers {
 public:
  virtual ~Workers() = default;
  /// 1 if the root's own number, 0, takes no points, so that the others keep theirs.
  virtual int first() const { return 0; }
  virtual int count() const = 0;
  virtual const std::string& host(int worker) const = 0;
  /// Whether the worker cannot see the root's memory, so that parameters must travel.
  virtual bool is_remote(int worker) const = 0;
  /// Whether it would be known at which point the worker was lost (WorkerLoss::knows_point).
  virtual bool knows_point_of(int /*worker*/) const { return true; }
  /// Never blocks; a message to a worker that is gone is dropped (next() tells).
  virtual void send(int worker, JobTag tag, std::span<const std::byte> payload) = 0;
  /// The next message or loss, waiting at most `limit`.
  virtual std::optional<WorkerEvent> next(std::chrono::nanoseconds limit) = 0;
  /// Seconds that next() has slept in all: the rest of its time the coordinator was busy. None if that is not known.
  virtual std::optional<double> slept() const { return std::nullopt; }
  /// Whether next() evaluates: the thread of the root is that of the only worker.
  virtual bool evaluates() const { return false; }
  /// JobObserver::tick(), which such workers ask from inside evaluations, too: then the answer is the same as there.
  virtual Direction ask(JobObserver& observer) { return observer.tick(); }
  /// Seconds that next() has spent in those questions, in all.
  virtual double seconds_asked() const { return 0.0; }
  /// Puts a new worker in the place of one that was lost. @return whether that is possible
  virtual bool replace(int /*worker*/) { return false; }
  /// Whether workers may be killed when a job fails, since they serve this job alone.
  virtual bool disposable() const { return false; }
};

/// A worker's view of the root.
class RootLink {
 public:
  /// @param mark  a word that a survivor can read, for mark(); null: there is no need
  explicit RootLink(std::atomic<std::uint64_t>* mark = nullptr) : mark_(mark) {}
  virtual ~RootLink() = default;
  /// The next message, however long it takes. @throws PeerLost if the root is gone
  virtual Frame receive() = 0;
  virtual std::optional<Frame> try_receive() = 0;
  virtual void send(JobTag tag, std::span<const std::byte> payload) = 0;
  /// Whether another thread may send while the one that receives is inside an evaluation.
  virtual bool is_thread_safe() const = 0;
  /// Moves on what was sent. @return whether all of it has left
  virtual bool flush() { return true; }
  /// Notes where a survivor can read it that this point is being evaluated.
  void mark(std::uint64_t index) { put_mark(index + 1); }
  /// None is.
  void unmark() { put_mark(0); }

 private:
  void put_mark(std::uint64_t mark) {
    if (mark_ != nullptr) mark_->store(mark, std::memory_order_relaxed);
  }

  std::atomic<std::uint64_t>* mark_;  // index + 1, or 0
};

}  // namespace detail
}  // namespace windrow
