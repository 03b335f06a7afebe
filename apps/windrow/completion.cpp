#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "common.hpp"
#include "manual.hpp"
#include "options.hpp"
#include "verbs.hpp"

namespace windrow::app {
namespace {

std::string joined(const std::vector<std::string>& words, const std::string& between = " ") {
  return fmt::format("{}", fmt::join(words, between));
}

std::vector<std::string> names_of(const std::vector<OptionInfo>& options) {
  std::vector<std::string> names;
  for (const OptionInfo& option : options) names.insert(names.end(), option.names.begin(), option.names.end());
  return names;
}

std::string replaced(std::string text, const std::string& what, const std::string& by) {
  for (std::size_t at = 0; (at = text.find(what, at)) != std::string::npos; at += by.size()) {
    text.replace(at, what.size(), by);
  }
  return text;
}

std::string quoted(const std::string& text) {
  return fmt::format("'{}'", replaced(text, "'", R"('\'')"));
}

/// What is to be found on the disk.
enum class Files { none, any, directories, studies };

// A directory of results may be given by its study file.
Files files_of(const OptionInfo& option) {
  const std::string& value = option.value.empty() ? option.names.front() : option.value;
  if (value == "FILE") return Files::any;
  if (value == "STUDY") return Files::studies;
  if (value.starts_with("DIR")) return option.value.empty() ? Files::studies : Files::directories;
  return Files::none;
}

std::string bash_values(const OptionInfo& option) {
  if (!option.choices.empty()) return fmt::format("_windrow_words {}", quoted(joined(option.choices)));
  switch (files_of(option)) {
    case Files::any:
      return "_windrow_files";
    case Files::directories:
      return "_windrow_directories";
    case Files::studies:
      return "_windrow_studies";
    case Files::none:
      break;
  }
  return ":";
}

void print_bash(const CommandTree& tree) {
  show("{}", R"(# Completion of windrow for bash, made by `windrow completion bash`.
_windrow_words() { mapfile -t COMPREPLY < <(compgen -W "$1" -- "$current"); }
_windrow_files() { mapfile -t COMPREPLY < <(compgen -f -- "$current"); }
_windrow_directories() { mapfile -t COMPREPLY < <(compgen -d -- "$current"); }
_windrow_studies() { mapfile -t COMPREPLY < <(compgen -d -- "$current"; compgen -f -X '!*.toml' -- "$current"); }
_windrow() {
  local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]} verb= options=
  COMPREPLY=()
  if [[ $current == = ]]; then current=; elif [[ $previous == = ]]; then previous=${COMP_WORDS[COMP_CWORD-2]}; fi
  [ "$COMP_CWORD" -lt 2 ] || verb=${COMP_WORDS[1]}
  case $verb in
)");
  std::vector<std::string> first = names_of(tree.options);
  for (const VerbInfo& verb : tree.verbs) first.push_back(verb.name);
  show("    '') _windrow_words {}; return ;;\n", quoted(joined(first)));
  for (const VerbInfo& verb : tree.verbs) {
    show("    {})\n      options={}\n", verb.name, quoted(joined(names_of(verb.options))));
    show("      case $previous in\n");
    for (const OptionInfo& option : verb.options) {
      if (!option.value.empty()) show("        {}) {}; return ;;\n", joined(option.names, "|"), bash_values(option));
    }
    show("      esac\n      [[ $current == -* ]] || {{ {}; return; }} ;;\n",
         verb.arguments.empty() ? ":" : bash_values(verb.arguments.front()));
  }
  show("{}", R"(  esac
  _windrow_words "$options"
}
complete -o filenames -F _windrow windrow
)");
}

std::string zsh_values(const OptionInfo& option) {
  if (!option.choices.empty()) return fmt::format("({})", joined(option.choices));
  switch (files_of(option)) {
    case Files::any:
      return "_files";
    case Files::directories:
      return "_files -/";
    case Files::studies:
      return R"zsh(_files -g "*.toml(-.) *(-/)")zsh";
    case Files::none:
      break;
  }
  return " ";
}

void print_zsh_option(const OptionInfo& option) {
  const std::string description = replaced(replaced(option.description, "[", "\\["), "]", "\\]");
  const std::string value = option.value.empty() ? "" : fmt::format(":{}:{}", option.value, zsh_values(option));
  for (const std::string& name : option.names) {
    const std::string others = option.names.size() > 1 ? fmt::format("({})", joined(option.names)) : "";
    const std::string attached = !option.value.empty() && name.starts_with("--") ? "=" : "";
    show(" \\\n        {}", quoted(fmt::format("{}{}{}[{}]{}", others, name, attached, description, value)));
  }
}

void print_zsh(const CommandTree& tree) {
  show("{}", R"(#compdef windrow
# Completion of windrow for zsh, made by `windrow completion zsh`.
_windrow() {
  if (( CURRENT == 2 )); then
    local -a verbs
    verbs=(
)");
  for (const VerbInfo& verb : tree.verbs) {
    show("      {}\n", quoted(verb.name + ":" + replaced(verb.description, ":", "\\:")));
  }
  show("    )\n    if [[ $PREFIX == -* ]]; then compadd -- {}; else _describe verb verbs; fi\n    return\n  fi\n",
       joined(names_of(tree.options)));
  show("  local verb=$words[2]\n  shift words\n  (( CURRENT-- ))\n  case $verb in\n");
  for (const VerbInfo& verb : tree.verbs) {
    show("    {})\n      _arguments", verb.name);
    for (const OptionInfo& option : verb.options) print_zsh_option(option);
    for (std::size_t i = 0; i < verb.arguments.size(); ++i) {
      const OptionInfo& argument = verb.arguments[i];
      show(" \\\n        {}", quoted(fmt::format("{}:{}:{}", i + 1, argument.names.front(), zsh_values(argument))));
    }
    show(" ;;\n");
  }
  show("{}", R"(  esac
}
if [ "$funcstack[1]" = _windrow ]; then _windrow "$@"; else compdef _windrow windrow; fi
)");
}

std::string fish_values(const OptionInfo& option) {
  if (!option.choices.empty()) return fmt::format(" -x -a {}", quoted(joined(option.choices)));
  switch (files_of(option)) {
    case Files::any:
      return " -r -F";
    case Files::directories:
      return " -x -a '(__fish_complete_directories)'";
    case Files::studies:
      return " -r -F";
    case Files::none:
      break;
  }
  return " -x";
}

void print_fish_option(const OptionInfo& option, const std::string& condition) {
  show("complete -c windrow -n {}", quoted(condition));
  for (const std::string& name : option.names) {
    show(" {}", name.starts_with("--") ? "-l " + name.substr(2) : "-s " + name.substr(1));
  }
  show("{} -d {}\n", option.value.empty() ? "" : fish_values(option), quoted(option.description));
}

void print_fish(const CommandTree& tree) {
  show("# Completion of windrow for fish, made by `windrow completion fish`.\ncomplete -c windrow -f\n");
  for (const OptionInfo& option : tree.options) print_fish_option(option, "__fish_use_subcommand");
  for (const VerbInfo& verb : tree.verbs) {
    show("complete -c windrow -n __fish_use_subcommand -a {} -d {}\n", verb.name, quoted(verb.description));
    const std::string condition = "__fish_seen_subcommand_from " + verb.name;
    for (const OptionInfo& option : verb.options) print_fish_option(option, condition);
    if (verb.arguments.empty()) continue;
    const OptionInfo& argument = verb.arguments.front();
    if (!argument.choices.empty()) {
      show("complete -c windrow -n {} -a {}\n", quoted(condition), quoted(joined(argument.choices)));
    } else if (files_of(argument) != Files::none) {
      show("complete -c windrow -n {} -F\n", quoted(condition));
    }
  }
}

}  // namespace

int completion(const std::string& shell, const CommandTree& tree) {
  if (shell == "bash") {
    print_bash(tree);
  } else if (shell == "zsh") {
    print_zsh(tree);
  } else {
    print_fish(tree);
  }
  return kSuccess;
}

Verb add_completion(CommandLine& line) {
  const auto arguments = std::make_shared<std::string>();
  CLI::App* verb =
      line.app.add_subcommand("completion", "write the completion script of a shell: bash, zsh or fish")->group("");
  verb->add_option("SHELL", *arguments, "bash, zsh or fish")
      ->option_text(" ")
      ->required()
      ->check(CLI::IsMember({"bash", "zsh", "fish"}));
  return {verb, [arguments, &line] { return completion(*arguments, line.tree()); }};
}

}  // namespace windrow::app
