#include "shell_commands.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <span>

namespace windrow::detail {

namespace {

using Words = std::span<const ShellWord>;
using Names = std::span<const std::string_view>;

// They take code, or names with an index, and are looked for everywhere: `nice ssh`, `xargs su`.
constexpr auto kCodeTakers = std::to_array<std::string_view>(
    {"eval", "trap", "ssh", "rsh", "let", "declare", "su", "local", "typeset", "unset", "alias", "read", "[["});

constexpr auto kShellNames = std::to_array<std::string_view>(
    {"sh", "bash", "dash", "ash", "ksh", "ksh93", "mksh", "lksh", "zsh", "csh", "tcsh", "fish", "rbash", "pdksh"});

constexpr auto kKeywords = std::to_array<std::string_view>({"if", "then", "elif", "else", "fi", "while", "until", "do",
                                                            "done", "in", "esac", "!", "{", "}", "time", "always"});

// What follows them may be a command.
constexpr auto kPrefixes =
    std::to_array<std::string_view>({"command", "builtin", "exec", "noglob", "nocorrect", "-", "coproc", "function"});

// Builtins and keywords of bash, dash, busybox, mksh, ksh and zsh that take numbers as expressions, names of variables,
// options that run code, or patterns of names; and programs that give their arguments to a shell.
constexpr auto kReadTwice = std::to_array<std::string_view>({"autoload",   "bg",       "bind",
                                                             "bindkey",    "break",    "bye",
                                                             "caller",     "compadd",  "comparguments",
                                                             "compcall",   "compctl",  "compdescribe",
                                                             "compfiles",  "compgen",  "compgroups",
                                                             "complete",   "compopt",  "compquote",
                                                             "compset",    "comptags", "comptry",
                                                             "compvalues", "continue", "dirs",
                                                             "disable",    "disown",   "echotc",
                                                             "echoti",     "emulate",  "enable",
                                                             "exit",       "fc",       "fg",
                                                             "float",      "foreach",  "functions",
                                                             "getln",      "getopts",  "global",
                                                             "hash",       "history",  "integer",
                                                             "jobs",       "limit",    "log",
                                                             "logout",     "mapfile",  "nameref",
                                                             "popd",       "print",    "private",
                                                             "pushd",      "pushln",   "r",
                                                             "readarray",  "rehash",   "repeat",
                                                             "return",     "sched",    "select",
                                                             "setopt",     "shift",    "shopt",
                                                             "source",     "suspend",  "sysopen",
                                                             "sysread",    "sysseek",  "syswrite",
                                                             "times",      "ttyctl",   "ulimit",
                                                             "umask",      "unalias",  "unfunction",
                                                             "unhash",     "unlimit",  "unsetopt",
                                                             "vared",      "wait",     "whence",
                                                             "where",      "zcompile", "zformat",
                                                             "zle",        "zmodload", "zparseopts",
                                                             "zprof",      "zpty",     "zregexparse",
                                                             "zselect",    "zsocket",  "zstat",
                                                             "zstyle",     "zsystem",  "ztcp",
                                                             "parallel",   "watch",    "script",
                                                             "flock",      "at",       "batch"});

constexpr auto kTyping = std::to_array<std::string_view>(
    {"declare", "typeset", "local", "integer", "float", "nameref", "private", "global"});

constexpr auto kSetters = std::to_array<std::string_view>({"export", "readonly", "set", "test", "["});

// Variables that a shell reads as an expression, a prompt or a command, at once or later; or that another shell does.
constexpr auto kSpecialVariables = std::to_array<std::string_view>({"ARGC",
                                                                    "BAUD",
                                                                    "COLUMNS",
                                                                    "COMP_CWORD",
                                                                    "COMP_POINT",
                                                                    "DIRSTACKSIZE",
                                                                    "EGID",
                                                                    "ENV",
                                                                    "EPOCHREALTIME",
                                                                    "EPOCHSECONDS",
                                                                    "EUID",
                                                                    "EXECSHELL",
                                                                    "FCEDIT",
                                                                    "FPATH",
                                                                    "FUNCNEST",
                                                                    "GID",
                                                                    "HISTCMD",
                                                                    "HISTFILESIZE",
                                                                    "HISTSIZE",
                                                                    "IFS",
                                                                    "KEYTIMEOUT",
                                                                    "KSHEGID",
                                                                    "KSHGID",
                                                                    "KSHUID",
                                                                    "LINENO",
                                                                    "LINES",
                                                                    "LISTMAX",
                                                                    "LOGCHECK",
                                                                    "MAIL",
                                                                    "MAILCHECK",
                                                                    "MAILPATH",
                                                                    "NULLCMD",
                                                                    "OPTARG",
                                                                    "OPTERR",
                                                                    "OPTIND",
                                                                    "PGRP",
                                                                    "POSTEDIT",
                                                                    "PPID",
                                                                    "PROMPT",
                                                                    "PROMPT2",
                                                                    "PROMPT3",
                                                                    "PROMPT4",
                                                                    "PROMPT_COMMAND",
                                                                    "PS0",
                                                                    "PS1",
                                                                    "PS2",
                                                                    "PS3",
                                                                    "PS4",
                                                                    "RANDOM",
                                                                    "READNULLCMD",
                                                                    "REPORTMEMORY",
                                                                    "REPORTTIME",
                                                                    "RPROMPT",
                                                                    "RPS1",
                                                                    "SAVEHIST",
                                                                    "SECONDS",
                                                                    "SHELLOPTS",
                                                                    "SHLVL",
                                                                    "SPROMPT",
                                                                    "TMOUT",
                                                                    "TRY_BLOCK_ERROR",
                                                                    "TRY_BLOCK_INTERRUPT",
                                                                    "TTYIDLE",
                                                                    "UID",
                                                                    "USERNAME",
                                                                    "USER_ID",
                                                                    "ZDOTDIR",
                                                                    "ZSH_SUBSHELL",
                                                                    "histchars",
                                                                    "prompt",
                                                                    "status"});

bool has(Names names, std::string_view name) {
  return std::ranges::find(names, name) != names.end();
}

std::string_view last_part(std::string_view path) {
  return path.substr(path.rfind('/') + 1);
}

bool is_name_character(char c) {
  return c == '_' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/// Known as it will be: no expansion, no value.
bool is_literal(const ShellWord& word) {
  return !word.expands && !word.has_value();
}

const ShellWord* first_value(Words words) {
  const auto found = std::ranges::find_if(words, [](const ShellWord& word) { return word.has_value(); });
  return found == words.end() ? nullptr : &*found;
}

std::optional<UnsafePlace> refuse_first(Words words, std::string reason) {
  const ShellWord* word = first_value(words);
  if (word == nullptr) return {};
  return UnsafePlace{word->value_name, std::move(reason)};
}

/// "NAME" of NAME=... or NAME+=..., if that is there before any value; else nothing.
std::string_view name_set(const ShellWord& word) {
  const std::string_view text = std::string_view(word.text).substr(0, word.value_at);
  std::size_t end = 0;
  while (end < text.size() && is_name_character(text[end])) ++end;
  const std::string_view rest = text.substr(end);
  return rest.starts_with('=') || rest.starts_with("+=") ? text.substr(0, end) : std::string_view();
}

std::optional<UnsafePlace> check_variable(std::string_view name, const ShellWord& value) {
  if (!is_special_variable(name)) return {};
  return UnsafePlace{value.value_name, fmt::format("shells read more than a text in the variable `{}`", name)};
}

/// The name without its `${...}`, `$x`, which may hold anything.
std::string without_expansions(std::string_view text) {
  std::string result;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '$') {
      result += text[i];
    } else if (i + 1 < text.size() && text[i + 1] == '{') {
      i = std::min(text.find('}', i), text.size());
    } else {
      while (i + 1 < text.size() && is_name_character(text[i + 1])) ++i;
    }
  }
  return result;
}

/// "$SIM", "${SIM}", "$@": what the study's author says is run.
bool is_variable(std::string_view text) {
  if (!text.starts_with('$')) return false;
  text.remove_prefix(1);
  if (text == "@" || text == "*") return true;
  if (text.starts_with('{') && text.ends_with('}')) text = text.substr(1, text.size() - 2);
  return !text.empty() && std::ranges::all_of(text, is_name_character);
}

/// Whether it cannot be said that the word names no command of the shell.
bool is_unknown_name(const ShellWord& word) {
  if (word.substitutes) return true;
  if (word.expands && is_variable(word.text)) return false;
  const std::string known = without_expansions(word.text);
  if (known.find('/') != std::string::npos) return false;
  return word.expands || (!word.has_value() && known.find_first_of("*?{[") != std::string::npos && known != "[");
}

/// Conversions of printf that take texts. zsh reads what the others take as expressions.
bool takes_texts_only(std::string_view format) {
  for (std::size_t i = format.find('%'); i != std::string_view::npos; i = format.find('%', i + 1)) {
    i = format.find_first_not_of("-0123456789.", i + 1);
    if (i == std::string_view::npos) return true;
    if (std::string_view("sbcq%").find(format[i]) == std::string_view::npos) return false;
  }
  return true;
}

std::optional<UnsafePlace> check_printf(Words arguments) {
  if (!arguments.empty() && is_literal(arguments.front()) && arguments.front().text == "--")
    arguments = arguments.subspan(1);
  if (arguments.size() < 2) return {};
  const ShellWord& format = arguments.front();
  if (!format.expands && !format.text.starts_with('-') && takes_texts_only(format.text)) return {};
  return refuse_first(arguments,
                      "it is given to a `printf` that may read it as an expression or a variable's name "
                      "(only %s, %b, %c and %q take texts)");
}

std::optional<UnsafePlace> check_test(Words arguments, bool in_brackets) {
  static constexpr auto of_one =
      std::to_array<std::string_view>({"-n", "-z", "-e", "-f", "-d", "-r", "-w", "-x", "-s", "-L", "-h"});
  static constexpr auto of_two = std::to_array<std::string_view>({"=", "!=", "==", "-nt", "-ot", "-ef"});
  const bool closed = !arguments.empty() && is_literal(arguments.back()) && arguments.back().text == "]";
  if (in_brackets && closed) arguments = arguments.first(arguments.size() - 1);
  while (arguments.size() > 1 && is_literal(arguments.front()) && arguments.front().text == "!") {
    arguments = arguments.subspan(1);
  }
  const auto is_one_of = [&](std::size_t i, Names names) {
    return is_literal(arguments[i]) && has(names, arguments[i].text);
  };
  if (closed || !in_brackets) {
    if (arguments.size() == 1) return {};
    if (arguments.size() == 2 && is_one_of(0, of_one)) return {};
    if (arguments.size() == 3 && is_one_of(1, of_two)) return {};
  }
  return refuse_first(arguments,
                      "some shells read it as an expression or a variable's name in this test (known are "
                      "`=` and `!=` between two words, `-n`, `-z` and questions about a file)");
}

std::optional<UnsafePlace> check_export(std::string_view name, Words arguments) {
  for (const ShellWord& word : arguments) {
    if (!word.has_value()) continue;
    const std::string_view variable = name_set(word);
    if (variable.empty()) return UnsafePlace{word.value_name, fmt::format("`{}` reads it as a variable's name", name)};
    if (auto unsafe = check_variable(variable, word)) return unsafe;
  }
  return {};
}

/// `env`: before the program there are variables and options, of which one (-S) is split into words.
std::optional<UnsafePlace> check_env(Words arguments) {
  bool is_operand = false;  // of an option
  for (const ShellWord& word : arguments) {
    const bool is_option = word.text.starts_with('-') || is_operand;
    is_operand = word.text == "-u" || word.text == "-C" || word.text == "-S";
    const bool sets = word.text.find('=') != std::string::npos;
    if (word.has_value()) {
      const std::string_view variable = name_set(word);
      if (is_option || (sets && variable.empty())) {
        return UnsafePlace{word.value_name, "`env` reads it as an option or a variable's name"};
      }
      if (auto unsafe = check_variable(variable, word)) return unsafe;
    }
    if (!is_option && !sets && !word.expands) return {};
  }
  return {};
}

std::optional<UnsafePlace> check_arguments(std::string_view name, Words arguments) {
  if (has(kReadTwice, name) || has(kCodeTakers, name)) {
    return refuse_first(arguments, fmt::format("it is an argument of `{}`, which may read it as code", name));
  }
  if (name == "printf") return check_printf(arguments);
  if (name == "test" || name == "[") return check_test(arguments, name == "[");
  if (name == "export" || name == "readonly") return check_export(name, arguments);
  const bool ends_options = !arguments.empty() && is_literal(arguments.front()) && arguments.front().text == "--";
  if (name == "set" && !ends_options) return refuse_first(arguments, "it may be an option of `set`: write `set --`");
  if (name == "for" && !arguments.empty()) {
    if (const ShellWord* value = first_value(arguments)) return check_variable(arguments.front().text, *value);
  }
  return {};
}

/// `$SHELL -c {{v}}`
std::optional<UnsafePlace> check_variable_command(Words arguments) {
  const auto is_option_c = [](const ShellWord& word) {
    return word.text.starts_with('-') && word.text.ends_with('c') && word.text.size() <= 4;
  };
  if (std::ranges::none_of(arguments, is_option_c)) return {};
  return refuse_first(arguments, "it may be given to another shell as code (`-c`)");
}

/// @param at  a word that may name a command
std::optional<UnsafePlace> check_command(Words words, std::size_t at) {
  const ShellWord& word = words[at];
  const Words arguments = words.subspan(at + 1);
  if (word.substitutes && word.has_value()) {
    return UnsafePlace{word.value_name, "what a program prints of it would be run"};
  }
  if (arguments.empty() && (!word.has_value() || code_taker(word).empty())) return {};
  if (is_unknown_name(word)) {
    return refuse_first(words.subspan(at),
                        "which command takes it is known at run time only: name the program, or "
                        "give its path");
  }
  const std::string_view name = last_part(word.text);
  const bool is_own = has(kReadTwice, name) || has(kCodeTakers, name) || has(kPrefixes, name) || has(kSetters, name);
  if (word.has_value() && is_own) {
    return UnsafePlace{word.value_name, fmt::format("it would be the shell's own command `{}`", name)};
  }
  if (word.expands) return check_variable_command(arguments);
  return check_arguments(name, arguments);
}

}  // namespace

bool is_special_variable(std::string_view name) {
  return has(kSpecialVariables, name) || name.starts_with("BASH");
}

bool is_shell_keyword(const ShellWord& word) {
  return !word.quoted && is_literal(word) && has(kKeywords, word.text);
}

bool is_shell_assignment(const ShellWord& word) {
  const std::string_view text = std::string_view(word.text).substr(0, word.value_at);
  const std::size_t equals = text.find('=');
  return equals != std::string_view::npos && equals > 0 && is_name_character(text.front());
}

std::string_view code_taker(const ShellWord& word) {
  const std::string_view name = last_part(word.text);
  for (const std::string_view taker : kCodeTakers) {
    if (name == taker || (word.expands && name.ends_with(taker))) return taker;  // `${empty}eval` runs eval
  }
  return {};
}

bool names_shell(const ShellWord& word) {
  return has(kShellNames, last_part(word.text));
}

bool gives_types(const ShellCommand& command) {
  bool exports = false;
  for (const ShellWord& word : command.words) {
    if (has(kTyping, word.text)) return true;
    if (exports && (word.text.starts_with('-') || word.text.starts_with('+'))) return true;
    exports = exports || word.text == "export" || word.text == "readonly";
  }
  return false;
}

bool may_give_types(std::string_view text) {
  const auto occurs = [text](std::string_view name) { return text.find(name) != std::string_view::npos; };
  return std::ranges::any_of(kTyping, occurs) || occurs("export") || occurs("readonly");
}

std::optional<UnsafePlace> set_value(const ShellCommand& command) {
  const bool loops = std::ranges::any_of(command.words, [](const ShellWord& word) { return word.text == "for"; });
  for (const ShellWord& word : command.words) {
    if (word.has_value() && (loops || !name_set(word).empty())) {
      return UnsafePlace{word.value_name,
                         "it is the value of a variable, and variables have types here "
                         "(`typeset`, `declare`, `local`, ...)"};
    }
  }
  return {};
}

std::optional<UnsafePlace> unsafe_place(const ShellCommand& command) {
  const Words words = command.words;
  bool may_name = true;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const ShellWord& word = words[i];
    if (word.has_value() && is_shell_assignment(word)) {
      if (auto unsafe = check_variable(name_set(word), word)) return unsafe;
    }
    if (last_part(word.text) == "env") {
      if (auto unsafe = check_env(words.subspan(i + 1))) return unsafe;
    }
    if (is_shell_keyword(word)) {
      may_name = true;
      continue;
    }
    may_name = may_name || std::ranges::find(command.begins, i) != command.begins.end();
    if (is_shell_assignment(word) || !may_name) continue;
    if (auto unsafe = check_command(words, i)) return unsafe;
    if (word.text == "for" && command.begins.empty()) return {};  // what follows are values of its variable
    may_name = has(kPrefixes, word.text) || (word.text.starts_with('-') && i > 0);
  }
  return {};
}

}  // namespace windrow::detail
