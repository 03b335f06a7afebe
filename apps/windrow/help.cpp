#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <regex>

#include "common.hpp"
#include "manual.hpp"
#include "options.hpp"
#include "verbs.hpp"
#include "windrow/base/text.hpp"

namespace windrow::app {
namespace {

/// "evaluate every point that has no outcome yet", of "# windrow-run - evaluate ...".
std::string title(const ManualPage& page) {
  const std::string_view line = page.markdown.substr(0, page.markdown.find('\n'));
  return std::string(line.substr(line.find(" - ") + 3));
}

std::string synopsis(const VerbInfo& verb) {
  std::string line = "windrow " + verb.name + (verb.options.empty() ? "" : " [OPTIONS]");
  for (const OptionInfo& argument : verb.arguments) line += " " + argument.names.front();
  return "```\n" + line + "\n```\n";
}

std::string option_list(const std::vector<OptionInfo>& options) {
  static const std::regex flag("--[a-z][a-z-]*");
  std::string list;
  for (const OptionInfo& option : options) {
    std::string names;
    for (const std::string& name : option.names) names += (names.empty() ? "" : ", ") + name;
    list += fmt::format("- `{}{}`: {}\n", names, option.value.empty() ? "" : " " + option.value,
                        std::regex_replace(option.description, flag, "`$&`"));
  }
  return list;
}

std::string verb_table(const CommandTree& tree) {
  std::string table = "| verb | does |\n|---|---|\n";
  for (const VerbInfo& verb : tree.verbs) {
    const bool has_page = std::ranges::find(manual_pages(), verb.name, &ManualPage::topic) != manual_pages().end();
    table += has_page ? fmt::format("| [{0}](windrow-{0}.md) | {1} |\n", verb.name, verb.description)
                      : fmt::format("| {} | {} |\n", verb.name, verb.description);
  }
  return table;
}

void replace_line(std::string& text, const std::string& line, const std::string& by) {
  if (const std::size_t at = text.find(line + "\n"); at != std::string::npos) text.replace(at, line.size() + 1, by);
}

void print_topics() {
  std::size_t width = 0;
  for (const ManualPage& page : manual_pages()) width = std::max(width, page.topic.size());
  show("windrow help TOPIC shows a page of the manual:\n\n");
  for (const ManualPage& page : manual_pages()) show("  {:<{}}  {}\n", page.topic, width, title(page));
  show("\nwindrow VERB --help shows the options of a verb.\n");
}

}  // namespace

const VerbInfo* CommandTree::find(const std::string& verb) const {
  const auto found = std::ranges::find(verbs, verb, &VerbInfo::name);
  return found == verbs.end() ? nullptr : &*found;
}

std::string expanded(const ManualPage& page, const CommandTree& tree) {
  std::string text(page.markdown);
  const VerbInfo* verb = tree.find(std::string(page.topic));
  if (verb != nullptr) {
    replace_line(text, "<!-- synopsis -->", synopsis(*verb));
    std::vector<OptionInfo> all = verb->arguments;
    all.insert(all.end(), verb->options.begin(), verb->options.end());
    replace_line(text, "<!-- options -->", option_list(all));
  } else {
    replace_line(text, "<!-- options -->", option_list(tree.options));
  }
  replace_line(text, "<!-- verbs -->", verb_table(tree));
  return text;
}

int help(const HelpArguments& arguments, const CommandTree& tree) {
  if (arguments.topic.empty()) {
    print_topics();
    return kSuccess;
  }
  const std::string topic = arguments.topic.starts_with("windrow-")
                                ? arguments.topic.substr(std::string("windrow-").size())
                                : arguments.topic;
  const auto page = std::ranges::find(manual_pages(), topic, &ManualPage::topic);
  if (page == manual_pages().end()) {
    std::vector<std::string> topics;
    for (const ManualPage& known : manual_pages()) topics.emplace_back(known.topic);
    return complain(fmt::format("no page about `{}`{}\n`windrow help` lists what there is.", topic,
                                text::suggestion(topic, topics)));
  }
  const std::string markdown = expanded(*page, tree);
  show("{}", arguments.markdown ? markdown : plain_text(markdown));
  return kSuccess;
}

Verb add_help(CommandLine& line) {
  const auto arguments = std::make_shared<HelpArguments>();
  CLI::App* verb = line.app.add_subcommand("help", "show a page of the manual, or list them");
  CLI::Option* topic = verb->add_option("TOPIC", arguments->topic, "a verb, study, mpirun, slurm, results, ...");
  for (const ManualPage& page : manual_pages()) line.choices[topic].emplace_back(page.topic);
  verb->add_flag("--markdown", arguments->markdown)->group("");
  return {verb, [arguments, &line] { return help(*arguments, line.tree()); }};
}

}  // namespace windrow::app
