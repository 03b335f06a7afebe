#include <fmt/format.h>
#include <signal.h>

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <optional>
#include <string>

#include "common.hpp"
#include "options.hpp"
#include "renamed.hpp"
#include "unused.hpp"
#include "verbs.hpp"
#include "windrow/base/machine.hpp"
#include "windrow/base/text.hpp"
#include "windrow/error.hpp"
#include "windrow/parallel/launch.hpp"
#include "windrow/run/sweep.hpp"
#include "windrow/slurm/slurm.hpp"
#include "windrow/study/study.hpp"

namespace windrow::app {
namespace {

struct Prepared {
  Study study;
  Sweep sweep;
  Costs costs;
  std::vector<std::string> warnings;  ///< at the root: what is allowed but may not be meant
};

std::vector<std::string> warnings_of(const Study& study, const Command& command) {
  std::vector<std::string> warnings;
  for (const std::string& warning : command.warnings()) warnings.push_back("windrow: warning: " + warning);
  const std::string unused = unused_parameters(study.design, command, kMostPointsBeforeRun).describe();
  if (!unused.empty()) warnings.push_back("note: " + unused);
  return warnings;
}

// The root reads the study for all. If a rank cannot make it, all stop, and the root says why.
std::optional<Prepared> prepare(ParallelManager& manager, const RunArguments& arguments) {
  std::optional<Prepared> prepared;
  std::string problem;
  try {
    Study study = load_study(manager, arguments.study, arguments.directory);
    const std::string problem_with_points = unknown_points(arguments.selection, study);
    if (!problem_with_points.empty()) throw SpecError(problem_with_points);
    if (!arguments.shard.empty()) {
      study.command.points_directory = shard_directory(study.directory, parse_shard(arguments.shard)) / "points";
    }
    Command command(study.command, study.design);
    std::vector<std::string> warnings;
    if (manager.is_root() && !arguments.quiet) warnings = warnings_of(study, command);
    Sweep sweep(study.design, std::move(command));
    prepared.emplace(Prepared{std::move(study), std::move(sweep), {}, std::move(warnings)});
    if (manager.is_root() && !arguments.costs_from.empty()) prepared->costs = results_directory(arguments.costs_from);
  } catch (const std::exception& error) {
    problem = error.what();
  }
  const auto problems = manager.all_gather(problem);
  for (std::size_t rank = 0; rank < problems.size(); ++rank) {
    if (problems[rank].empty()) continue;
    if (manager.is_root()) complain(rank == 0 ? problems[rank] : fmt::format("rank {}: {}", rank, problems[rank]));
    return std::nullopt;
  }
  return prepared;
}

std::vector<Setting> provenance(const Study& study, const RunArguments& arguments, int workers, Backend backend) {
  return {{"windrow", version()},
          {"command", arguments.command_line},
          {"directory", std::filesystem::current_path().string()},
          {"host", host_name()},
          {"backend", std::string(name_of(backend))},
          {"workers", std::to_string(workers)},
          {"study_file", study.file.string()},
          {"study", study.source},
          {"seed", std::to_string(study.seed)}};
}

void announce(const Study& study, const std::string& shard, int workers, Backend backend) {
  const std::string part = shard.empty() ? "" : fmt::format(", shard {}", shard);
  show_aside("{}: {} ({}){}, {} ({})\n", study.name, counted(study.design.size(), "point"), study.design.method(), part,
             counted(static_cast<std::uint64_t>(workers), "worker"), name_of(backend));
  for (const std::string& note : study.design.notes()) show_aside("note: {}\n", note);
  const std::size_t shards = shard.empty() ? find_shards(study.directory).shards.size() : 0;
  if (shards > 0) {
    show_aside("windrow: {} below {} not merged: without `windrow merge`, this run evaluates their points again\n",
               shards == 1 ? "a shard" : fmt::format("{} shards", shards),
               study.directory.string() + (shards == 1 ? " is" : " are"));
  }
}

// Before the first point.
void warn(const Prepared& prepared, const RunArguments& arguments) {
  for (const std::string& warning : prepared.warnings) show_aside("{}\n", warning);
  const std::string elsewhere = arguments.shard.empty() ? results_of_other_name(prepared.study, prepared.sweep) : "";
  if (!elsewhere.empty()) show_aside("windrow: {}\n", elsewhere);
}

// NaN and infinities are results unless the study says otherwise, but not unseen.
void tell_not_finite(const SweepResult& result, const Study& study) {
  for (const auto& [name, points] : result.not_finite) {
    const auto output = std::ranges::find(study.command.outputs, name, &OutputSpec::name);
    if (output == study.command.outputs.end() || output->optional || output->finite) continue;
    show("  `{}` is NaN or infinite at {}: with `finite = true` such points fail.\n", name, counted(points, "point"));
  }
}

/// "The first failure: point 4 exited with code 3: no convergence", and its parameters.
std::string first_failure(const Design& design, const TaskFailure& failure) {
  const std::string line = telling_line(failure);
  return fmt::format("First failure, point {} ({}): {}{}", failure.index, one_line(design.point(failure.index)),
                     describe_kind(failure.kind, failure.code), line.empty() ? "" : ": " + within_line(line, 300));
}

void conclude(const SweepResult& result, const Study& study) {
  const std::string directory = shell_line({result.store.string()});
  if (result.evaluated == 0 && result.unfinished() == 0) {
    show("Nothing to do: {} evaluated already",
         result.points == 1 ? "the only point is" : "all " + counted(result.points, "point") + " are");
    if (result.failed > 0)
      show(", {} failed (--retry-failed evaluates those again)", text::with_thousands(result.failed));
    show(".\n");
  } else {
    show("{}", result.summary());
    tell_not_finite(result, study);
  }
  if (!result.failures.empty()) {
    show("`windrow failures {0}` tells what they have in common,\n`windrow explain {0} INDEX` tells more of a point.\n",
         directory);
  }
  show("Results: {}\n", result.store.string());
}

// What goes wrong here costs nothing of the run: the shard is kept, and `merge` does the same.
void merge_after(const Prepared& prepared, const SweepOptions& options, bool quiet) {
  const Design& design = prepared.study.design;
  MergeOptions merging;
  merging.study = prepared.sweep.identity(options.name);
  merging.points = [&design](std::uint64_t index) { return design.point(index).values(); };
  merging.read = prepared.sweep.reader();
  if (options.only || options.sample) merging.chosen = chosen_points(design, options);
  try {
    const auto report = merge_if_complete(prepared.study.directory, options.shard->count, merging);
    if (report) print_merged(*report, quiet);
  } catch (const Error& error) {
    complain(fmt::format("this shard has ended, but the shards could not be merged: {}\n`windrow merge {}` tries again",
                         error.what(), shell_line({prepared.study.directory.string()})));
  }
}

// What the command line says goes before what the study file says.
void choose_policy(const Study& study, const RunArguments& arguments, SweepOptions& options) {
  options.failure_policy = study.failure_policy;
  options.limits = study.limits;
  if (!arguments.max_failures.empty()) options.failure_policy.give_up_early = false;
  if (arguments.retries) {
    options.failure_policy.retries = *arguments.retries;
    options.failure_policy.retries_of = {};
  }
  if (!arguments.max_failures.empty()) {
    options.failure_policy.max_failures = parse_max_failures(arguments.max_failures);
  }
  if (!arguments.time_limit.empty()) options.limits.time_limit = *text::parse_duration(arguments.time_limit);
  if (!arguments.drain.empty()) options.limits.drain = *text::parse_duration(arguments.drain);
}

// A run that evaluates nothing would be queued again for ever, and a job that was cancelled (scancel sends SIGTERM) is
// not wanted any more.
void requeue(const SweepResult& result, bool quiet) {
  if (result.exit_code() != kRunAgain || result.interrupted_by == SIGTERM) return;
  if (result.evaluated == 0) {
    complain("not queued again: this run evaluated no point, so the next one would not either");
    return;
  }
  if (!quiet) show_aside("Slurm is asked to queue job {} again.\n", slurm_job());
  static_cast<void>(flush_output());
  try {
    requeue_slurm_job();  // ends this process, too
  } catch (const Error& error) {
    complain(fmt::format("not queued again: {}", error.what()));
  }
}

int run_rank(ParallelManager& manager, const RunArguments& arguments) {
  std::optional<Prepared> prepared = prepare(manager, arguments);
  if (!prepared) return kUsage;
  const Study& study = prepared->study;

  SweepOptions options;
  options.store = study.directory;
  options.name = study.name;
  if (!arguments.shard.empty()) options.shard = parse_shard(arguments.shard);
  choose_points(arguments.selection, study, options);
  choose_policy(study, arguments, options);
  options.costs = prepared->costs;
  if (!arguments.costs_from.empty()) options.schedule = Schedule::longest_first;
  if (!arguments.schedule.empty()) options.schedule = schedule(arguments.schedule);
  options.root = root_role(arguments.root);
  const int workers = manager.evaluating_workers(options.root);
  options.provenance = provenance(study, arguments, workers, manager.backend());
  if (!arguments.quiet && manager.is_root()) {
    announce(study, arguments.shard, workers, manager.backend());
    warn(*prepared, arguments);
    options.on_resumed = [](const Resumption& found) { show_aside("{}\n", with_options(found.describe())); };
    options.on_damaged = [](const std::vector<std::string>& lines) {
      for (const std::string& line : lines) show_aside("windrow: {}\n", line);
    };
    const auto printer = std::make_shared<ProgressPrinter>(stderr);
    options.on_progress = [printer](const Progress& progress) {
      const bool nothing_to_do = progress.evaluated == 0 && progress.done == progress.points;
      if (!nothing_to_do) (*printer)(progress);
    };
    options.on_first_failure = [printer, &study](const TaskFailure& failure) {
      printer->note(first_failure(study.design, failure));
    };
  }
  try {
    const SweepResult result = prepared->sweep.run(manager, options);
    if (manager.is_root() && !arguments.quiet) conclude(result, study);
    if (manager.is_root() && options.shard && result.unfinished() == result.not_chosen) {
      merge_after(*prepared, options, arguments.quiet);
    }
    if (manager.is_root() && arguments.requeue) requeue(result, arguments.quiet);
    return result.exit_code();
  } catch (const StoreError& error) {
    return complain(error.what());
  } catch (const SpecError& error) {  // at the root; the others are told below
    return complain(error.what());
  } catch (const RootFailed&) {  // the root has complained
    return kUsage;
  }
}

}  // namespace

namespace {

// Each worker of a Slurm job that is not under MPI launches a program, and the programs share the job's tasks, on
// whichever nodes those are. What cannot be read is told by the run itself.
int default_workers(const RunArguments& arguments) {
  int tasks = 0;
  try {
    if (!slurm_job().empty() && load_study(arguments.study, arguments.directory).command.ranks) {
      for (const HostSlots& some : slurm_slots()) tasks += some.slots;
    }
  } catch (const Error&) {
    return available_parallelism();
  }
  return tasks > 0 ? tasks : available_parallelism();
}

}  // namespace

int run(const RunArguments& arguments, int argc, char** argv) {
  if (arguments.requeue && slurm_job().empty()) {
    return complain("--requeue is for jobs of Slurm, but SLURM_JOB_ID is not set");
  }
  LaunchOptions options;
  const char* chosen = std::getenv("WINDROW_BACKEND");
  const bool is_free = chosen == nullptr || *chosen == '\0';
  const bool under_mpi = is_free ? started_by_mpi() : chosen == name_of(Backend::mpi);
  // Programs run under forked workers even if there is one: the root stays free to show progress and to stop.
  if (is_free && !under_mpi) options.backend = Backend::fork;
  options.workers = arguments.workers;
  // Under MPI the ranks are the workers, and none of them reads the study to count them.
  if (!under_mpi && options.workers == 0 && std::getenv("WINDROW_WORKERS") == nullptr) {
    options.workers = default_workers(arguments);
  }
  options.peers = false;
  options.runs_programs = true;
  return launch(
      argc, argv, [&](ParallelManager& manager) { return run_rank(manager, arguments); }, options);
}

Verb add_run(CommandLine& line) {
  struct Given {
    RunArguments run;
    bool dry_run = false;
  };
  const auto arguments = std::make_shared<Given>();
  RunArguments& run = arguments->run;
  run.command_line = line.text();
  CLI::App* verb = line.app.add_subcommand("run", "evaluate every point that has no outcome yet");
  verb->add_option("STUDY", run.study, "study file (TOML)")->required();
  verb->add_option("-w,--workers", run.workers,
                   "programs at a time (default: the cores that this process may use),\n"
                   "or slots for the ranks of MPI programs; under mpirun its ranks are both")
      ->option_text("N")
      ->check(whole_number())
      ->check(CLI::Range(1, 100000));
  verb->add_option("--dir", run.directory, "where results go (default: NAME.windrow beside STUDY)")->option_text("DIR");
  verb->add_option("--shard", run.shard,
                   "evaluate one of K parts of the points, for example 2/4, into a store of\n"
                   "its own below DIR; the last part to end merges them")
      ->option_text("k/K")
      ->check(name_that([](const std::string& word) { parse_shard(word); }));
  add_selection(line, verb, run.selection);
  verb->add_flag("--dry-run", arguments->dry_run, "the same as `windrow plan`");
  verb->add_flag("-q,--quiet", run.quiet, "no progress and no summary, only errors");
  add_policy_options(verb, run);
  verb->add_option("--time-limit", run.time_limit,
                   "end this run after so long, 1h30m for example: points that are not\n"
                   "expected to end in time do not begin. In a job of Slurm its end is\n"
                   "such a limit, too")
      ->option_text("DURATION")
      ->check(duration());
  verb->add_flag("--requeue", run.requeue,
                 "put the Slurm job into its queue again if time ended before the points\n"
                 "did (not after SIGTERM: the job was cancelled)");
  add_dispatch_options(line, verb, run);
  return {verb,
          [arguments, &line] {
            const RunArguments& run_arguments = arguments->run;
            if (!arguments->dry_run) return app::run(run_arguments, line.argc, line.argv);
            return plan({.study = run_arguments.study,
                         .directory = run_arguments.directory,
                         .point = {},
                         .selection = run_arguments.selection});
          },
          [arguments] { return problem_with_dispatch(arguments->run); }};
}

}  // namespace windrow::app
