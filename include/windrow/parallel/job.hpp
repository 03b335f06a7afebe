#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "windrow/parallel/byte_stream.hpp"
#include "windrow/parallel/dispatch.hpp"
#include "windrow/parallel/index_set.hpp"
#include "windrow/parallel/outcome.hpp"
#include "windrow/process/byte_channel.hpp"

/// The byte level below scatter, map, stream and sweeps: what a set of workers is asked to do, whatever the backend.
namespace windrow::detail {

/// What an evaluation may ask its worker.
class WorkerContext {
 public:
  virtual ~WorkerContext() = default;
  /// Whether the job is to stop; an evaluation that can end early then throws Interrupted. Cheap enough to poll often.
  virtual bool stop_requested() = 0;
};

/// An evaluation as a worker receives it.
struct Assigned {
  std::uint64_t index = 0;
  std::span<const std::byte> parameter;  ///< empty unless the job ships parameters
};

/// The worker's side of a job. Every function may throw: that fails the points concerned, nothing else.
struct WorkerTask {
  /// Called at most once, before the worker's first point.
  std::function<void()> build;
  /// One point: writes its result, or returns why there is none (what was written then counts for nothing). The
  /// failure's index, rank and host are filled in by the worker.
  std::function<std::optional<TaskFailure>(const Assigned&, WorkerContext&, ByteWriter& result)> evaluate;
  /// Instead of `evaluate`: all points of the worker at once, one outcome each, in order.
  std::function<std::vector<Outcome<Bytes>>(std::span<const Assigned>, WorkerContext&)> evaluate_share;
  /// Told every outcome on the worker that made it, the result if `failure` is null; may be empty.
  std::function<void(const Assigned&, std::span<const std::byte> result, const TaskFailure* failure)> observe;
};

/// A finished evaluation as the root sees it. `payload` lives until the callback returns.
struct Completed {
  std::uint64_t index = 0;
  int worker = 0;
  std::string_view host;
  std::span<const std::byte> payload;  ///< the result, if there is no failure
  const TaskFailure* failure = nullptr;
  double started = 0.0;  ///< seconds since the Unix epoch, by the worker's clock
  double elapsed = 0.0;  ///< seconds
};

/// A job: evaluate the pending indices on all workers.
struct Job {
  WorkerTask task;                          ///< every rank
  RootRole root = RootRole::automatic;      ///< every rank
  Schedule schedule = Schedule::automatic;  ///< the rest: root only
  std::shared_ptr<CostModel> costs;         ///< for Schedule::longest_first; may be null

  IndexSet pending;
  /// The parameter of a point as bytes, where it must be shipped; empty: workers know the points by their index.
  std::function<Bytes(std::uint64_t)> parameter;
  /// Called for each finished evaluation, in order of arrival.
  std::function<void(const Completed&)> on_completed;
  /// Called at least every 100 ms while the root waits; true asks all workers to stop.
  std::function<bool()> on_tick;
  /// Called once every worker is at rest; what it returns reaches every rank in its JobReport. May be empty.
  std::function<Bytes()> conclude;
};

/// What a job brought beside the outcomes. All but `conclusion` is known to the root alone.
struct JobReport {
  Bytes conclusion;                         ///< what `conclude` returned at the root
  bool stopped = false;                     ///< on_tick asked to stop before all points were done
  std::uint64_t unfinished = 0;             ///< points without an outcome, after a stop
  std::vector<TaskFailure> build_failures;  ///< workers that could not be built while others could
  std::vector<std::string> lost_workers;    ///< "worker 2 (pid 123) ended by signal 9 (Killed)"
};

}  // namespace windrow::detail
