#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <exception>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "windrow/command/command.hpp"
#include "windrow/design/design.hpp"
#include "windrow/evaluation/isolation.hpp"
#include "windrow/evaluation/ranks_per_evaluation.hpp"
#include "windrow/parallel/account.hpp"
#include "windrow/parallel/dispatch.hpp"
#include "windrow/parallel/manager.hpp"
#include "windrow/report/progress.hpp"
#include "windrow/run/failure_policy.hpp"
#include "windrow/shards/shards.hpp"
#include "windrow/store/store.hpp"

namespace [[gnu::visibility("default")]] windrow {

struct SweepOptions {
  /// Directory of the results store. With one, a sweep that was interrupted or killed, or whose design was changed,
  /// runs only points that are new: those whose parameters, or what is computed of them, no earlier run had. The seed
  /// is a part of that for functions (it may be captured) and for commands that name it; the index where the evaluation
  /// asks for it, by Point::index() or `{{point.index}}`. Empty: outcomes are kept in memory, in SweepResult::outcomes,
  /// arrays included.
  std::filesystem::path store = {};
  std::string name = "sweep";  ///< of the study, kept in the store
  /// Evaluates this part of the points alone, into a store of its own: shard_directory(store, shard). Points that
  /// `store` itself has, or a shard of another division, are not evaluated again. merge_shards() joins the parts. A
  /// command's directories of points belong below shard_directory(), too. The numbers of SweepResult and Progress are
  /// those of the part.
  std::optional<Shard> shard = {};
  /// Schedule::longest_first takes the costs of points from `cost`, or from `costs_from`, or else learns from the
  /// points that have finished, in earlier runs of this store and in this one, how the time depends on the parameters.
  Schedule schedule = Schedule::automatic;
  /// Known costs: any number that grows with the time of a point; NaN: nobody knows, so first. Called at the root
  /// alone.
  std::function<double(const Point&)> cost = {};
  /// The store of an earlier run of the same design, for its times. A point without one counts as the mean.
  std::filesystem::path costs_from = {};
  /// What the root does beside coordinating; the same on every rank.
  RootRole root = RootRole::automatic;
  /// Where evaluations of functions run; the same on every rank. SweepResult::notes says what came of it.
  Isolation isolation = Isolation::none;
  /// Of one isolated evaluation, from its fork; it is ended then, with everything that it started.
  std::optional<std::chrono::nanoseconds> timeout = {};
  /// The same as a multiple of the median time of the points that have succeeded, more than 1: 3.0 ends an evaluation
  /// that takes three times as long. It holds from the 10th such point on, earlier runs of the store included, for
  /// evaluations that already run, too, and is never below 1 s.
  std::optional<double> relative_timeout = {};
  /// Bytes that an isolated evaluation may allocate beside the model that was built (ForkLimits::memory); 0: no limit.
  std::uint64_t memory_limit = 0;
  /// How many evaluations a forked child makes, one after another: more than 1 saves time where evaluations are short.
  /// Each but the first finds the model as the one before left it, as without isolation.
  std::uint64_t evaluations_per_process = 1;
  /// Where commands that are MPI programs run (CommandSpec::ranks), read at the root; handed out so that programs that
  /// run at the same time never take more. Empty: the tasks of the Slurm job that this process is in, unless under MPI;
  /// else one slot for each worker, on its host.
  Slots slots = {};
  /// How many ranks evaluate a point together, for a GroupSweep; an int, or a function of the Point, called at the root
  /// alone. A point waits until so many ranks are free, and no later one overtakes it.
  RanksPerEvaluation ranks_per_evaluation = 1;
  /// After one rank of a group threw, the others may take so long to leave the evaluation. Those that wait inside MPI
  /// for the one that threw never will: the failure is recorded after a second, and when this time is over run() throws
  /// ParallelError at the root, naming point and ranks. launch() then ends all ranks; a program of its own must do so
  /// (MPI_Abort), since MPI has no way to call ranks back.
  std::chrono::nanoseconds group_patience = std::chrono::seconds(30);
  /// Names what the functions compute. Change it when they compute something else, and every point is evaluated anew
  /// instead of being mixed with old results. Commands name themselves by their arguments, templates and inputs.
  std::string version = "1";
  /// Evaluate points again that failed in an earlier run, or that have lost an array: its file is missing, or not as
  /// long as it was.
  bool retry_failed = false;
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
  /// Called at the root before the first point, if the store holds an earlier form of the study, with what was found.
  std::function<void(const Resumption&)> on_resumed = {};
  /// More of what is kept with the run: (name, text).
  std::vector<std::pair<std::string, std::string>> provenance = {};
};

/// What came of a sweep. On ranks other than the root the numbers are the same, `failures`, `notes`,
/// `why_stopped`, `account` and `outcomes` are empty.
struct SweepResult {
  std::uint64_t points = 0;     ///< of the design, or of the shard
  std::uint64_t succeeded = 0;  ///< with a result, earlier runs included
  std::uint64_t failed = 0;     ///< with a failure, earlier runs included
  std::uint64_t evaluated = 0;  ///< by this run
  std::uint64_t reused = 0;     ///< outcomes of earlier runs that stand
  int interrupted_by = 0;       ///< the signal that stopped the sweep, or 0
  StopReason stopped_by = StopReason::none;
  std::uint64_t retried = 0;          ///< evaluations of this run that failed and were followed by another try
  double elapsed = 0.0;               ///< seconds of this run
  int workers = 0;                    ///< that evaluate
  std::vector<TaskFailure> failures;  ///< of this run, those of the lowest indices, at most 10
  /// Where the time of this run went (root; empty elsewhere). Its wall time is that of the job: opening the store and
  /// the like, before the first point, is not in it.
  TimeAccount account;
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
  /// A few lines for a user: how many of what, how long, the first failures with their reasons, and, of runs of a
  /// second and more, where their time went (account_summary).
  std::string summary() const;
};

/// A design and what to evaluate at its points, ready to run on any manager. Results depend on the design and the
/// evaluation alone: not on the backend, the number of ranks, or the order of arrival.
class Sweep {
  friend class AskTell;

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
  /// @throws SpecError for an output of another type, or an array whose name cannot be that of a directory
  template <typename Build, typename Evaluate>
  requires std::is_invocable_v<Build&> Sweep(Design design, Build build, Evaluate evaluate,
                                             std::vector<Column> outputs = {{"result", "", "number", ""}})
      : Sweep(std::move(design), std::move(outputs), detail::function_source(std::move(build), std::move(evaluate))) {}

  /// A program at each point.
  Sweep(Design design, Command command);

  const Design& design() const { return design_; }

  /// Everything that the results depend on, as (name, text).
  std::vector<std::pair<std::string, std::string>> definition(const SweepOptions& options) const;
  /// What a store knows the sweep by.
  StudyIdentity identity(const SweepOptions& options) const;

  /// Evaluates every point that has no outcome yet. Collective: every rank calls it with the same design and functions;
  /// the store and the options that concern it matter at the root alone.
  /// @throws StoreError  at the root if the store cannot be used (RootFailed on the other ranks); what was committed
  /// stays
  /// Where `costs_from` is no store or one of another design, that is a StoreError too, which names what differs.
  /// @throws SpecError   on every rank if the ranks' designs differ, or for a shard without a store; at the root
  /// (RootFailed on the other ranks) if costs
  ///                     are given twice, or for another schedule
  /// @throws SpecError   at the root (RootFailed on the other ranks) if a command's programs need more slots than there
  ///                     are, or slots and a schedule that shares out points beforehand (static, cyclic)
  /// @throws SpecError   at the root (RootFailed on the other ranks) if there are not as many ranks as
  ///                     ranks_per_evaluation, for such a sweep on forked workers, or one of more than 1 rank without
  ///                     MPI
  /// @throws ParallelError on every rank if `isolation = process` needs a fork server on one that has called MPI_Init
  ///                       already: windrow::prepare() goes before it
  SweepResult run(ParallelManager& manager, const SweepOptions& options = {});

 protected:
  Sweep(Design design, std::vector<Column> outputs, detail::FunctionSource functions);

 private:
  void check_options(const SweepOptions& options) const;

  Design design_;
  std::vector<Column> outputs_;
  detail::FunctionSource functions_;  // for functions
  std::shared_ptr<Command> command_;  // for programs
};

}  // namespace windrow
