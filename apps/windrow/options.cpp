#include "options.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "common.hpp"
#include "windrow/base/text.hpp"
#include "windrow/parallel/dispatch.hpp"
#include "windrow/run/failure_policy.hpp"
#include "windrow/run/selection.hpp"

namespace windrow::app {
namespace {

constexpr const char* kEvery = "all";

CLI::Validator indices() {
  const auto check = [](std::string& word) -> std::string {
    if (parse_indices(word)) return "";
    return fmt::format("`{}` does not name points: write indices and ranges, as 0-4,17", word);
  };
  return {check, ""};
}

CLI::Validator indices_or_all() {
  const auto check = [](std::string& word) -> std::string {
    if (word == kEvery || parse_indices(word)) return "";
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
      if (word != kEvery) are_kinds(word, /*strict=*/true);
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

void add_retry_failed(CommandLine& line, CLI::App* verb, Selection& selection) {
  const auto take = [&selection](const std::string& word) {
    selection.retry_failed = true;
    selection.retry_kinds = word == kEvery ? std::vector<std::string>() : at_commas(word);
  };
  CLI::Option* option =
      verb->add_option_function<std::string>("--retry-failed", take,
                                             "evaluate points again that failed earlier, or lost an array; or those\n"
                                             "alone that failed in a way: timed_out, or exited,crashed")
          ->option_text("[KIND]")
          ->check(kinds_or_all());
  line.choices[option] = {"exception", "crashed", "exited", "timed_out", "rejected", "lost", "bad_output"};
}

OptionInfo described(const CommandLine& line, const CLI::Option& option) {
  OptionInfo info{{}, option.get_option_text(), option.get_description(), {}};
  std::ranges::replace(info.description, '\n', ' ');
  for (const std::string& name : option.get_snames()) info.names.push_back("-" + name);
  for (const std::string& name : option.get_lnames()) info.names.push_back("--" + name);
  if (info.names.empty()) info = {{option.get_name()}, {}, std::move(info.description), {}};
  if (const auto choices = line.choices.find(&option); choices != line.choices.end()) info.choices = choices->second;
  return info;
}

}  // namespace

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

void add_selection(CommandLine& line, CLI::App* verb, Selection& selection) {
  add_retry_failed(line, verb, selection);
  const auto again = [&selection](const std::string& word) {
    selection.again = true;
    if (word != kEvery) selection.again_points = word;
  };
  verb->add_option_function<std::string>("--again", again,
                                         "evaluate points again whatever outcome they have: all, or some, as\n"
                                         "0-4,17; each keeps its outcome until there is a new one")
      ->option_text("[POINTS]")
      ->check(indices_or_all());
  verb->add_option("--only", selection.only, "evaluate these points alone, 0-4,17 for example; the others stay open")
      ->option_text("POINTS")
      ->check(indices());
  verb->add_option("--sample", selection.sample,
                   "evaluate N points alone, drawn at random, always the same ones (a\n"
                   "larger N adds some); the others stay open")
      ->option_text("N")
      ->check(whole_number())
      ->check(CLI::PositiveNumber);
  const auto in_order = [&selection](const std::string& word) { selection.random_order = word == "random"; };
  CLI::Option* order =
      verb->add_option_function<std::string>("--order", in_order,
                                             "the order in which points begin: index (default), or random, so that\n"
                                             "what is known early is spread over the design; results are the same")
          ->option_text("NAME")
          ->check(CLI::IsMember({"index", "random"}));
  line.choices[order] = {"index", "random"};
}

void add_policy_options(CLI::App* verb, RunArguments& arguments) {
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

void add_dispatch_options(CommandLine& line, CLI::App* verb, RunArguments& arguments) {
  CLI::Option* name = verb->add_option("--schedule", arguments.schedule,
                                       "which point is evaluated when and where; results are the same:\n"
                                       "auto (default, nothing to tune), longest_first (by --costs-from,\n"
                                       "or by what finished points teach), dynamic, guided, static, cyclic")
                          ->option_text("NAME")
                          ->check(name_that([](const std::string& word) { schedule(word); }));
  line.choices[name] = {"auto", "longest_first", "dynamic", "guided", "static", "cyclic"};
  verb->add_option("--costs-from", arguments.costs_from,
                   "longest points first, by the times in the results directory of an\n"
                   "earlier run of the same design")
      ->option_text("DIR");
  name = verb->add_option("--root", arguments.root,
                          "under mpirun, whether the first rank evaluates points too:\n"
                          "evaluates, coordinates (it does not), or auto (default)")
             ->option_text("NAME")
             ->check(name_that([](const std::string& word) { root_role(word); }));
  line.choices[name] = {"auto", "evaluates", "coordinates"};
}

std::string problem_with_dispatch(const RunArguments& arguments) {
  const bool by_costs = !arguments.costs_from.empty();
  const std::string chosen = by_costs && arguments.schedule.empty() ? "longest_first" : arguments.schedule;
  if (chosen.empty()) return "";
  const Schedule named = schedule(chosen);
  if (by_costs && named != Schedule::longest_first) {
    return fmt::format("--costs-from is for --schedule longest_first, not for {}", chosen);
  }
  if (!arguments.selection.random_order || named == Schedule::automatic || named == Schedule::dynamic) return "";
  return fmt::format("the schedule `{}` has an order of its own: --order random goes with auto or dynamic", chosen);
}

std::vector<std::string> with_joined_values(std::vector<std::string> words) {
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::string next = i + 1 < words.size() ? words[i + 1] : "";
    const bool takes_kinds = words[i] == "--retry-failed";
    if (!takes_kinds && words[i] != "--again") continue;
    const bool is_value = !next.empty() && (takes_kinds ? are_kinds(next) : parse_indices(next).has_value());
    if (is_value) words.erase(words.begin() + static_cast<std::ptrdiff_t>(i) + 1);
    words[i] += "=" + (is_value ? next : std::string(kEvery));
  }
  return words;
}

std::string CommandLine::text() const {
  return shell_line(std::vector<std::string>(argv, argv + argc));
}

// A group without a name hides what is in it.
CommandTree CommandLine::tree() const {
  const auto add_options = [this](const CLI::App& from, std::vector<OptionInfo>& options,
                                  std::vector<OptionInfo>& arguments) {
    for (const CLI::Option* option : from.get_options()) {
      if (!option->get_group().empty())
        (option->get_positional() ? arguments : options).push_back(described(*this, *option));
    }
  };
  CommandTree tree;
  std::vector<OptionInfo> none;
  add_options(app, tree.options, none);
  for (const CLI::App* verb : app.get_subcommands(nullptr)) {
    if (verb->get_group().empty()) continue;
    VerbInfo& info = tree.verbs.emplace_back(VerbInfo{verb->get_name(), verb->get_description(), {}, {}});
    add_options(*verb, info.options, info.arguments);
  }
  return tree;
}

}  // namespace windrow::app
