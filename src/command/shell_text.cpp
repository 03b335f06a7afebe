#include "shell_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <system_error>

#include "program_check.hpp"
#include "windrow/base/text.hpp"
#include "windrow/error.hpp"

namespace windrow::detail {

namespace fs = std::filesystem;

namespace {

using Argv = std::vector<std::string>;

// For dash, which has it since 0.5.13: `set` with an option that is not known ends it, so that it is tried first.
constexpr const char* kPipefailIfKnown = "(set -o pipefail) 2>/dev/null && set -o pipefail; ";
constexpr const char* kNoPipefail =
    "/bin/sh has no pipefail and there is no bash: if a program before a pipe fails, the point does not";

constexpr std::array<std::string_view, 9> kShells = {"sh",    "bash", "dash", "ash",    "ksh",
                                                     "ksh93", "mksh", "zsh",  "busybox"};

bool is_shell(const std::string& program) {
  return std::ranges::find(kShells, fs::path(program).filename().string()) != kShells.end();
}

/// Whether a program's failure may be hidden by a pipe. In quotes there may be none, but another shell.
bool may_have_pipe(std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '|') continue;
    const bool is_or = i + 1 < text.size() && text[i + 1] == '|';
    if (!is_or && (i == 0 || text[i - 1] != '>')) return true;
    if (is_or) ++i;
  }
  return false;
}

/// What /bin/sh is: "dash", "bash", "busybox", ...
std::string name_of_sh() {
  std::error_code none;
  return fs::canonical("/bin/sh", none).filename().string();
}

// Such a bash reads what is written for sh as dash does: `echo` knows backslashes, braces are no lists, and what fails
// inside $( ) fails.
ShellStart with_pipefail() {
  const std::string sh = name_of_sh();
  if (sh != "dash" && std::ranges::find(kShells, sh) != kShells.end())
    return {{"/bin/sh", "-euo", "pipefail", "-c"}, {}, {}};
  if (!find_in_path("bash").empty()) {
    return {{"bash", "+B", "-O", "xpg_echo", "-O", "inherit_errexit", "-euo", "pipefail", "-c"}, {}, {}};
  }
  return {{"/bin/sh", "-euc"}, kPipefailIfKnown, kNoPipefail};
}

ShellStart strict(const std::string& shell, std::string_view text) {
  const std::string name = fs::path(shell).filename().string();
  if (name == "bash") return {{shell, "-O", "inherit_errexit", "-euo", "pipefail", "-c"}, {}, {}};
  if (name == "dash" || name == "ash") return {{shell, "-euc"}, may_have_pipe(text) ? kPipefailIfKnown : "", {}};
  return {{shell, "-euo", "pipefail", "-c"}, {}, {}};
}

void check_shell(const Argv& shell) {
  const bool known = std::ranges::any_of(shell, is_shell);
  const bool elsewhere = std::ranges::any_of(shell, [](const std::string& argument) {
    const std::string name = fs::path(argument).filename().string();
    return name == "ssh" || name == "rsh" || name == "su";
  });
  const bool alone = shell.size() == 1 && fs::path(shell.front()).filename() == "busybox";
  if (known && !elsewhere && !alone) return;
  std::string line;
  for (const std::string& argument : shell) line += (line.empty() ? "" : " ") + argument;
  throw SpecError(fmt::format(
      "`shell`: values are quoted for sh, bash, dash, ksh, mksh and zsh, which `{}` is not: give `run` as a "
      "list of arguments",
      line));
}

/// Reads shell text as far as it takes to know where commands begin.
class CommandPlaces {
 public:
  explicit CommandPlaces(std::string_view text) : text_(text) {}

  std::vector<ProgramPlace> find() {
    while (at_ < text_.size()) {
      if (!step()) break;
    }
    end_word();
    return std::move(places_);
  }

 private:
  enum class Context { command, quotes };  // quotes: double ones
  struct Frame {
    Context context;
    int open;              // parentheses inside that are no $( )
    bool command_outside;  // whether the word that it stands in may name a command
  };

  bool starts(std::string_view what) const { return text_.substr(at_).starts_with(what); }

  /// @return false where the rest cannot be told
  bool step() {
    if (starts("{{")) return skip_tag();
    if (frames_.back().context == Context::quotes) return step_quoted();
    const char c = text_[at_];
    if (c == '\\') return skip(2);
    if (c == '\'') return skip_single_quotes();
    if (c == '`') return false;
    if (c == '"') {
      frames_.push_back({Context::quotes, 0, command_});
      return skip(1);
    }
    if (c == '#' && word_.empty() && !in_word_) return skip_comment();
    if (starts("<<")) return false;
    if (starts("$((") || starts("${")) return false;
    if (starts("$(")) return enter();
    if (std::string_view(" \t").find(c) != std::string_view::npos) return blank();
    if (std::string_view("\n;&|(").find(c) != std::string_view::npos) return begin_command(c);
    if (c == ')') return leave();
    if (c == '<' || c == '>') {
      end_word();
      redirected_ = true;
      ++at_;
      if (at_ < text_.size() && (text_[at_] == '&' || text_[at_] == '>' || text_[at_] == '|')) ++at_;
      return true;
    }
    if (word_.empty() && !in_word_) word_at_ = at_;
    in_word_ = true;
    word_ += c;
    ++at_;
    return true;
  }

  bool step_quoted() {
    if (text_[at_] == '\\') return skip(2);
    if (text_[at_] == '`' || starts("$((") || starts("${")) return false;
    if (starts("$(")) return enter();
    if (text_[at_] == '"') frames_.pop_back();
    return skip(1);
  }

  /// What is in quotes, escaped, or of a tag makes the word one that is not known.
  bool skip(std::size_t characters) {
    in_word_ = true;
    plain_ = false;
    at_ += characters;
    return true;
  }

  bool skip_single_quotes() {
    const std::size_t end = text_.find('\'', at_ + 1);
    if (end == std::string_view::npos) return false;
    return skip(end + 1 - at_);
  }

  bool skip_comment() {
    at_ = std::min(text_.find('\n', at_), text_.size());
    return true;
  }

  /// A section's tags are no part of a word.
  bool skip_tag() {
    const std::size_t end = text_.find("}}", at_);
    if (end == std::string_view::npos) return false;
    const char kind = at_ + 2 < text_.size() ? text_[at_ + 2] : ' ';
    if (kind == '=') return false;  // other delimiters from here on
    const std::size_t length = end + 2 - at_ + (kind == '{' ? 1 : 0);
    if (kind != '#' && kind != '^' && kind != '/' && kind != '!') return skip(length);
    at_ += length;
    return true;
  }

  bool enter() {
    frames_.push_back({Context::command, 0, command_});
    at_ += 2;
    reset_word();
    command_ = true;
    return true;
  }

  bool leave() {
    end_word();
    ++at_;
    Frame& frame = frames_.back();
    command_ = true;  // the pattern of a `case` ends so, too
    if (frame.open > 0) {
      --frame.open;
    } else if (frames_.size() > 1) {
      command_ = frame.command_outside;
      frames_.pop_back();
      return skip(0);
    }
    return true;
  }

  bool blank() {
    end_word();
    ++at_;
    return true;
  }

  bool begin_command(char c) {
    end_word();
    if (c == '(') ++frames_.back().open;
    command_ = true;
    redirected_ = false;
    ++at_;
    return true;
  }

  void end_word() {
    if (!in_word_) return;
    static constexpr std::array<std::string_view, 10> before_commands = {"if",    "then", "elif", "else", "while",
                                                                         "until", "do",   "!",    "{",    "time"};
    const bool keyword = plain_ && std::ranges::find(before_commands, word_) != before_commands.end();
    if (plain_ && word_ == "case" && frames_.size() > 1) at_ = text_.size();  // its patterns end in parentheses
    const bool assignment = is_assignment();
    if (command_ && !redirected_ && plain_ && is_relative_program()) places_.push_back({word_at_, word_});
    command_ = command_ && (keyword || assignment || redirected_);
    redirected_ = false;
    reset_word();
  }

  void reset_word() {
    word_.clear();
    in_word_ = false;
    plain_ = true;
  }

  bool is_assignment() const {
    const std::size_t equals = word_.find('=');
    return equals != std::string::npos && equals > 0 &&
           std::all_of(word_.begin(), word_.begin() + static_cast<std::ptrdiff_t>(equals), [](char c) {
             return c == '_' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
           });
  }

  bool is_relative_program() const {
    return word_.front() != '/' && word_.find('/') != std::string::npos && word_.back() != '/' &&
           text::is_plain_word(word_) && word_.find('=') == std::string::npos;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::vector<Frame> frames_{{Context::command, 0, true}};
  bool command_ = true;      // the next word is a command's name
  bool redirected_ = false;  // the next word is a file's name
  std::string word_;
  std::size_t word_at_ = 0;
  bool in_word_ = false;
  bool plain_ = true;
  std::vector<ProgramPlace> places_;
};

}  // namespace

ShellStart shell_start(const std::vector<std::string>& shell, std::string_view text) {
  if (shell.empty()) return may_have_pipe(text) ? with_pipefail() : ShellStart{{"/bin/sh", "-euc"}, {}, {}};
  check_shell(shell);
  if (shell.size() > 1) return {shell, {}, {}};
  if (shell.front() == "sh") return {{"/bin/sh", "-c"}, {}, {}};
  return strict(shell.front(), text);
}

std::vector<ProgramPlace> relative_programs(std::string_view text) {
  return CommandPlaces(text).find();
}

std::string define_beside(const std::string& study_directory) {
  return fmt::format("{}() {{ test -e \"$1\" || set -- {}/\"$@\"; \"$@\"; }}; ", kBeside,
                     text::in_single_quotes(study_directory));
}

std::string run_beside(std::string_view text, const std::vector<ProgramPlace>& programs) {
  std::string result;
  std::size_t done = 0;
  for (const ProgramPlace& place : programs) {
    result += text.substr(done, place.at - done);
    result += kBeside;
    result += ' ';
    done = place.at;
  }
  return result += text.substr(done);
}

}  // namespace windrow::detail
