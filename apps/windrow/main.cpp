// The windrow command: reads the command line and calls one verb.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <exception>
#include <map>
#include <string>
#include <vector>

#include "common.hpp"
#include "manual.hpp"
#include "verbs.hpp"
#include "windrow/base/text.hpp"
#include "windrow/error.hpp"
#include "windrow/parallel/dispatch.hpp"
#include "windrow/run/failure_policy.hpp"
#include "windrow/run/selection.hpp"
#include "windrow/shards/shards.hpp"
#include "windrow/slurm/batch_script.hpp"

namespace windrow::app {
namespace {

constexpr const char* kFooter = R"(Examples:
  windrow plan study.toml                    what would run: points, rendered command
  windrow run study.toml                     run it on all cores of this machine
  windrow run study.toml --workers 4         ... on four of them
  mpirun -n 64 windrow run study.toml        the same study, the same results, on 64 ranks
  windrow submit study.toml --ntasks 64      ... as a job of Slurm
  windrow run study.toml --shard 2/4         the second of four parts, merged by the last to end
  windrow collect study.toml                 an output that was added, from files that were kept
  windrow status rc-filter.windrow           how far it is, also while it runs
  windrow watch rc-filter.windrow            the same, live
  windrow export rc-filter.windrow --csv -   results as CSV
  windrow explain rc-filter.windrow 17       everything known of point 17
  windrow failures rc-filter.windrow         what failed, by kind, and what it has in common
  windrow timing rc-filter.windrow           where the time of the last run went
  windrow help slurm                         a page of the manual; `windrow help` lists them

Running a study again continues it: points that have an outcome are not evaluated again,
also after levels were added, refined or reordered; a changed command runs all of them.

Exit codes:
  0    all points succeeded
  1    some points failed
  2    wrong usage, study file or results directory; or standard output could not be written
  75   ended before all points were done, by a time limit, the end of the Slurm job,
       SIGTERM or SIGUSR1: run the same command again
  130  interrupted: what was finished is kept; run the same command again to continue)";

constexpr const char* kJson = "print JSON instead, as `windrow help json` describes it";
constexpr const char* kResults = "results directory (NAME.windrow), or the study file";

std::string joined(int argc, char** argv) {
  return shell_line(std::vector<std::string>(argv, argv + argc));
}

// A sign would be taken for a huge number, and what is no number has no message of its own.
CLI::Validator whole_number() {
  const auto check = [](std::string& word) {
    return text::parse_integer(word).value_or(-1) >= 0 ? "" : fmt::format("`{}` is not a whole number from 0", word);
  };
  return {check, ""};
}

CLI::Validator duration() {
  const auto check = [](std::string& word) -> std::string {
    const auto duration = text::parse_duration(word);
    if (duration && duration->count() > 0) return "";
    return fmt::format("`{}` is not a duration such as 30s, 90m or 1h30m", word);
  };
  return {check, ""};
}

CLI::Validator batch_time_limit() {
  const auto check = [](std::string& word) -> std::string {
    if (batch_time(word)) return "";
    return fmt::format("`{}` is not a time such as 90 (minutes), 2h30m, 2:30:00 or 1-12 (days-hours)", word);
  };
  return {check, ""};
}

CLI::Validator launcher() {
  const auto check = [](std::string& word) -> std::string {
    const std::vector<std::string> launchers = {"mpirun", "srun"};
    if (std::find(launchers.begin(), launchers.end(), word) != launchers.end()) return "";
    return fmt::format("`{}` starts no ranks{}", word, text::suggestion(word, launchers));
  };
  return {check, ""};
}

constexpr const char* kAll = "all";

CLI::Validator indices() {
  const auto check = [](std::string& word) -> std::string {
    if (parse_indices(word)) return "";
    return fmt::format("`{}` does not name points: write indices and ranges, as 0-4,17", word);
  };
  return {check, ""};
}

CLI::Validator indices_or_all() {
  const auto check = [](std::string& word) -> std::string {
    if (word == kAll || parse_indices(word)) return "";
    return fmt::format("`{}` does not name points: write indices and ranges, as 0-4,17, or nothing for all", word);
  };
  return {check, ""};
}

std::vector<std::string> at_commas(const std::string& text) {
  std::vector<std::string> parts(1);
  for (const char c : text) {
    if (c == ',') {
      parts.emplace_back();
    } else {
      parts.back() += c;
    }
  }
  return parts;
}

/// Whether a text is a list of kinds of failures. @throws SpecError for a name that is none, if `strict`
bool are_kinds(const std::string& word, bool strict = false) {
  try {
    for (const std::string& kind : at_commas(word)) failure_kind(kind);
    return true;
  } catch (const SpecError&) {
    if (strict) throw;
    return false;
  }
}

CLI::Validator kinds_or_all() {
  const auto check = [](std::string& word) -> std::string {
    try {
      if (word != kAll) are_kinds(word, /*strict=*/true);
      return "";
    } catch (const SpecError& error) {
      return error.what();
    }
  };
  return {check, ""};
}

CLI::Validator number_or_share() {
  const auto check = [](std::string& word) -> std::string {
    if (parse_max_failures(word)) return "";
    return fmt::format("`{}` is not a number of points such as 10, or a share of them such as 5%", word);
  };
  return {check, ""};
}

/// What `parse` takes; its error otherwise, which lists the valid names.
template <typename Parse>
CLI::Validator name_that(const Parse& parse) {
  const auto check = [parse](std::string& word) -> std::string {
    try {
      parse(word);
      return "";
    } catch (const SpecError& error) {
      return error.what();
    }
  };
  return {check, ""};
}

class CommandLine {
 public:
  CommandLine(int argc, char** argv) : argc_(argc), argv_(argv) {
    app_.set_version_flag("--version", "windrow " + version(), "show the version and exit");
    app_.set_help_flag("-h,--help", "show this help and exit");
    app_.require_subcommand(1);
    app_.get_formatter()->label("REQUIRED", "");
    app_.get_formatter()->label("TEXT", "");
    app_.get_formatter()->label("SUBCOMMAND", "VERB");
    app_.get_formatter()->label("Positionals", "Arguments");
    add_run();
    add_collect();
    add_plan();
    add_submit();
    add_status();
    add_watch();
    add_export();
    add_explain();
    add_failures();
    add_timing();
    add_merge();
    add_help();
    for (CLI::App* verb : app_.get_subcommands({})) verb->group("Verbs");
    add_completion();
    app_.footer(kFooter);  // after the verbs, which would inherit it
  }

  int run_verb() {
    if (const std::string problem = problem_with_verb(); !problem.empty()) return complain(problem + try_help());
    try {
      std::vector<std::string> words = arguments();
      std::ranges::reverse(words);  // as CLI11 wants them
      app_.parse(std::move(words));
    } catch (const CLI::ParseError& error) {
      if (error.get_exit_code() == 0) return app_.exit(error);  // --help, --version
      return complain(problem_with_arguments(error) + try_help());
    }
    if (const std::string problem = problem_with_costs(); !problem.empty()) return complain(problem + try_help());
    if (run_->parsed() && !dry_run_) return run(run_arguments_, argc_, argv_);
    if (run_->parsed())
      return plan({run_arguments_.study, run_arguments_.directory, 0, run_arguments_.retry_failed, false});
    if (collect_->parsed()) return collect(collect_arguments_);
    if (plan_->parsed()) return plan(plan_arguments_);
    if (submit_->parsed()) return submit(submit_arguments_, std::vector<std::string>(argv_, argv_ + argc_));
    if (status_->parsed()) return status(directory_, json_);
    if (watch_->parsed()) return watch(watch_arguments_);
    if (merge_->parsed()) return merge(merge_arguments_);
    if (export_->parsed()) return export_results(export_arguments_);
    if (failures_->parsed()) return failures(failures_arguments_);
    if (timing_->parsed()) return timing(timing_arguments_);
    if (help_->parsed()) return help(help_arguments_, tree());
    if (completion_->parsed()) return completion(shell_, tree());
    return explain(directory_, index_, json_);
  }

 private:
  void add_run() {
    run_arguments_.command_line = joined(argc_, argv_);
    run_ = app_.add_subcommand("run", "evaluate every point that has no outcome yet");
    run_->add_option("STUDY", run_arguments_.study, "study file (TOML)")->required();
    run_->add_option("-w,--workers", run_arguments_.workers,
                     "programs at a time (default: the cores that this process may use),\n"
                     "or slots for the ranks of MPI programs; under mpirun its ranks are both")
        ->option_text("N")
        ->check(whole_number())
        ->check(CLI::Range(1, 100000));
    run_->add_option("--dir", run_arguments_.directory, "where results go (default: NAME.windrow beside STUDY)")
        ->option_text("DIR");
    run_->add_option("--shard", run_arguments_.shard,
                     "evaluate one of K parts of the points, for example 2/4, into a store of\n"
                     "its own below DIR; the last part to end merges them")
        ->option_text("k/K")
        ->check(name_that([](const std::string& word) { parse_shard(word); }));
    add_retry_failed(run_, run_arguments_,
                     "evaluate points again that failed earlier, or lost an array; or those\n"
                     "alone that failed in a way: timed_out, or exited,crashed");
    run_->add_option_function<std::string>(
            "--again",
            [this](const std::string& word) {
              run_arguments_.again = true;
              if (word != kAll) run_arguments_.again_points = word;
            },
            "evaluate points again whatever outcome they have: all, or some, as\n"
            "0-4,17; each keeps its outcome until there is a new one")
        ->option_text("[POINTS]")
        ->check(indices_or_all());
    run_->add_option_function<std::string>(
            "--only", [this](const std::string& word) { run_arguments_.only = parse_indices(word); },
            "evaluate these points alone, 0-4,17 for example; the others stay open")
        ->option_text("POINTS")
        ->check(indices());
    run_->add_option("--sample", run_arguments_.sample,
                     "evaluate N points alone, drawn at random, always the same ones (a\n"
                     "larger N adds some); the others stay open")
        ->option_text("N")
        ->check(whole_number())
        ->check(CLI::PositiveNumber);
    CLI::Option* order =
        run_->add_option_function<std::string>(
                "--order", [this](const std::string& word) { run_arguments_.random_order = word == "random"; },
                "the order in which points begin: index (default), or random, so that\n"
                "what is known early is spread over the design; results are the same")
            ->option_text("NAME")
            ->check(CLI::IsMember({"index", "random"}));
    choices_[order] = {"index", "random"};
    run_->add_flag("--dry-run", dry_run_, "the same as `windrow plan`");
    run_->add_flag("-q,--quiet", run_arguments_.quiet, "no progress and no summary, only errors");
    add_policy_options(run_, run_arguments_);
    run_->add_option("--time-limit", run_arguments_.time_limit,
                     "end this run after so long, 1h30m for example: points that are not\n"
                     "expected to end in time do not begin. In a job of Slurm its end is\n"
                     "such a limit, too")
        ->option_text("DURATION")
        ->check(duration());
    run_->add_flag("--requeue", run_arguments_.requeue,
                   "put the Slurm job into its queue again if time ended before the points\n"
                   "did (not after SIGTERM: the job was cancelled)");
    add_dispatch_options(run_, run_arguments_);
  }

  void add_retry_failed(CLI::App* verb, RunArguments& arguments, const char* description) {
    const auto take = [&arguments](const std::string& word) {
      arguments.retry_failed = true;
      arguments.retry_kinds = word == kAll ? std::vector<std::string>() : at_commas(word);
    };
    CLI::Option* option = verb->add_option_function<std::string>("--retry-failed", take, description)
                              ->option_text("[KIND]")
                              ->check(kinds_or_all());
    choices_[option] = {"exception", "crashed", "exited", "timed_out", "rejected", "lost", "bad_output"};
  }

  /// The arguments, without those of sbatch. Of the options whose value may be left out, a value is joined to its
  /// option only if it is one: what follows may as well be the study file.
  std::vector<std::string> arguments() {
    std::vector<std::string> words(argv_ + 1, argv_ + without_sbatch_options());
    for (std::size_t i = 0; i < words.size(); ++i) {
      std::string next = i + 1 < words.size() ? words[i + 1] : "";
      const bool takes_kinds = words[i] == "--retry-failed";
      if (!takes_kinds && words[i] != "--again") continue;
      const bool is_value = !next.empty() && (takes_kinds ? are_kinds(next) : parse_indices(next).has_value());
      if (is_value) words.erase(words.begin() + static_cast<std::ptrdiff_t>(i) + 1);
      words[i] += "=" + (is_value ? next : std::string(kAll));
    }
    return words;
  }

  static void add_policy_options(CLI::App* verb, RunArguments& arguments) {
    verb->add_option("--retries", arguments.retries,
                     "try a failed point up to N times again (options like this one\n"
                     "go before what [run] in the study file says)")
        ->option_text("N")
        ->check(whole_number())
        ->check(CLI::Range(0, 1000));
    verb->add_option("--max-failures", arguments.max_failures,
                     "stop at so many failed points of this run, or such a share of all\n"
                     "points: 10, or 5%")
        ->option_text("N|P%")
        ->check(number_or_share());
    verb->add_option("--drain", arguments.drain, "after SIGTERM or SIGUSR1, let points run for so long (default: 20s)")
        ->option_text("DURATION")
        ->check(duration());
  }

  void add_dispatch_options(CLI::App* verb, RunArguments& arguments) {
    CLI::Option* name = verb->add_option("--schedule", arguments.schedule,
                                         "which point is evaluated when and where; results are the same:\n"
                                         "auto (default, nothing to tune), longest_first (by --costs-from,\n"
                                         "or by what finished points teach), dynamic, guided, static, cyclic")
                            ->option_text("NAME")
                            ->check(name_that([](const std::string& word) { schedule(word); }));
    choices_[name] = {"auto", "longest_first", "dynamic", "guided", "static", "cyclic"};
    verb->add_option("--costs-from", arguments.costs_from,
                     "longest points first, by the times in the results directory of an\n"
                     "earlier run of the same design")
        ->option_text("DIR");
    name = verb->add_option("--root", arguments.root,
                            "under mpirun, whether the first rank evaluates points too:\n"
                            "evaluates, coordinates (it does not), or auto (default)")
               ->option_text("NAME")
               ->check(name_that([](const std::string& word) { root_role(word); }));
    choices_[name] = {"auto", "evaluates", "coordinates"};
  }

  void add_collect() {
    collect_arguments_.command_line = joined(argc_, argv_);
    collect_ = app_.add_subcommand("collect", "read outputs that were added or corrected from files that were kept");
    collect_->add_option("STUDY", collect_arguments_.study, "study file (TOML)")->required();
    collect_
        ->add_option("--dir", collect_arguments_.directory,
                     "where the results are (default: NAME.windrow beside STUDY)")
        ->option_text("DIR");
    collect_->add_flag("--json", collect_arguments_.json, kJson);
  }

  void add_plan() {
    plan_ = app_.add_subcommand("plan", "show what would run; runs nothing");
    plan_->add_option("STUDY", plan_arguments_.study, "study file (TOML)")->required();
    plan_->add_option("--dir", plan_arguments_.directory, "where results would go")->option_text("DIR");
    plan_->add_option("--point", plan_arguments_.point, "the point whose command is shown (default: 0)")
        ->option_text("INDEX")
        ->check(whole_number());
    plan_->add_flag("--json", plan_arguments_.json, kJson);
  }

  void add_status() {
    status_ = app_.add_subcommand("status", "how far a study is");
    status_->add_option("DIR", directory_, kResults)->required();
    status_->add_flag("--json", json_, kJson);
  }

  void add_watch() {
    watch_ = app_.add_subcommand("watch", "follow a run: points, rate, ETA, the point of each rank; q leaves");
    watch_->add_option("DIR", watch_arguments_.directory, kResults)->required();
    watch_->add_option("--interval", watch_arguments_.interval, "between two looks (default: 1s)")
        ->option_text("DURATION")
        ->check(duration());
    watch_->add_flag("--once", watch_arguments_.once, "look once and end");
  }

  void add_merge() {
    merge_ = app_.add_subcommand("merge", "join the shards of a study into its results");
    merge_->add_option("DIR", merge_arguments_.directory, kResults)->required();
    merge_
        ->add_option("--into", merge_arguments_.into,
                     "join everything into another directory instead, and keep the shards")
        ->option_text("DIR2");
  }

  void add_export() {
    export_ = app_.add_subcommand("export", "write results as CSV");
    export_->add_option("DIR", export_arguments_.directory, kResults)->required();
    export_
        ->add_option("--csv", export_arguments_.csv,
                     "results: index, parameters, outputs, status; - is standard output.\n"
                     "Of arrays it names the files, arrays/OUTPUT/INDEX.npy below DIR.\n"
                     "Units, types and descriptions go beside NAME.csv, to NAME.columns.csv")
        ->option_text("FILE");
    export_
        ->add_option("--evaluations", export_arguments_.evaluations,
                     "when, where and how long each point was evaluated, and why it failed;\n- is standard output")
        ->option_text("FILE");
    export_->add_flag("--raw", export_arguments_.raw,
                      "texts byte for byte; without it the files are UTF-8, and bytes that are\n"
                      "not and control characters are written as \\xe9, \\x1b");
  }

  void add_explain() {
    explain_ = app_.add_subcommand("explain", "everything known of one point");
    explain_->add_option("DIR", directory_, kResults)->required();
    explain_->add_option("INDEX", index_, "the point, from 0")->option_text(" ")->required()->check(whole_number());
    explain_->add_flag("--json", json_, kJson);
  }

  void add_failures() {
    failures_ = app_.add_subcommand("failures", "what failed and why, in groups");
    failures_->add_option("DIR", failures_arguments_.directory, kResults)->required();
    failures_->add_flag("--all", failures_arguments_.all, "all groups (default: the ten largest)");
    failures_->add_flag("--json", failures_arguments_.json, kJson);
  }

  void add_timing() {
    timing_ = app_.add_subcommand("timing", "where the time of a run went, worker by worker");
    timing_->add_option("DIR", timing_arguments_.directory, kResults)->required();
    timing_
        ->add_option("--run", timing_arguments_.run, "a run by its number (default: the last that evaluated a point)")
        ->option_text("N")
        ->check(whole_number())
        ->check(CLI::PositiveNumber);
    timing_->add_flag("--compare", timing_arguments_.compare,
                      "a column for each worker; of many, statistics and the slowest");
    timing_
        ->add_option("--trace", timing_arguments_.trace,
                     "write a trace for ui.perfetto.dev or chrome://tracing: a track for each\n"
                     "worker, a slice for each evaluation; - is standard output. Above 100,000\n"
                     "evaluations short ones that follow each other are drawn as one")
        ->option_text("FILE");
    CLI::Option* format =
        timing_->add_option("--format", timing_arguments_.format, "text (default), tsv (seconds), or json")
            ->option_text("NAME")
            ->check(CLI::IsMember({"text", "tsv", "json"}));
    choices_[format] = {"text", "tsv", "json"};
    timing_->add_flag_callback(
        "--json", [this] { timing_arguments_.format = "json"; }, kJson);
  }

  void add_help() {
    help_ = app_.add_subcommand("help", "show a page of the manual, or list them");
    CLI::Option* topic =
        help_->add_option("TOPIC", help_arguments_.topic, "a verb, study, mpirun, slurm, results, ...");
    for (const ManualPage& page : manual_pages()) choices_[topic].emplace_back(page.topic);
    help_->add_flag("--markdown", help_arguments_.markdown)->group("");
  }

  void add_completion() {
    completion_ =
        app_.add_subcommand("completion", "write the completion script of a shell: bash, zsh or fish")->group("");
    completion_->add_option("SHELL", shell_, "bash, zsh or fish")
        ->option_text(" ")
        ->required()
        ->check(CLI::IsMember({"bash", "zsh", "fish"}));
  }

  void add_submit() {
    SubmitArguments& job = submit_arguments_;
    submit_ = app_.add_subcommand("submit", "run it as a job of Slurm; options of sbatch follow `--`");
    submit_->add_option("STUDY", job.run.study, "study file (TOML)")->required();
    const auto number = [this](const char* name, int& value, int most, const char* description) {
      submit_->add_option(name, value, description)
          ->option_text("N")
          ->check(whole_number())
          ->check(CLI::Range(1, most));
    };
    number("-N,--nodes", job.nodes, 100000, "nodes of the cluster");
    number("-n,--ntasks", job.tasks, 10000000, "ranks of MPI, each with a point at a time (default: no MPI)");
    number("-c,--cpus-per-task", job.cpus_per_task, 10000,
           "cores of a rank, for programs with threads; without MPI: points at\na time, on one node");
    number("--array", job.shards, 1000000,
           "N jobs without MPI, each with a share of the points; the last one\nmerges what they found");
    submit_->add_option("-t,--time", job.time, "limit of the job: 90 (minutes), 2h30m, 2:30:00, 1-12 (days-hours)")
        ->option_text("TIME")
        ->check(batch_time_limit());
    submit_->add_option("-p,--partition", job.partition, "queue")->option_text("NAME");
    submit_->add_option("-A,--account", job.account, "who is charged")->option_text("NAME");
    submit_->add_flag("--requeue", job.run.requeue,
                      "a job that meets its limit goes into the queue again, until all\npoints are done");
    CLI::Option* launchers =
        submit_->add_option("--launcher", job.launcher, "what starts the ranks: mpirun (default), or srun (with PMIx)")
            ->option_text("NAME")
            ->check(launcher());
    choices_[launchers] = {"mpirun", "srun"};
    submit_->add_flag("--print", job.print, "write the batch script and show it; submit nothing");
    submit_->add_option("--dir", job.run.directory, "where results go (default: NAME.windrow beside STUDY)")
        ->option_text("DIR");
    add_retry_failed(submit_, job.run,
                     "evaluate points again that failed earlier, or those alone that failed\n"
                     "in a way: timed_out, or exited,crashed");
    add_policy_options(submit_, job.run);
    add_dispatch_options(submit_, job.run);
  }

  OptionInfo described(const CLI::Option& option) const {
    OptionInfo info{{}, option.get_option_text(), option.get_description(), {}};
    std::ranges::replace(info.description, '\n', ' ');
    for (const std::string& name : option.get_snames()) info.names.push_back("-" + name);
    for (const std::string& name : option.get_lnames()) info.names.push_back("--" + name);
    if (info.names.empty()) info = {{option.get_name()}, {}, std::move(info.description), {}};
    if (const auto choices = choices_.find(&option); choices != choices_.end()) info.choices = choices->second;
    return info;
  }

  // A group without a name hides what is in it.
  CommandTree tree() const {
    const auto add_options = [this](const CLI::App& from, std::vector<OptionInfo>& options,
                                    std::vector<OptionInfo>& arguments) {
      for (const CLI::Option* option : from.get_options()) {
        if (!option->get_group().empty())
          (option->get_positional() ? arguments : options).push_back(described(*option));
      }
    };
    CommandTree tree;
    std::vector<OptionInfo> none;
    add_options(app_, tree.options, none);
    for (const CLI::App* verb : app_.get_subcommands(nullptr)) {
      if (verb->get_group().empty()) continue;
      VerbInfo& info = tree.verbs.emplace_back(VerbInfo{verb->get_name(), verb->get_description(), {}, {}});
      add_options(*verb, info.options, info.arguments);
    }
    return tree;
  }

  /// What follows `--` is sbatch's. @return the number of arguments before it
  int without_sbatch_options() {
    char** const end = argv_ + argc_;
    char** const dashes = std::find(argv_, end, std::string("--"));
    if (argv_[1] != std::string("submit") || dashes == end) return argc_;
    submit_arguments_.more.assign(dashes + 1, end);
    return static_cast<int>(dashes - argv_);
  }

  std::vector<std::string> verbs() const {
    std::vector<std::string> names;
    for (const CLI::App* verb : app_.get_subcommands(nullptr)) names.push_back(verb->get_name());
    return names;
  }

  // What CLI11 says of these does not name the slip.
  std::string problem_with_verb() const {
    if (argc_ < 2) return "no verb: say what to do, for example `windrow run study.toml`";
    const std::string word = argv_[1];
    const auto known = verbs();
    if (word.starts_with('-') || std::find(known.begin(), known.end(), word) != known.end()) return "";
    return fmt::format("unknown verb `{}`{}", word, text::suggestion(word, known));
  }

  std::string problem_with_arguments(const CLI::ParseError& error) {
    const auto extras = app_.remaining(true);
    if (extras.empty()) return error.what();
    const auto is_option = [](const std::string& word) { return word.starts_with('-'); };
    const auto option = std::find_if(extras.begin(), extras.end(), is_option);
    if (option == extras.end()) return fmt::format("unexpected argument `{}`", extras.front());
    const std::string word = option->substr(0, option->find('='));
    return fmt::format("unknown option `{}`{}", word, text::suggestion(word, options()));
  }

  std::string problem_with_costs() const {
    const RunArguments& arguments = submit_->parsed() ? submit_arguments_.run : run_arguments_;
    const std::string& chosen = arguments.schedule;
    if (arguments.costs_from.empty() || chosen.empty() || schedule(chosen) == Schedule::longest_first) return "";
    return fmt::format("--costs-from is for --schedule longest_first, not for {}", chosen);
  }

  std::vector<std::string> options() const {
    std::vector<std::string> names;
    const auto parsed = app_.get_subcommands();
    for (const CLI::Option* option : (parsed.empty() ? &app_ : parsed.front())->get_options()) {
      for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
    }
    return names;
  }

  std::string try_help() const {
    const auto parsed = app_.get_subcommands();
    return fmt::format("\nTry `windrow {}--help`.", parsed.empty() ? "" : parsed.front()->get_name() + " ");
  }

  int argc_;
  char** argv_;
  CLI::App app_{"windrow runs parameter sweeps: one program, many points, any number of cores.", "windrow"};
  CLI::App *run_, *collect_, *plan_, *submit_, *status_, *watch_, *export_, *explain_, *failures_, *timing_, *merge_,
      *help_, *completion_;
  RunArguments run_arguments_;
  bool dry_run_ = false;
  CollectArguments collect_arguments_;
  PlanArguments plan_arguments_;
  SubmitArguments submit_arguments_;
  ExportArguments export_arguments_;
  FailuresArguments failures_arguments_;
  TimingArguments timing_arguments_;
  WatchArguments watch_arguments_;
  MergeArguments merge_arguments_;
  HelpArguments help_arguments_;
  std::string shell_;
  std::map<const CLI::Option*, std::vector<std::string>> choices_;  ///< of options that take one of a few words
  bool json_ = false;
  std::string directory_;
  std::uint64_t index_ = 0;
};

}  // namespace
}  // namespace windrow::app

int main(int argc, char** argv) {
  using namespace windrow::app;
  take_standard_streams();
  try {
    return end_of_output(CommandLine(argc, argv).run_verb());
  } catch (const std::exception& error) {
    return end_of_output(complain(error.what()));
  }
}
