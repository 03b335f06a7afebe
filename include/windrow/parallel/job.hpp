#pragma once

#include <cstdint>
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

/// The byte level below scatter, map, stream and sweeps: what a set of workers is asked to do, whatever the backend.
namespace [[gnu::visibility("default")]] windrow {
namespace detail {

/// What an evaluation may ask its worker.
class WorkerContext {
 public:
  virtual ~WorkerContext() = default;
  /// Whether the job is to stop; an evaluation that can end early then throws Interrupted. Cheap enough to poll often.
  virtual bool stop_requested() = 0;
  /// Seconds that the evaluation may take in all, as far as the root has told (JobObserver::time_limit); 0: any. As
  /// cheap, and to be asked as often: the limit may become known, or change, while an evaluation runs.
  virtual double time_limit() { return 0.0; }
  /// Sends bytes to the root ahead of the outcome (JobObserver::piece), and returns once the root has taken them: it
  /// never holds more than one piece of a worker, however fast that is. Pieces of 1 MiB are large enough.
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
  /// That it may use until it returns; empty unless the job's points need slots.
  std::span<const HostSlots> slots{};
  /// The ranks that evaluate it together, this one among them; null unless the job's points need ranks.
  RankGroup* group = nullptr;
  int attempt = 1;  ///< in a group: 2 for a second one, with a new group, as after a failure that may be the model's
};

/// The worker's side of a job: one object in each process that evaluates. Every function may throw: that fails the
/// points concerned, nothing else (but see WorkerUnable).
class Evaluation {
 public:
  virtual ~Evaluation() = default;
  /// Called at most once, before the worker's first point.
  virtual void build() {}
  /// One point: writes its result, or returns why there is none (what was written then counts for nothing). The
  /// failure's index, rank and host are filled in by the worker.
  virtual std::optional<TaskFailure> evaluate(const Assigned& assigned, WorkerContext& context, ByteWriter& result) = 0;
  /// Instead, for JobSpec::whole_shares: all points of the worker at once, one outcome each, in order.
  virtual std::vector<Outcome<Bytes>> evaluate_share(std::span<const Assigned> share, WorkerContext& context);
  /// Called when the worker has nothing to evaluate, and before it goes: to give up what was kept ready for the next
  /// point.
  virtual void idle() noexcept {}
  /// Every outcome on the worker that made it, the result if `failure` is null. If it throws for a result, the point
  /// fails with that, and it is called again with the failure.
  virtual void observe(const Assigned&, std::span<const std::byte> /*result*/, const TaskFailure* /*failure*/) {}
  /// Where groups come from, for a job whose points need several ranks; else null.
  virtual RankGroups* groups() { return nullptr; }
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

/// What a worker does, as far as the root knows.
struct WorkerActivity {
  int worker = 0;
  std::string host;
  std::uint64_t evaluated = 0;         ///< evaluations that it has reported in this job
  std::optional<std::uint64_t> point;  ///< the first that it was given and has not reported; none: it is idle
  double seconds = 0.0;                ///< since it reported the one before, or was given this one
};

/// What points take besides their worker, where they take more. Points then go out one by one, in the supply's order,
/// each once it has all it needs, so that none is overtaken by smaller ones. Not for whole shares.
class PointNeeds {
 public:
  enum class Kind : std::uint8_t {
    /// Slots of hosts, as programs with ranks of their own do. A point that needs more slots than there are is
    /// rejected; if there were enough before workers were lost, it fails as lost.
    slots,
    /// Workers that evaluate the point together (Assigned::group). The result of the first counts, and the point fails
    /// if one of them fails.
    ranks
  };
  virtual ~PointNeeds() = default;
  virtual Kind kind() const = 0;
  /// How many of them, at least 1. May throw: then the point fails as rejected, with that message.
  virtual std::uint64_t of(std::uint64_t index) = 0;
};

/// A job: evaluate the pending indices on all workers. On ranks other than the root only `root` matters.
struct JobSpec {
  RootRole root = RootRole::automatic;  ///< the same on every rank
  Schedule schedule = Schedule::automatic;
  std::shared_ptr<CostModel> costs = {};  ///< for Schedule::longest_first; may be null
  IndexSet pending = {};
  /// Whether workers that do not see the root's memory are sent JobObserver::parameter. Otherwise they know the
  /// points by their index.
  bool ships_parameters = false;
  /// Whether each worker gets all of its points at once, for Evaluation::evaluate_share(). Not with `needs`.
  bool whole_shares = false;
  /// Whether JobObserver::retry_after() is asked. Otherwise no point is tried again but one whose worker was killed, or
  /// lost for a reason that is not known.
  bool retries = false;
  /// Whether JobObserver::time_limit() is asked.
  bool limits_time = false;
  std::shared_ptr<PointNeeds> needs = {};  ///< null: a worker each
  /// For PointNeeds::Kind::slots: those that there are; empty: one for each worker, on its host.
  Slots slots = {};
  /// Seconds after which the job is given up with GroupStuck because workers have not come back from a point at which
  /// one of their group had failed.
  double group_patience = 30.0;
  /// Whether points of a few microseconds may share a reading of the clock: each is then said to have taken their mean.
  /// For jobs that do not tell what single points take. Where something follows from it (`costs`, `limits_time`), and
  /// for whole shares and points with `needs`, each has a time of its own all the same.
  bool shares_clock = false;
};

/// What the root can ask of a job while it runs.
class RunningJob {
 public:
  virtual ~RunningJob() = default;
  /// Of every worker. Takes time for each.
  virtual std::vector<WorkerActivity> activity() = 0;
};

/// The root's side of a job: what happens, and what is to be decided. All calls come from the thread that runs the job.
class JobObserver {
 public:
  virtual ~JobObserver() = default;
  /// Writes the parameter of a point (JobSpec::ships_parameters). If it throws, the point fails with that, and what was
  /// written counts for nothing.
  virtual void parameter(std::uint64_t /*index*/, ByteWriter& /*out*/) {}
  /// Each finished evaluation, in order of arrival.
  virtual void completed(const Completed&) {}
  /// With JobSpec::retries asked of each evaluation that failed, or that a worker was lost at: after how many seconds
  /// the point is tried again. None: the failure is its outcome; infinity: not in this job, it counts as unfinished.
  /// Not asked of points that fail because no worker is left, nor of whole shares, nor of a point at which a worker was
  /// lost for a reason that is not known (a rank), which is tried again a second later. Whatever the answer, a point
  /// whose worker was killed (SIGKILL) is tried once more, and one that two workers were lost at is not tried a third
  /// time.
  /// @param tries  evaluations of the point so far, this one included
  virtual std::optional<double> retry_after(const TaskFailure&, int /*tries*/) { return std::nullopt; }
  /// Each failed evaluation that is not its point's outcome, as retry_after() said; `attempts` and `elapsed` of the
  /// failure are those of this evaluation alone.
  virtual void retried(const Completed&) {}
  /// The pieces that a worker sends ahead of an outcome, before that outcome.
  virtual void piece(int /*worker*/, std::span<const std::byte>) {}
  /// Called at least every 100 ms while the root waits. A stop is for good.
  virtual Direction tick() { return {}; }
  /// How many more points may fail, rejected ones aside, until tick() will stop the job. Asked before each assignment,
  /// so that not many more points fail than that: one a worker at most, but for whole shares.
  virtual std::uint64_t failures_left() { return ~std::uint64_t{0}; }
  /// Called as often as tick(), once whoever is free has something to do.
  virtual void handed_out(RunningJob&) {}
  /// With JobSpec::limits_time: seconds that an evaluation may take, 0: any; asked often. Workers are told when it
  /// changes by more than a tenth (WorkerContext::time_limit).
  virtual double time_limit() { return 0.0; }
  /// Seconds that these calls have spent on storing results so far, for the root's account.
  virtual double seconds_storing() const { return 0.0; }
  /// Called once every worker has ended its part; what it returns reaches every rank in its JobReport.
  virtual Bytes conclude() { return {}; }
};

/// What a job brought beside the outcomes. All but `conclusion` is known to the root alone.
struct JobReport {
  Bytes conclusion = {};         ///< what JobObserver::conclude returned at the root
  bool stopped = false;          ///< it ended before all points were done, as tick() or retry_after() said
  std::uint64_t unfinished = 0;  ///< points without an outcome then
  std::vector<TaskFailure> build_failures =
      {};                                      ///< workers that could not be built, or not any more, while others could
  std::vector<std::string> lost_workers = {};  ///< "worker 2 (pid 123) ended by signal 9 (Killed)"
  std::vector<int> unused_workers = {};        ///< where points need ranks: those that evaluated nothing
  TimeAccount account = {};
};

/// Ranks wait in an evaluation for one that has left it by an exception, and nothing can call them back. The root's own
/// may be one of them: whoever ran the job must leave its Evaluation alive.
class GroupStuck : public ParallelError {
 public:
  using ParallelError::ParallelError;
};

}  // namespace detail
}  // namespace windrow
