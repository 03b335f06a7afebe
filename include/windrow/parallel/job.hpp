#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "windrow/base/byte_stream.hpp"
#include "windrow/error.hpp"
#include "windrow/parallel/account.hpp"
#include "windrow/parallel/dispatch.hpp"
#include "windrow/parallel/index_set.hpp"
#include "windrow/parallel/outcome.hpp"
#include "windrow/parallel/rank_group.hpp"
#include "windrow/parallel/slots.hpp"
#include "windrow/process/byte_channel.hpp"

/// The byte level below scatter, map, stream and sweeps: what a set of workers is asked to do, whatever the backend.
namespace [[gnu::visibility("default")]] windrow {
namespace detail {

/// What an evaluation may ask its worker.
class WorkerContext {
 public:
  virtual ~WorkerContext() = default;
  /// Whether the job is to stop; an evaluation that can end early then throws Interrupted. Cheap enough to poll often.
  virtual bool stop_requested() = 0;
  /// Seconds that the evaluation may take in all, as far as the root has told (Job::time_limit); 0: any. As cheap, and
  /// to be asked as often: the limit may become known, or change, while an evaluation runs.
  virtual double time_limit() { return 0.0; }
  /// Sends bytes to the root ahead of the outcome (Job::on_piece), and returns once the root has taken them: it never
  /// holds more than one piece of a worker, however fast that is. Pieces of 1 MiB are large enough.
  virtual void send_piece(std::span<const std::byte> piece);
  /// Tells that so many seconds of the evaluation, until now, went into something else, for the worker's account.
  /// @param activity  the field of ActivityTimes that they belong to
  virtual void spent(double ActivityTimes::*activity, double seconds) {
    static_cast<void>(activity);
    static_cast<void>(seconds);
  }
};

/// Thrown by `evaluate` of a worker that cannot evaluate any more, whatever the point: it takes no more points, as if
/// it had not been built, and this one counts as not evaluated.
class WorkerUnable : public Error {
 public:
  using Error::Error;
};

/// An evaluation as a worker receives it.
struct Assigned {
  std::uint64_t index = 0;
  std::span<const std::byte> parameter;  ///< empty unless the job ships parameters
  /// That it may use until it returns; empty unless Job::slots_needed is set.
  std::span<const HostSlots> slots{};
  /// The ranks that evaluate it together, this one among them; null unless Job::ranks_needed is set.
  RankGroup* group = nullptr;
  int attempt = 1;  ///< in a group: 2 for a second one, with a new group, as after a failure that may be the model's
};

/// The worker's side of a job. Every function may throw: that fails the points concerned, nothing else (but see
/// WorkerUnable).
struct WorkerTask {
  /// Called at most once, before the worker's first point.
  std::function<void()> build;
  /// One point: writes its result, or returns why there is none (what was written then counts for nothing). The
  /// failure's index, rank and host are filled in by the worker.
  std::function<std::optional<TaskFailure>(const Assigned&, WorkerContext&, ByteWriter& result)> evaluate;
  /// Instead of `evaluate`: all points of the worker at once, one outcome each, in order.
  std::function<std::vector<Outcome<Bytes>>(std::span<const Assigned>, WorkerContext&)> evaluate_share;
  /// Called when the worker has nothing to evaluate, and before it goes: to give up what was kept ready for the next
  /// point. Must not throw. May be empty.
  std::function<void()> rest;
  /// Told every outcome on the worker that made it, the result if `failure` is null; may be empty.
  std::function<void(const Assigned&, std::span<const std::byte> result, const TaskFailure* failure)> observe;
  /// Where groups come from, for a job with Job::ranks_needed.
  std::shared_ptr<RankGroups> groups{};
};

/// A finished evaluation as the root sees it. `payload` lives until the callback returns.
struct Completed {
  std::uint64_t index = 0;
  int worker = 0;
  std::string_view host;
  std::span<const std::byte> payload;  ///< the result, if there is no failure
  const TaskFailure* failure = nullptr;
  /// Seconds since the Unix epoch, by the worker's clock; by the root's, when it learned of it, if no worker could
  /// tell.
  double started = 0.0;
  double elapsed = 0.0;  ///< seconds, of the last attempt
  /// Attempts before the one that this tells of. A failure's own `attempts` and `elapsed` hold them already.
  int earlier_attempts = 0;
};

/// What the root wants of a job from now on.
struct Direction {
  Direction(bool stop_now = false) : stop(stop_now) {}
  static Direction finish_within(double seconds) {
    Direction direction;
    direction.seconds_left = seconds;
    return direction;
  }

  /// All workers stop; evaluations that can end early do.
  bool stop;
  /// Where it is set, only points are begun that are expected to end within so many seconds (0: none). What runs goes
  /// on, and the job ends when nothing runs and nothing may begin.
  std::optional<double> seconds_left = {};
};

/// What a worker is at, as far as the root knows.
struct WorkerActivity {
  int worker = 0;
  std::string host;
  std::uint64_t evaluated = 0;         ///< evaluations that it has told of in this job
  std::optional<std::uint64_t> point;  ///< the first that it was given and has not told of; none: it is idle
  double seconds = 0.0;                ///< since it told of the one before, or was given this one
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
  /// Told the pieces that a worker sends ahead of an outcome, before that outcome; may be empty.
  std::function<void(int worker, std::span<const std::byte> piece)> on_piece;
  /// Called at least every 100 ms while the root waits. A stop is for good.
  std::function<Direction()> on_tick;
  /// What every worker is at. Set by whoever coordinates, for as long as the job runs there; to be called now and then
  /// from on_handed_out, since it takes time for each worker.
  std::function<std::vector<WorkerActivity>()> activity;
  /// Called as often as on_tick, once whoever is free has something to do; may be empty.
  std::function<void()> on_handed_out;
  /// Asked of each evaluation that failed, or that a worker was lost at: after how many seconds the point is tried
  /// again. None: the failure is its outcome; infinity: not in this job, it counts as unfinished. Not asked of points
  /// that fail because no worker is left, nor of whole shares, nor of a point at which a worker was lost for a reason
  /// that is not known (a rank), which is tried again a second later. Whatever the answer, a point whose worker was
  /// killed (SIGKILL) is tried once more, and one that two workers were lost at is not tried a third time. Empty: no
  /// other point is tried again.
  /// @param tries  evaluations of the point so far, this one included
  std::function<std::optional<double>(const TaskFailure&, int tries)> retry;
  /// Told each failed evaluation that is not its point's outcome, as `retry` said; `attempts` and `elapsed` of the
  /// failure are those of this evaluation alone. May be empty.
  std::function<void(const Completed&)> on_retried;
  /// Seconds that an evaluation may take, 0: any; asked often. Workers are told when it changes by more than a tenth
  /// (WorkerContext::time_limit). May be empty.
  std::function<double()> time_limit;
  /// Seconds that the callbacks above have spent on storing results so far, for the root's account. May be empty.
  std::function<double()> seconds_storing;
  /// How many slots an evaluation takes, at least 1, where it may be more than its worker alone, as programs with ranks
  /// of their own do; may throw: then the point fails as rejected, with that message. With it, points go out one by
  /// one, in the supply's order, each with its slots and once it has all of them, so that none waits at a worker and
  /// none is overtaken by smaller ones. A point that needs more slots than there are is rejected, too; if there were
  /// enough before workers were lost, it fails as lost. Not for whole shares. May be empty.
  std::function<std::uint64_t(std::uint64_t index)> slots_needed;
  /// The slots that there are; empty: one for each worker, on its host.
  Slots slots;
  /// How many workers evaluate a point together, at least 1; may throw: then the point fails as rejected. With it,
  /// points go out one by one, in the supply's order, each once it has all its workers, so that none is overtaken by
  /// smaller ones. All of them evaluate it (Assigned::group); the result of the first counts, and it fails if one of
  /// them fails. Not for whole shares, nor with slots_needed. May be empty.
  std::function<std::uint64_t(std::uint64_t index)> ranks_needed;
  /// Seconds after which the job is given up with GroupStuck because workers have not come back from a point at which
  /// one of their group had failed.
  double group_patience = 30.0;
  /// Called once every worker is at rest; what it returns reaches every rank in its JobReport. May be empty.
  std::function<Bytes()> conclude;
};

/// What a job brought beside the outcomes. All but `conclusion` is known to the root alone.
struct JobReport {
  Bytes conclusion;                         ///< what `conclude` returned at the root
  bool stopped = false;                     ///< it ended before all points were done, as on_tick or `retry` said
  std::uint64_t unfinished = 0;             ///< points without an outcome then
  std::vector<TaskFailure> build_failures;  ///< workers that could not be built, or not any more, while others could
  std::vector<std::string> lost_workers;    ///< "worker 2 (pid 123) ended by signal 9 (Killed)"
  std::vector<int> unused_workers;          ///< with ranks_needed: those that evaluated nothing
  TimeAccount account;
};

/// Ranks wait in an evaluation for one that has left it by an exception, and nothing can call them back.
class GroupStuck : public ParallelError {
 public:
  using ParallelError::ParallelError;
};

}  // namespace detail
}  // namespace windrow
