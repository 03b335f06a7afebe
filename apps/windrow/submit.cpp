#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "common.hpp"
#include "options.hpp"
#include "study_state.hpp"
#include "verbs.hpp"
#include "windrow/base/text.hpp"
#include "windrow/error.hpp"
#include "windrow/slurm/batch_script.hpp"
#include "windrow/slurm/slurm.hpp"
#include "windrow/study/study.hpp"

namespace windrow::app {
namespace {

namespace fs = std::filesystem;

#ifdef WINDROW_HAS_MPI
constexpr bool kHasMpi = true;
#else
constexpr bool kHasMpi = false;
#endif

/// Programs that have ranks themselves are handed the tasks of the job by one windrow, which is no rank.
bool is_under_mpi(const SubmitArguments& arguments, const Study& study) {
  if (study.command.ranks && arguments.launcher.empty()) return false;
  return arguments.nodes > 1 || arguments.tasks > 1;
}

/// What is wrong with options that are fine one by one, or nothing.
std::string contradiction(const SubmitArguments& arguments, const Study& study) {
  const bool mpi = is_under_mpi(arguments, study);
  if (arguments.shards > 0 && mpi) {
    return "the jobs of an --array run without MPI, each on one node: leave --nodes and --ntasks out (--cpus-per-task "
           "says how many programs each runs at a time)";
  }
  if (arguments.shards > 0 && arguments.run.selection.again) {
    return "--again and --array do not go together: what other shards have of the points would stand";
  }
  if (mpi && !kHasMpi) return "this windrow was built without MPI: ask for one task, or for an --array of jobs";
  if (arguments.tasks > 0 && arguments.tasks < arguments.nodes) {
    return fmt::format("--ntasks {} cannot be spread over --nodes {}", arguments.tasks, arguments.nodes);
  }
  if (!mpi && !arguments.launcher.empty()) return "--launcher is for jobs of more than one task: give --ntasks";
  const auto ranks = Command(study.command, study.design).constant_ranks();
  const int tasks = std::max({1, arguments.nodes, arguments.tasks});
  if (ranks && *ranks > static_cast<std::uint64_t>(tasks)) {
    return fmt::format("the program of each point has {} ranks: give --ntasks {} or more", *ranks, *ranks);
  }
  return "";
}

/// Options of sbatch that windrow writes itself.
std::string taken_option(const std::vector<std::string>& more) {
  struct Taken {
    const char* name;
    const char* letter;
    const char* advice;
  };
  static constexpr std::array<Taken, 12> taken = {{{"--nodes", "-N", "goes before `--`"},
                                                   {"--ntasks", "-n", "goes before `--`"},
                                                   {"--cpus-per-task", "-c", "goes before `--`"},
                                                   {"--time", "-t", "goes before `--`"},
                                                   {"--partition", "-p", "goes before `--`"},
                                                   {"--account", "-A", "goes before `--`"},
                                                   {"--array", "-a", "goes before `--`"},
                                                   {"--requeue", nullptr, "goes before `--`"},
                                                   {"--output", "-o",
                                                    "is windrow's: it goes to slurm-JOB.out in the "
                                                    "results directory"},
                                                   {"--signal", nullptr, "is windrow's"},
                                                   {"--parsable", nullptr, "is windrow's"},
                                                   {"--wrap", nullptr, "has no meaning here"}}};
  if (!more.empty() && !more.front().starts_with('-')) {
    return fmt::format("after `--` come options of sbatch, and `{}` is none", more.front());
  }
  for (const std::string& word : more) {
    for (const Taken& option : taken) {
      const bool is_letter = option.letter && !word.starts_with("--") && word.starts_with(option.letter);
      if (!is_letter && word.substr(0, word.find('=')) != option.name) continue;
      return fmt::format("sbatch's `{}` {}", word, option.advice);
    }
  }
  return "";
}

/// The time limit, as Slurm writes it, and how long before it the job is told: long enough for points to be drained
/// where the end is not known, and no more than a quarter of what there is.
void choose_time(const SubmitArguments& arguments, const Study& study, BatchJob& job) {
  using std::chrono::seconds;
  const std::string& drain = arguments.run.drain;
  const auto patience = (drain.empty() ? study.limits.drain : *text::parse_duration(drain)) + study.command.grace;
  job.notice = std::max(seconds(60), std::chrono::ceil<seconds>(patience) + seconds(20));
  if (arguments.time.empty()) return;
  const BatchTime time = *batch_time(arguments.time);
  job.time = time.text;
  if (time.limit) job.notice = std::min(job.notice, *time.limit / 4);
}

/// `windrow run ...`, with paths that hold wherever the job begins.
std::vector<std::string> run_command(const SubmitArguments& arguments, const Study& study) {
  const RunArguments& run = arguments.run;
  std::vector<std::string> words = {fs::read_symlink("/proc/self/exe").string(), "run", study.file.string()};
  const auto option = [&words](const char* name, const std::string& value) {
    if (!value.empty()) words.insert(words.end(), {name, value});
  };
  const auto flag = [&words](const char* name, bool given) {
    if (given) words.emplace_back(name);
  };
  if (!run.directory.empty()) option("--dir", study.directory.string());
  option("--schedule", run.schedule);
  if (!run.costs_from.empty()) option("--costs-from", fs::absolute(run.costs_from).string());
  if (run.root != "auto") option("--root", run.root);
  if (run.retries) option("--retries", std::to_string(*run.retries));
  option("--max-failures", run.max_failures);
  option("--drain", run.drain);
  const std::vector<std::string> selection = words_of(run.selection);
  words.insert(words.end(), selection.begin(), selection.end());
  flag("--requeue", run.requeue);
  return words;
}

std::vector<std::string> launcher(const SubmitArguments& arguments) {
  const bool several = arguments.cpus_per_task > 1;
  if (arguments.launcher == "srun") {
    std::vector<std::string> words = {"srun", "--mpi=pmix"};
    if (several) words.push_back(fmt::format("--cpus-per-task={}", arguments.cpus_per_task));
    return words;
  }
  // Programs of several threads would all run on the core that mpirun binds their rank to.
  if (several) return {"mpirun", "--bind-to", "none"};
  return {"mpirun"};
}

/// Points are evaluated again once: a job that begins once more goes on with those that are left of them.
void add_again(const Selection& selection, std::vector<std::string>& variables) {
  if (!selection.again) return;
  const std::string begins_once_more = "[ \"${SLURM_RESTART_COUNT:-0}\" -gt 0 ]";
  const bool chooses = !selection.again_points.empty() && selection.only.empty();
  variables.push_back(fmt::format("$({} {}|| echo --again)", begins_once_more, chooses ? "&& echo --only " : ""));
  if (!selection.again_points.empty()) variables.push_back(selection.again_points);
}

/// The same command line without --again; a job that goes on is about the same points.
std::vector<std::string> without_again(const std::vector<std::string>& words, const Selection& selection) {
  std::vector<std::string> kept;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (words[i] != "--again" && !words[i].starts_with("--again=")) {
      kept.push_back(words[i]);
      continue;
    }
    if (!selection.again_points.empty() && words[i] == "--again") ++i;
    if (!selection.again_points.empty() && selection.only.empty()) {
      kept.insert(kept.end(), {"--only", selection.again_points});
    }
  }
  return kept;
}

/// What a user would type to submit such a job.
std::string again(std::vector<std::string> command_line) {
  const auto dashes = std::find(command_line.begin(), command_line.end(), "--");
  command_line.erase(std::remove(command_line.begin(), dashes, "--print"), dashes);
  return fmt::format("cd {} && {}", shell_line({fs::current_path().string()}), shell_line(command_line));
}

BatchJob batch_job(const SubmitArguments& arguments, const Study& study) {
  BatchJob job;
  job.written_by = "windrow " + version();
  job.name = study.name;
  job.directory = study.directory;
  job.nodes = arguments.nodes;
  job.tasks = arguments.tasks;
  job.cpus_per_task = arguments.cpus_per_task;
  if (arguments.shards > 0) job.array = fmt::format("1-{}", arguments.shards);
  choose_time(arguments, study, job);
  job.partition = arguments.partition;
  job.account = arguments.account;
  job.requeue = arguments.run.requeue;
  job.more = arguments.more;
  job.command = run_command(arguments, study);
  if (is_under_mpi(arguments, study)) {
    const std::vector<std::string> words = launcher(arguments);
    job.command.insert(job.command.begin(), words.begin(), words.end());
  } else if (!study.command.ranks) {
    job.variables = {"--workers", R"("${SLURM_CPUS_PER_TASK:-1}")"};
  }
  add_again(arguments.run.selection, job.variables);
  if (arguments.shards > 0) {
    job.variables.insert(job.variables.end(),
                         {"--shard", fmt::format("\"$SLURM_ARRAY_TASK_ID/{}\"", arguments.shards)});
  }
  return job;
}

/// @return whether a job would have something to do
bool announce(const Study& study, const Selection& selection) {
  const StudyState state = state_of(study, Sweep(study.design, Command(study.command, study.design)), selection);
  const bool all = !selection.chooses();
  if (state.left == 0) {
    show("Nothing to do: all {} are evaluated already",
         all ? counted(study.design.size(), "point") : std::string("chosen points"));
    if (state.failed > 0 && all) {
      show(", {} failed (--retry-failed evaluates those again)", text::with_thousands(state.failed));
    }
    show(".\n");
    return false;
  }
  show("{}: {} ({}), {}{} to run{}\n", study.name, counted(study.design.size(), "point"), study.design.method(),
       all ? "" : text::with_thousands(state.chosen) + " chosen, ", text::with_thousands(state.left),
       state.running ? "; a run is at it at this moment" : "");
  return true;
}

void show_script(const fs::path& file, const std::string& script, const fs::path& kept) {
  show("\n{}:\n\n{}\n", file.string(), indented(script, 2));
  if (kept.empty()) return;
  show("{} had been edited since windrow wrote it: that one is kept as {}\n", file.filename().string(),
       kept.filename().string());
}

void print_follow_up(const SubmittedJob& job, const BatchJob& batch) {
  const std::string id = job.id.substr(0, job.id.find(';'));
  const std::string directory = shell_line({batch.directory.string()});
  if (!job.messages.empty()) show("{}\n", job.messages);
  show("Submitted as job {}.\n", id);
  show("  windrow status {0}\n  windrow watch {0}\n", directory);
  show("  squeue --job {}\n", id);
  show("  tail -F {}/slurm-{}{}.out\n", directory, id, batch.array.empty() ? "" : "_1");
  show("  scancel {}      what is finished is kept; `windrow submit` again runs the rest\n", id);
}

int hand_over(const fs::path& script, const BatchJob& batch) {
  static_cast<void>(flush_output());
  const std::string by_hand = shell_line({"sbatch", script.string()});
  try {
    print_follow_up(submit_slurm_job(script), batch);
    return kSuccess;
  } catch (const SystemError& error) {
    if (error.error_number() != ENOENT) throw;
    return complain(fmt::format("there is no sbatch in PATH, so nothing was submitted; where Slurm is: {}", by_hand));
  } catch (const Error& error) {
    return complain(
        fmt::format("Slurm did not take the job:\n{}The script is {}", indented(error.what(), 2), script.string()));
  }
}

CLI::Validator batch_time_limit() {
  const auto check = [](std::string& word) -> std::string {
    if (batch_time(word)) return "";
    return fmt::format("`{}` is not a time such as 90 (minutes), 2h30m, 2:30:00 or 1-12 (days-hours)", word);
  };
  return {check, ""};
}

CLI::Validator known_launcher() {
  const auto check = [](std::string& word) -> std::string {
    const std::vector<std::string> launchers = {"mpirun", "srun"};
    if (std::find(launchers.begin(), launchers.end(), word) != launchers.end()) return "";
    return fmt::format("`{}` starts no ranks{}", word, text::suggestion(word, launchers));
  };
  return {check, ""};
}

}  // namespace

int submit(const SubmitArguments& arguments, const std::vector<std::string>& command_line) {
  const Study study = load_study(arguments.run.study, arguments.run.directory);
  for (const std::string& problem : {contradiction(arguments, study), taken_option(arguments.more),
                                     unknown_points(arguments.run.selection, study)}) {
    if (!problem.empty()) return complain(problem);
  }
  if (!announce(study, arguments.run.selection)) return kSuccess;
  BatchJob job = batch_job(arguments, study);
  job.again = again(command_line);
  job.go_on = again(without_again(command_line, arguments.run.selection));
  const std::string script = batch_script(job);
  const WrittenScript written = write_script(study.directory / "slurm.sh", script);
  show_script(written.file, script, written.kept);
  if (arguments.print) {
    show("Nothing was submitted; this does it: {}\n", shell_line({"sbatch", written.file.string()}));
    return kSuccess;
  }
  return hand_over(written.file, job);
}

Verb add_submit(CommandLine& line) {
  const auto arguments = std::make_shared<SubmitArguments>();
  SubmitArguments& job = *arguments;
  CLI::App* verb = line.app.add_subcommand("submit", "run it as a job of Slurm; options of sbatch follow `--`");
  verb->add_option("STUDY", job.run.study, "study file (TOML)")->required();
  const auto number = [verb](const char* name, int& value, int most, const char* description) {
    verb->add_option(name, value, description)->option_text("N")->check(whole_number())->check(CLI::Range(1, most));
  };
  number("-N,--nodes", job.nodes, 100000, "nodes of the cluster");
  number("-n,--ntasks", job.tasks, 10000000, "ranks of MPI, each with a point at a time (default: no MPI)");
  number("-c,--cpus-per-task", job.cpus_per_task, 10000,
         "cores of a rank, for programs with threads; without MPI: points at\na time, on one node");
  number("--array", job.shards, 1000000,
         "N jobs without MPI, each with a share of the points; the last one\nmerges what they found");
  verb->add_option("-t,--time", job.time, "limit of the job: 90 (minutes), 2h30m, 2:30:00, 1-12 (days-hours)")
      ->option_text("TIME")
      ->check(batch_time_limit());
  verb->add_option("-p,--partition", job.partition, "queue")->option_text("NAME");
  verb->add_option("-A,--account", job.account, "who is charged")->option_text("NAME");
  verb->add_flag("--requeue", job.run.requeue,
                 "a job that meets its limit goes into the queue again, until all\npoints are done");
  CLI::Option* launchers =
      verb->add_option("--launcher", job.launcher, "what starts the ranks: mpirun (default), or srun (with PMIx)")
          ->option_text("NAME")
          ->check(known_launcher());
  line.choices[launchers] = {"mpirun", "srun"};
  verb->add_flag("--print", job.print, "write the batch script and show it; submit nothing");
  verb->add_option("--dir", job.run.directory, "where results go (default: NAME.windrow beside STUDY)")
      ->option_text("DIR");
  add_selection(line, verb, job.run.selection);
  add_policy_options(verb, job.run);
  add_dispatch_options(line, verb, job.run);
  return {verb,
          [arguments, &line] {
            arguments->more = line.of_sbatch;
            return submit(*arguments, std::vector<std::string>(line.argv, line.argv + line.argc));
          },
          [arguments] { return problem_with_dispatch(arguments->run); }};
}

}  // namespace windrow::app
