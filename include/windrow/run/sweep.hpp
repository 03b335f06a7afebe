#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "windrow/base/setting.hpp"
#include "windrow/command/command.hpp"
#include "windrow/costs/costs.hpp"
#include "windrow/design/design.hpp"
#include "windrow/evaluation/functions.hpp"
#include "windrow/evaluation/options.hpp"
#include "windrow/parallel/account.hpp"
#include "windrow/parallel/dispatch.hpp"
#include "windrow/parallel/manager.hpp"
#include "windrow/report/progress.hpp"
#include "windrow/run/failure_policy.hpp"
#include "windrow/run/selection.hpp"
#include "windrow/shards/shards.hpp"
#include "windrow/store/failure_groups.hpp"
#include "windrow/store/nested.hpp"
#include "windrow/store/store.hpp"

namespace [[gnu::visibility("default")]] windrow {

/// Of a run, whatever is evaluated. What concerns one kind of evaluation belongs to the sweep itself.
struct SweepOptions {
  /// Directory of the results store. With one, a sweep that was interrupted or killed, or whose design was changed,
  /// runs only points that are new: those whose parameters, or what is computed of them, no earlier run had. The seed
  /// is a part of that for functions (it may be captured) and for commands that name it; the index where the evaluation
  /// asks for it, by Point::index() or `{{point.index}}`. Empty: outcomes are kept in memory, in SweepResult::outcomes,
  /// arrays included.
  std::filesystem::path store = {};
  /// The loops around this sweep, the outermost first, as {{"build", "coarse"}, {"case", 2}}: its store is
  /// nested_store(store, loops), one of many that are read as one table. A command's directories of points belong
  /// there, too.
  std::vector<LoopValue> loops = {};
  std::string name = "sweep";  ///< of the study, kept in the store
  /// Evaluates this part of the points alone, into a store of its own: shard_directory(store, shard). Points that
  /// `store` itself has, or a shard of another division, are not evaluated again. merge_shards() joins the parts. A
  /// command's directories of points belong below shard_directory(), too. The numbers of SweepResult and Progress are
  /// those of the part.
  std::optional<Shard> shard = {};
  Schedule schedule = Schedule::automatic;
  Costs costs = {};  ///< for Schedule::longest_first, and no other
  /// What the root does beside coordinating; the same on every rank.
  RootRole root = RootRole::automatic;
  /// Evaluate points again that failed in an earlier run, or that have lost an array: its file is missing, or not as
  /// long as it was.
  bool retry_failed = false;
  /// Only those that failed in one of these ways; empty: all.
  std::vector<FailureKind> retry_kinds = {};
  /// Evaluate these points again whatever outcome they have, each of which stays until there is a new one: also in
  /// later runs, if this one ends before. Not for a shard.
  std::optional<IndexSet> again = {};
  /// Evaluate these points alone. Others that are left stay open for other runs; an index means the same point in all.
  std::optional<IndexSet> only = {};
  /// Evaluate so many alone, drawn from all points of the study: always the same ones, and a larger sample holds a
  /// smaller one.
  std::optional<std::uint64_t> sample = {};
  /// In random order, always the same one, instead of that of the indices: what is known early is spread over the
  /// design.
  bool random_order = false;
  /// Workers write arrays (outputs of type "array") to the store's directory themselves, where they see it; otherwise
  /// arrays travel through the root in pieces, without growing its memory. If true, they always do: for a directory
  /// that the root alone should write.
  bool arrays_through_root = false;
  /// Which failed points are tried again within this run, and at how many failed points it stops.
  FailurePolicy failure_policy = {};
  /// When this run ends though points are left: no point begins that is not expected to end in time, and what still
  /// runs then is ended if it is a program. (A function is waited for.)
  TimeLimits limits = {};
  /// Stop cleanly on signals while the sweep runs (InterruptGuard): at once on SIGINT and SIGHUP; on SIGTERM and
  /// SIGUSR1 after TimeLimits::drain, or what ends the run earlier. Under MPI SIGTERM stops at once, too, since mpirun
  /// kills two seconds after it.
  bool handle_interrupts = true;
  /// Asked at the root at least every 100 ms while the sweep runs: true ends it, as SIGINT does.
  std::function<bool()> stop_requested = {};
  /// Called at the root at most every 100 ms, and once at the end; for instance a ProgressPrinter.
  std::function<void(const Progress&)> on_progress = {};
  /// Called at the root, at once, for the first point of this run that fails for good.
  std::function<void(const TaskFailure&)> on_first_failure = {};
  /// Called at the root before the first point, if the store holds an earlier form of the study, with what was found.
  std::function<void(const Resumption&)> on_resumed = {};
  /// Called at the root before the first point, if the store's file was damaged, with a line for each thing that is
  /// wrong, or for the first ones; those points are evaluated again.
  std::function<void(const std::vector<std::string>&)> on_damaged = {};
  /// More of what is kept with the run.
  std::vector<Setting> provenance = {};
};

/// What came of a sweep. On ranks other than the root the numbers are the same, `failures`, `failure_groups`, `notes`,
/// `not_finite`, `why_stopped`, `account` and `outcomes` are empty.
struct SweepResult {
  std::uint64_t points = 0;      ///< of the design, or of the shard
  std::uint64_t succeeded = 0;   ///< with a result, earlier runs included
  std::uint64_t failed = 0;      ///< with a failure, earlier runs included
  std::uint64_t evaluated = 0;   ///< by this run
  std::uint64_t reused = 0;      ///< outcomes of earlier runs that stand
  std::uint64_t not_chosen = 0;  ///< points without outcome that `only` or `sample` left to other runs
  int interrupted_by = 0;        ///< the signal that stopped the sweep, or 0
  StopReason stopped_by = StopReason::none;
  std::uint64_t retried = 0;                 ///< evaluations of this run that failed and were followed by another try
  double elapsed = 0.0;                      ///< seconds of this run
  int workers = 0;                           ///< that evaluate
  std::vector<TaskFailure> failures;         ///< of this run, those of the lowest indices, at most 10
  std::vector<FailureGroup> failure_groups;  ///< all failures of this run, the largest group first; `shared` is empty
  std::vector<Column> parameters;            ///< of the values in `failure_groups`
  /// Where the time of this run went (root; empty elsewhere). Its wall time is that of the job: opening the store and
  /// the like, before the first point, is not in it.
  TimeAccount account;
  /// Outputs of type "number" that are NaN or infinite at points that this run evaluated, or that are optional and
  /// missing there: the name, and at how many points.
  std::vector<std::pair<std::string, std::uint64_t>> not_finite;
  std::vector<std::string> notes;  ///< workers that were lost or could not be built, what costs were worth, in words
  std::string why_stopped;         ///< "at its time limit of 2h00m"; empty if it ran to its end
  std::filesystem::path store;     ///< where the results are; empty: in `outcomes`
  /// Without a store: an outcome for each point in index order (after an interruption: `lost` where there is none).
  std::vector<Outcome<std::vector<Value>>> outcomes;

  bool interrupted() const { return interrupted_by != 0; }
  std::uint64_t unfinished() const { return points - succeeded - failed; }
  /// 0 if all points succeeded, 1 if some failed, 130 after SIGINT or SIGHUP, 75 if the run ended before its points did
  /// because of a time limit, the end of its Slurm job, SIGTERM, SIGUSR1 or SweepOptions::stop_requested: to be
  /// run again.
  int exit_code() const;
  /// A few lines for a user, of at most 80 columns where that can be: how many of what, how long, failures by kind with
  /// their reasons, and, of runs of a second and more, where their time went (account_summary).
  std::string summary() const;
};

/// The points of a design that a run with these options is about, by `only` and `sample`.
IndexSet chosen_points(const Design& design, const SweepOptions& options);

/// What a run would find and do, by what the store holds at this moment.
struct SweepPreview {
  std::uint64_t succeeded = 0;       ///< points of the present design with a result
  std::uint64_t failed = 0;          ///< ... and with a failure
  IndexSet left;                     ///< that would be evaluated: of equal points one
  std::uint64_t not_chosen = 0;      ///< others that would be, if `only` and `sample` did not leave them open
  std::vector<std::uint64_t> first;  ///< in a random order: the first ones, at most 10; empty for 2^20 points and more
  std::optional<Resumption> found = {};  ///< if the study has changed since it ran
};

class Sweep;

/// A sweep that goes on while its caller does something else (Sweep::start).
class RunningSweep {
  friend class Sweep;

 public:
  RunningSweep(RunningSweep&& other) noexcept;
  RunningSweep& operator=(RunningSweep&&) = delete;
  /// Asks it to stop, at the root, and waits until it is over.
  ~RunningSweep();

  /// How far it has come, at most 100 ms ago (a SerialManager may be inside a point for longer). At the root; elsewhere
  /// all is 0. May be called by any thread.
  Progress progress() const;
  /// Ends it as SweepOptions::stop_requested does, if this is the root; elsewhere it does nothing. Waits for nothing.
  /// May be called by any thread.
  void request_stop();
  void wait() const;
  /// @return whether it is over. Where no other thread may run it, it runs now, whatever the limit
  bool wait_for(std::chrono::nanoseconds limit) const;
  /// Waits, and hands over what Sweep::run returns. To be called once. @throws what Sweep::run throws
  SweepResult get();

 private:
  struct Impl;
  RunningSweep(const Sweep& sweep, ParallelManager& manager, SweepOptions options);

  std::unique_ptr<Impl> impl_;  // null after a move
};

/// "4 points are equal to others: computed once"
std::string describe_equal_points(std::uint64_t count);

/// A design and what to evaluate at its points, ready to run on any manager. Results depend on the design and the
/// evaluation alone: not on the backend, the number of ranks, or the order of arrival.
class Sweep {
  friend class AskTell;
  friend class RunningSweep;

 public:
  /// Functions in this process.
  /// @param build     () -> Model; called once per worker, before its first point, and again after a failed evaluation
  /// @param evaluate  (Model&, const Point&) -> a number, truth value, text or Array; or a sequence of them (a
  ///                  std::vector<Value>, where they differ), one for each output. An
  ///                  exception fails the point; if the model had been used before, it is built anew and the point
  ///                  tried once more, since the fault may have been in the model's state. Rejected turns a point down
  ///                  at once.
  /// @param outputs   the columns of the results; types "number" (default if empty), "integer", "boolean", "string",
  ///                  "array". In a store an array is a file, `arrays/OUTPUT/INDEX.npy`: StoreReader::array() reads
  ///                  it, and so does everything that knows NumPy's format
  /// @throws SpecError for an output of another type, one named `index`, `status` or like a parameter or another
  /// output,
  ///                   an array whose name cannot be that of a directory, or limits of isolated evaluations that
  ///                   nothing can meet
  template <typename Build, typename Evaluate>
  requires std::is_invocable_v<Build&> Sweep(Design design, Build build, Evaluate evaluate,
                                             std::vector<Column> outputs = {{"result", "", "number", ""}},
                                             FunctionOptions options = {})
      : Sweep(std::move(design), detail::function_kind(detail::function_source(std::move(build), std::move(evaluate)),
                                                       std::move(outputs), std::move(options))) {}

  /// A program at each point.
  Sweep(Design design, Command command, ProgramOptions options = {});

  const Design& design() const { return design_; }

  /// Points that are not evaluated themselves, since each has the outcome of an equal one: of a program that does not
  /// see the index (see ProgramOptions). None for functions, which may draw random numbers: each point is evaluated.
  std::vector<EqualPoint> equal_points() const;

  /// What a run with these options would do; nothing is changed. Not for shards.
  /// @throws StoreError if there is a store that cannot be read
  SweepPreview preview(const SweepOptions& options) const;

  /// What a store knows the sweep by.
  /// @param name  of the study
  StudyIdentity identity(std::string name) const;
  /// Reads outputs of points from the files that their programs left, and judges outcomes of earlier forms of the
  /// study; empty for functions. The sweep outlives it.
  ReadOutputs reader() const;

  /// Evaluates every point that has no outcome yet. Collective: every rank calls it with the same design and functions;
  /// the store and the options that concern it matter at the root alone.
  /// @throws StoreError  at the root if the store cannot be used (RootFailed on the other ranks); what was committed
  ///                     stays. Also if SweepOptions::costs names no store, or one of another design; it says what
  ///                     differs
  /// @throws SpecError   at the root (RootFailed on the other ranks) for loops without a store, or whose names or
  ///                     values cannot be those of folders, or are columns of the results
  /// @throws SpecError   at the root (RootFailed on the other ranks) for points to be evaluated `again` of a shard, or
  /// a
  ///                     random order beside a schedule that has an order of its own
  /// @throws SpecError   on every rank if the ranks' designs differ, or for a shard without a store; at the root
  ///                     (RootFailed on the other ranks) if costs are given for another schedule than longest_first
  /// @throws SpecError   at the root (RootFailed on the other ranks) if a command's programs need more slots than there
  ///                     are, or slots and a schedule that shares out points beforehand (static, cyclic)
  /// @throws SpecError   at the root (RootFailed on the other ranks) if there are not as many ranks as
  ///                     GroupOptions::ranks, for such a sweep on forked workers, or one of more than 1 rank without
  ///                     MPI
  /// @throws ParallelError on every rank if Isolation::process needs a fork server on one that has called MPI_Init
  ///                       already: windrow::prepare() goes before it
  SweepResult run(ParallelManager& manager, const SweepOptions& options = {});

  /// Brings the store up to date with the sweep, evaluating nothing: outputs that were added or are read in another way
  /// are read from the files of points that were kept, also those of points that failed since an output was not found.
  /// A run does the same for itself, but for the last. Killed in the middle it loses nothing. Not collective: for the
  /// root alone.
  /// @return what was found; nothing differs if the store was of this sweep already
  /// @throws StoreError if there is no store yet, or as run()
  Resumption collect(const SweepOptions& options) const;

  /// run() in the background: the caller goes on while a thread of this process runs the sweep, on every rank.
  /// Collective, as is RunningSweep::get(): every rank starts it and ends its RunningSweep, and uses the manager for
  /// nothing else in between. The manager must live as long; this object need not.
  ///
  /// What goes before the first point is done at once: the store is open, and workers that a ForkManager forks see the
  /// memory of this moment. (One that dies is replaced later.) Then points are evaluated as in run(), by the root's own
  /// worker, too, unless SweepOptions::root says that it only coordinates; with a SerialManager by that thread.
  /// Callbacks of `options` are called by it.
  ///
  /// Where other threads may not make the manager's calls (ParallelManager::may_change_thread: under MPI without
  /// MPI_THREAD_MULTIPLE) points are evaluated while somebody waits for the end.
  /// @throws std::system_error if there is no room for another thread; everything else comes out of get()
  [[nodiscard]] RunningSweep start(ParallelManager& manager, SweepOptions options = {});

 protected:
  Sweep(Design design, std::shared_ptr<detail::EvaluationKind> kind);

 private:
  Design design_;
  std::shared_ptr<detail::EvaluationKind> kind_;
};

}  // namespace windrow
