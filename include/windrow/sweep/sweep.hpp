#pragma once

#include <array>
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
#include "windrow/parallel/dispatch.hpp"
#include "windrow/parallel/manager.hpp"
#include "windrow/store/store.hpp"
#include "windrow/sweep/failure_policy.hpp"
#include "windrow/sweep/progress.hpp"

namespace windrow {

struct SweepOptions {
  /// Directory of the results store. With one, a sweep that was interrupted, killed or extended by failed points runs
  /// only what is missing. Empty: outcomes are kept in memory, in SweepResult::outcomes.
  std::filesystem::path store = {};
  std::string name = "sweep";  ///< of the study, kept in the store
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
  /// Names what the functions compute. Change it when they compute something else, and a store made with the old one is
  /// refused instead of being mixed with new results. Commands name themselves by their arguments and templates.
  std::string version = "1";
  /// Evaluate points again that failed in an earlier run.
  bool retry_failed = false;
  /// Which failed points are tried again within this run, and at how many failed points it stops.
  FailurePolicy failure_policy = {};
  /// When this run ends though points are left: no point begins that is not expected to end in time, and what still
  /// runs then is ended if it is a program. (A function is waited for.)
  TimeLimits limits = {};
  /// Stop cleanly on signals while the sweep runs (InterruptGuard): at once on SIGINT and SIGHUP; on SIGTERM and
  /// SIGUSR1 after TimeLimits::drain, or what ends the run earlier. Under MPI SIGTERM stops at once, too, since mpirun
  /// kills two seconds after it.
  bool handle_interrupts = true;
  /// Called at the root at most every 100 ms, and once at the end; for instance a ProgressPrinter.
  std::function<void(const Progress&)> on_progress = {};
  /// More of what is kept with the run: (name, text).
  std::vector<std::pair<std::string, std::string>> provenance = {};
};

/// What came of a sweep. On ranks other than the root the numbers are the same, `failures`, `notes`,
/// `why_stopped` and `outcomes` are empty.
struct SweepResult {
  std::uint64_t points = 0;     ///< of the design
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
  std::vector<std::string> notes;     ///< workers that were lost or could not be built, what costs were worth, in words
  std::string why_stopped;            ///< "at its time limit of 2h00m"; empty if it ran to its end
  std::filesystem::path store;        ///< where the results are; empty: in `outcomes`
  /// Without a store: an outcome for each point in index order (after an interruption: `lost` where there is none).
  std::vector<Outcome<std::vector<Value>>> outcomes;

  bool interrupted() const { return interrupted_by != 0; }
  std::uint64_t unfinished() const { return points - succeeded - failed; }
  /// 0 if all points succeeded, 1 if some failed, 130 after SIGINT or SIGHUP, 75 if the run ended before its points did
  /// because of a time limit, the end of its Slurm job, SIGTERM or SIGUSR1: to be run again.
  int exit_code() const;
  /// A few lines for a user: how many of what, how long, and the first failures with their reasons.
  std::string summary() const;
};

namespace detail {

/// An evaluation with the model behind it, type-erased. build and evaluate may throw.
struct SweepFunctions {
  std::function<void()> build;
  std::function<std::vector<Value>(const Point&)> evaluate;
};

template <typename T>
std::vector<Value> to_values(T&& result) {
  using Result = std::decay_t<T>;
  if constexpr (std::is_same_v<Result, std::vector<Value>>) {
    return std::forward<T>(result);
  } else if constexpr (std::is_constructible_v<Value, Result>) {
    return {Value(std::forward<T>(result))};
  } else {  // a sequence: std::array, std::vector<double>, ...
    std::vector<Value> values;
    for (const auto& item : result) values.emplace_back(item);
    return values;
  }
}

}  // namespace detail

/// A design and what to evaluate at its points, ready to run on any manager. Results depend on the design and the
/// evaluation alone: not on the backend, the number of ranks, or the order of arrival.
class Sweep {
 public:
  /// Functions in this process.
  /// @param build     () -> Model; called once per worker, before its first point, and again after a failed evaluation
  /// @param evaluate  (Model&, const Point&) -> a number, truth value or text; or a sequence of them, one for each
  /// output. An
  ///                  exception fails the point; if the model had been used before, it is built anew and the point
  ///                  tried once more, since the fault may have been in the model's state. Rejected turns a point down
  ///                  at once.
  /// @param outputs   the columns of the results; types "number" (default if empty), "integer", "boolean", "string"
  template <typename Build, typename Evaluate>
  requires std::is_invocable_v<Build&> Sweep(Design design, Build build, Evaluate evaluate,
                                             std::vector<Column> outputs = {{"result", "", "number", ""}})
      : Sweep(std::move(design), std::move(outputs),
              MakeFunctions([build = std::move(build), evaluate = std::move(evaluate)] {
                using Model = std::decay_t<std::invoke_result_t<Build&>>;
                auto model = std::make_shared<std::unique_ptr<Model>>();
                return detail::SweepFunctions{[model, build]() mutable { model->reset(new Model(build())); },
                                              [model, evaluate](const Point& point) mutable {
                                                return detail::to_values(evaluate(**model, point));
                                              }};
              })) {}

  /// A program at each point.
  Sweep(Design design, Command command);

  const Design& design() const { return design_; }

  /// Everything that the results depend on, as (name, text).
  std::vector<std::pair<std::string, std::string>> definition(const SweepOptions& options) const;

  /// Evaluates every point that has no outcome yet. Collective: every rank calls it with the same design and functions;
  /// the store and the options that concern it matter at the root alone.
  /// @throws StoreError  at the root if the store cannot be used (RootFailed on the other ranks); what was committed
  /// stays
  /// Where `costs_from` is no store or one of another design, that is a StoreError too, which names what differs.
  /// @throws SpecError   on every rank if the ranks' designs differ; at the root (RootFailed on the other ranks) if
  /// costs
  ///                     are given twice, or for another schedule
  SweepResult run(ParallelManager& manager, const SweepOptions& options = {});

 private:
  using MakeFunctions = std::function<detail::SweepFunctions()>;
  Sweep(Design design, std::vector<Column> outputs, MakeFunctions make_functions);

  Design design_;
  std::vector<Column> outputs_;
  MakeFunctions make_functions_;      // for functions
  std::shared_ptr<Command> command_;  // for programs
};

}  // namespace windrow
