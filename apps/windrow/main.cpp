// The windrow command: reads the command line and calls one verb.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <exception>
#include <string>
#include <vector>

#include "common.hpp"
#include "verbs.hpp"
#include "windrow/error.hpp"

namespace {

using namespace windrow::app;

constexpr const char* kFooter = R"(Examples:
  windrow plan study.toml                    what would run: points, rendered command
  windrow run study.toml                     run it on all cores of this machine
  windrow run study.toml --workers 4         ... on four of them
  mpirun -n 64 windrow run study.toml        the same study, the same results, on 64 ranks
  windrow status rc-filter.windrow           how far it is, also while it runs
  windrow export rc-filter.windrow --csv -   results as CSV
  windrow explain rc-filter.windrow 17       everything known of point 17

Running a study again continues it: points that have an outcome are not evaluated again.

Exit codes: 0 all points succeeded; 1 some points failed; 2 wrong usage, study file or results directory;
130 interrupted (finished points are kept; run the same command again to continue).)";

std::string joined(int argc, char** argv) {
  std::string line;
  for (int i = 0; i < argc; ++i) line += (i > 0 ? " " : "") + std::string(argv[i]);
  return line;
}

int dispatch(int argc, char** argv) {
  CLI::App app("windrow runs parameter sweeps: one program, many points, any number of cores.", "windrow");
  app.footer(kFooter);
  app.set_version_flag("--version", "windrow " + version());
  app.require_subcommand(1);
  const char* results = "results directory (NAME.windrow), or the study file";

  RunArguments run_arguments;
  run_arguments.command_line = joined(argc, argv);
  bool dry_run = false;
  auto* run_verb = app.add_subcommand("run", "evaluate every point that has no outcome yet");
  run_verb->add_option("study", run_arguments.study, "study file (TOML)")->required();
  run_verb
      ->add_option("-w,--workers", run_arguments.workers,
                   "programs at a time (default: the cores this process may use); "
                   "under mpirun the ranks are the workers")
      ->check(CLI::Range(1, 100000));
  run_verb->add_option("--dir", run_arguments.directory,
                       "where results go (default: NAME.windrow beside the study file)");
  run_verb->add_flag("--retry-failed", run_arguments.retry_failed, "evaluate points again that failed earlier");
  run_verb->add_flag("--dry-run", dry_run, "the same as `windrow plan`");
  run_verb->add_flag("-q,--quiet", run_arguments.quiet, "no progress and no summary, only errors");

  PlanArguments plan_arguments;
  auto* plan_verb = app.add_subcommand("plan", "show what would run; runs nothing");
  plan_verb->add_option("study", plan_arguments.study, "study file (TOML)")->required();
  plan_verb->add_option("--dir", plan_arguments.directory, "where results would go");
  plan_verb->add_option("--point", plan_arguments.point, "the point whose command is shown (default: 0)");

  std::string directory;
  auto* status_verb = app.add_subcommand("status", "how far a study is");
  status_verb->add_option("directory", directory, results)->required();

  ExportArguments export_arguments;
  auto* export_verb = app.add_subcommand("export", "write results as CSV");
  export_verb->add_option("directory", directory, results)->required();
  export_verb->add_option(
      "--csv", export_arguments.csv,
      "results: index, parameters, outputs, status; - is standard output. Units and descriptions go to "
      "FILE.columns.csv");
  export_verb->add_option("--evaluations", export_arguments.evaluations,
                          "when, where and how long each point was evaluated");

  std::uint64_t index = 0;
  auto* explain_verb = app.add_subcommand("explain", "everything known of one point");
  explain_verb->add_option("directory", directory, results)->required();
  explain_verb->add_option("index", index, "the point")->required();

  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return app.exit(error);  // --help, --version
    return complain(std::string(error.what()) + "\nTry `windrow --help`.");
  }

  if (run_verb->parsed()) {
    if (!dry_run) return run(run_arguments, argc, argv);
    return plan({run_arguments.study, run_arguments.directory, 0, run_arguments.retry_failed});
  }
  if (plan_verb->parsed()) return plan(plan_arguments);
  if (status_verb->parsed()) return status(directory);
  if (export_verb->parsed()) {
    export_arguments.directory = directory;
    return export_results(export_arguments);
  }
  return explain(directory, index);
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return dispatch(argc, argv);
  } catch (const std::exception& error) {
    return complain(error.what());
  }
}
