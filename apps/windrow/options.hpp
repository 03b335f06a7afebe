#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "command_tree.hpp"
#include "verbs.hpp"
#include "windrow/error.hpp"

namespace windrow::app {

/// The command line, to which verbs add themselves.
struct CommandLine {
  CommandLine(int count, char** words) : argc(count), argv(words) {}

  int argc;
  char** argv;
  CLI::App app{"windrow runs parameter sweeps: one program, many points, any number of cores.", "windrow"};
  std::vector<std::string> of_sbatch;                              ///< what follows `--` of `windrow submit`
  std::map<const CLI::Option*, std::vector<std::string>> choices;  ///< of options that take one of a few words

  /// As it was typed.
  std::string text() const;
  /// The verbs and options that have been added.
  CommandTree tree() const;
};

/// A verb that is on the command line. Its options are known when `problem` and `run` are called.
struct Verb {
  CLI::App* options = nullptr;
  std::function<int()> run;                   ///< @return the exit code of the program
  std::function<std::string()> problem = {};  ///< what is wrong with options that are fine one by one, or nothing
};

// Each verb's options are beside its code.
Verb add_run(CommandLine& line);
Verb add_collect(CommandLine& line);
Verb add_plan(CommandLine& line);
Verb add_submit(CommandLine& line);
Verb add_status(CommandLine& line);
Verb add_watch(CommandLine& line);
Verb add_export(CommandLine& line);
Verb add_show(CommandLine& line);
Verb add_explain(CommandLine& line);
Verb add_failures(CommandLine& line);
Verb add_analyze(CommandLine& line);
Verb add_compare(CommandLine& line);
Verb add_timing(CommandLine& line);
Verb add_merge(CommandLine& line);
Verb add_clean(CommandLine& line);
Verb add_check(CommandLine& line);
Verb add_recover(CommandLine& line);
Verb add_help(CommandLine& line);
/// It is in no list.
Verb add_completion(CommandLine& line);

// What several verbs have.
inline constexpr const char* kJson = "print JSON instead, as `windrow help json` describes it";
inline constexpr const char* kResults = "results directory (NAME.windrow), or the study file";

/// Which points, and in what order.
void add_selection(CommandLine& line, CLI::App* verb, Selection& selection);
void add_policy_options(CLI::App* verb, RunArguments& arguments);
void add_dispatch_options(CommandLine& line, CLI::App* verb, RunArguments& arguments);
/// What is wrong with them together, or nothing.
std::string problem_with_dispatch(const RunArguments& arguments);

/// Of the options whose value may be left out, a value is joined to its option only if it is one: what follows may as
/// well be the study file.
std::vector<std::string> with_joined_values(std::vector<std::string> words);

CLI::Validator whole_number();
CLI::Validator duration();

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

}  // namespace windrow::app
