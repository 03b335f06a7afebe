// The windrow command: reads the command line and calls one verb.
#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <exception>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "common.hpp"
#include "options.hpp"
#include "windrow/base/text.hpp"
#include "windrow/error.hpp"

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
  windrow show rc-filter.windrow             the first results, as a table
  windrow export rc-filter.windrow --csv -   results as CSV
  windrow explain rc-filter.windrow 17       everything known of point 17
  windrow failures rc-filter.windrow         what failed, by kind, and what it has in common
  windrow analyze rc-filter.windrow          what the outputs depend on, and where points fail
  windrow compare old.windrow new.windrow    what changed between two runs, point by point
  windrow timing rc-filter.windrow           where the time of the last run went
  windrow clean rc-filter.windrow            remove what a killed run has left
  windrow check rc-filter.windrow            whether it is as it was written
  windrow help slurm                         a page of the manual; `windrow help` lists them

Running a study again continues it: points that have an outcome are not evaluated again,
also after levels were added, refined or reordered; a changed command runs all of them.

Exit codes:
  0    all points succeeded
  1    some points failed
  2    wrong usage, study file or results directory; or standard output could not be written
  75   ended before all points were done, by a time limit, the end of the Slurm job,
       SIGTERM or SIGUSR1: run the same command again
  130  interrupted: what was finished is kept; run the same command again to continue
  141  all went well, but who read standard output ended first, as in `| head -1`)";

/// In the order that `windrow --help` lists them.
constexpr auto kVerbs = {add_run,    add_collect, add_plan,    add_submit,   add_status,  add_watch,
                         add_show,   add_export,  add_explain, add_failures, add_analyze, add_compare,
                         add_timing, add_merge,   add_clean,   add_check,    add_recover, add_help};

class Windrow {
 public:
  Windrow(int argc, char** argv) : line_(argc, argv) {
    CLI::App& app = line_.app;
    app.set_version_flag("--version", "windrow " + version(), "show the version and exit");
    app.set_help_flag("-h,--help", "show this help and exit");
    app.require_subcommand(1);
    app.get_formatter()->label("REQUIRED", "");
    app.get_formatter()->label("TEXT", "");
    app.get_formatter()->label("SUBCOMMAND", "VERB");
    app.get_formatter()->label("Positionals", "Arguments");
    for (const auto& add : kVerbs) {
      verbs_.push_back(add(line_));
      verbs_.back().options->group("Verbs");
    }
    verbs_.push_back(add_completion(line_));
    app.footer(kFooter);  // after the verbs, which would inherit it
  }

  int run_verb() {
    if (const std::string problem = problem_with_verb(); !problem.empty()) return complain(problem + try_help());
    try {
      std::vector<std::string> words = with_joined_values({line_.argv + 1, line_.argv + without_sbatch_options()});
      std::ranges::reverse(words);  // as CLI11 wants them
      line_.app.parse(std::move(words));
    } catch (const CLI::ParseError& error) {
      if (error.get_exit_code() == 0) {  // --help, --version
        std::ostringstream text;
        line_.app.exit(error, text);
        put(text.str());
        return kSuccess;
      }
      return complain(problem_with_arguments(error) + try_help());
    }
    const auto verb = std::ranges::find_if(verbs_, [](const Verb& one) { return one.options->parsed(); });
    const std::string problem = verb->problem ? verb->problem() : "";
    return problem.empty() ? verb->run() : complain(problem + try_help());
  }

 private:
  /// What follows `--` is sbatch's. @return the number of arguments before it
  int without_sbatch_options() {
    char** const end = line_.argv + line_.argc;
    char** const dashes = std::find(line_.argv, end, std::string("--"));
    if (line_.argv[1] != std::string("submit") || dashes == end) return line_.argc;
    line_.of_sbatch.assign(dashes + 1, end);
    return static_cast<int>(dashes - line_.argv);
  }

  std::vector<std::string> names() const {
    std::vector<std::string> names;
    for (const CLI::App* verb : line_.app.get_subcommands(nullptr)) names.push_back(verb->get_name());
    return names;
  }

  // What CLI11 says of these does not name the slip.
  std::string problem_with_verb() const {
    if (line_.argc < 2) return "no verb: say what to do, for example `windrow run study.toml`";
    const std::string word = line_.argv[1];
    const auto known = names();
    if (word.starts_with('-') || std::find(known.begin(), known.end(), word) != known.end()) return "";
    return fmt::format("unknown verb `{}`{}", word, text::suggestion(word, known));
  }

  std::string problem_with_arguments(const CLI::ParseError& error) {
    const auto extras = line_.app.remaining(true);
    if (extras.empty()) return error.what();
    const auto is_option = [](const std::string& word) { return word.starts_with('-'); };
    const auto option = std::find_if(extras.begin(), extras.end(), is_option);
    if (option == extras.end()) return fmt::format("unexpected argument `{}`", extras.front());
    const std::string word = option->substr(0, option->find('='));
    return fmt::format("unknown option `{}`{}", word, text::suggestion(word, options()));
  }

  std::vector<std::string> options() const {
    std::vector<std::string> names;
    const auto parsed = line_.app.get_subcommands();
    for (const CLI::Option* option : (parsed.empty() ? &line_.app : parsed.front())->get_options()) {
      for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
    }
    return names;
  }

  std::string try_help() const {
    const auto parsed = line_.app.get_subcommands();
    return fmt::format("\nTry `windrow {}--help`.", parsed.empty() ? "" : parsed.front()->get_name() + " ");
  }

  CommandLine line_;
  std::vector<Verb> verbs_;
};

/// Whether a table or a trace went to standard output, which nobody reads any more.
bool lost_reader(const SystemError& error) {
  return error.error_number() == EPIPE && std::string_view(error.what()).find("/dev/stdout") != std::string_view::npos;
}

}  // namespace
}  // namespace windrow::app

int main(int argc, char** argv) {
  using namespace windrow::app;
  take_standard_streams();
  try {
    return end_of_output(Windrow(argc, argv).run_verb());
  } catch (const windrow::SystemError& error) {
    if (lost_reader(error)) return end_of_output(kNobodyReads);
    return end_of_output(complain(error.what()));
  } catch (const std::exception& error) {
    return end_of_output(complain(error.what()));
  }
}
