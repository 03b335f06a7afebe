#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// Which commands of a shell read their arguments as code, an expression or a variable's name.
namespace windrow::detail {

/// A word of a command in a shell text, as far as it is known before the shell runs.
struct ShellWord {
  static constexpr std::size_t none = static_cast<std::size_t>(-1);

  std::string text;             ///< without quotes; with values, and with `$x` as it is written
  bool quoted = false;          ///< in part
  bool expands = false;         ///< there is a `$` or a backquote in it
  bool substitutes = false;     ///< it has the output of a command
  std::size_t value_at = none;  ///< where in `text` its first value begins that is no number
  std::string value_name;       ///< of that

  bool has_value() const { return value_at != none; }
};

/// A simple command, without its redirections.
struct ShellCommand {
  std::vector<ShellWord> words;
  std::vector<std::size_t> begins;  ///< words at which some shells begin another command, and others do not
};

/// Where a value stands that no quoting makes safe.
struct UnsafePlace {
  std::string name;  ///< of the value
  std::string reason;
};
std::optional<UnsafePlace> unsafe_place(const ShellCommand& command);

/// Whether a shell reads more than a text in the variable: an expression, or code.
bool is_special_variable(std::string_view name);

/// The command (`eval`, `ssh`, ...) that this word names, wherever in a command it stands, that takes code; or nothing.
std::string_view code_taker(const ShellWord& word);
bool names_shell(const ShellWord& word);

/// Whether commands may begin after this word: after the first word, too, where it is an assignment.
bool is_shell_keyword(const ShellWord& word);
bool is_shell_assignment(const ShellWord& word);
/// Whether the command gives variables a type: numbers among them are read as expressions when they are set.
bool gives_types(const ShellCommand& command);
/// The same of text that was not read as commands.
bool may_give_types(std::string_view text);

/// Whether a value is set as a variable, which is an expression if that has the type of numbers.
std::optional<UnsafePlace> set_value(const ShellCommand& command);

}  // namespace windrow::detail
