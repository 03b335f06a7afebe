#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "windrow/evaluation/ranks_per_evaluation.hpp"
#include "windrow/parallel/slots.hpp"

/// How points are evaluated: what belongs to one kind of evaluation, and is given when a sweep of that kind is made.
namespace [[gnu::visibility("default")]] windrow {

/// Where isolated evaluations of functions run: in a child process each, so that a crash, an exit(), a hang past the
/// time limit, or too much memory costs one point, and every one begins with the model as it was built.
enum class Isolation {
  process,  ///< in children of the fork server, small and free of MPI, if the functions can go there; else as `fork`.
            ///< They can if they capture nothing, are plain functions, or are objects with a public serialize() (of
            ///< Boost.Serialization) and a default constructor. They see global variables as they were when the server
            ///< started (prepare(), LaunchOptions::isolates_evaluations), and none of what was open then.
  fork,     ///< in children forked from the rank itself, whatever the functions capture: costs more the more memory the
            ///< rank has. Under MPI it works with Open MPI over shared memory and TCP; some fabrics forbid it.
};

/// "process" or "fork"
std::string_view name_of(Isolation isolation);
/// None for "none".
/// @throws SpecError for an unknown name, listing the valid ones
std::optional<Isolation> isolation(std::string_view name);

/// Isolated evaluations of functions. SweepResult::notes says what came of it.
struct Isolated {
  Isolation where = Isolation::process;
  /// Of one evaluation, from its fork; it is ended then, with everything that it started.
  std::optional<std::chrono::nanoseconds> timeout = {};
  /// The same as a multiple of the median time of the points that have succeeded, more than 1: 3.0 ends an evaluation
  /// that takes three times as long. It holds from the 10th such point on, earlier runs of the store included, for
  /// evaluations that already run, too, and is never below 1 s.
  std::optional<double> relative_timeout = {};
  /// Bytes that an evaluation may allocate beside the model that was built (ForkLimits::memory); 0: no limit.
  std::uint64_t memory_limit = 0;
  /// How many evaluations a forked child makes, one after another: more than 1 saves time where evaluations are short.
  /// Each but the first finds the model as the one before left it, as without isolation.
  std::uint64_t evaluations_per_process = 1;
};

/// Of a sweep over functions; the same on every rank.
struct FunctionOptions {
  /// Names what the functions compute. Change it when they compute something else, and every point is evaluated anew
  /// instead of being mixed with old results. Commands name themselves by their arguments, templates and inputs.
  std::string version = "1";
  /// None: in the worker's process, which is the fastest.
  std::optional<Isolated> isolated = {};
};

/// Of a GroupSweep; the same on every rank.
struct GroupOptions {
  /// How many ranks evaluate a point together; an int, or a function of the Point, called at the root alone. A point
  /// waits until so many ranks are free, and no later one overtakes it.
  RanksPerEvaluation ranks = 1;
  /// After one rank of a group threw, the others may take so long to leave the evaluation. Those that wait inside MPI
  /// for the one that threw never will: the failure is recorded after a second, and when this time is over run() throws
  /// ParallelError at the root, naming point and ranks. launch() then ends all ranks; a program of its own must do so
  /// (MPI_Abort), since MPI has no way to call ranks back.
  std::chrono::nanoseconds patience = std::chrono::seconds(30);
  std::string version = "1";  ///< as FunctionOptions::version
};

/// Of a sweep over a command.
struct ProgramOptions {
  /// Where programs that are MPI programs run (CommandSpec::ranks), read at the root; handed out so that programs that
  /// run at the same time never take more. Empty: the tasks of the Slurm job that this process is in, unless under MPI;
  /// else one slot for each worker, on its host.
  Slots slots = {};
};

}  // namespace windrow
