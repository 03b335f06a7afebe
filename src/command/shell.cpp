#include "shell.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "arguments.hpp"
#include "shell_commands.hpp"
#include "windrow/base/text.hpp"
#include "windrow/error.hpp"

namespace windrow::detail {

namespace {

using text::is_plain_word;

/// A decimal number, which is no code, no name and no expression with names wherever a shell reads it.
bool is_number(std::string_view text) {
  const auto skip = [&text](std::string_view characters) {
    const std::size_t end = std::min(text.find_first_not_of(characters), text.size());
    text.remove_prefix(end);
    return end;
  };
  constexpr std::string_view digits = "0123456789";
  if (text.starts_with('-') || text.starts_with('+')) text.remove_prefix(1);
  std::size_t count = skip(digits);
  if (text.starts_with('.')) {
    text.remove_prefix(1);
    count += skip(digits);
  }
  if (count == 0) return false;
  if (text.empty()) return true;
  if (std::string_view("eEdD").find(text.front()) == std::string_view::npos) return false;
  text.remove_prefix(1);
  if (text.starts_with('-') || text.starts_with('+')) text.remove_prefix(1);
  return skip(digits) > 0 && text.empty();
}

bool is_name_start(char c) {
  return c == '_' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool is_name_part(char c) {
  return is_name_start(c) || (c >= '0' && c <= '9');
}

/// Walks through shell text character by character and knows in which context it is. Where that cannot be known,
/// `lost_` says why, and only values that mean nothing to a shell may follow.
///
/// Values that may mean something are set as variables before the text and stand in it as "$variable", so that the text
/// is the study's alone: what this reads wrongly may put a value where it was not meant, but never makes it code.
class ShellWriter {
 public:
  /// @param all_plain  no value of the text can be code, at whatever place
  /// @param variable   how names of variables begin that the text has none of
  ShellWriter(bool all_plain, std::string variable) : all_plain_(all_plain), variable_(std::move(variable)) {}

  void add_literal(std::string_view text) {
    for (std::size_t i = 0; i < text.size(); ++i) {
      result_ += text[i];
      if (!lost_.empty()) unread_ += text[i];
      show(text.substr(i, 1));
      advance(text[i], i + 1 < text.size() ? text[i + 1] : '\0');
    }
  }

  /// @param next  the first character after the value, or null
  void add_value(const std::string& value, const std::string& name, char next) {
    show("{{" + name + "}}");
    if (value.find('\0') != std::string::npos) refuse(name, "it holds a null character");
    result_ += written(value, name, next);
    note(value, name);
    escaped_ = false;
    previous_ = 'x';
    variable_name_ = false;
  }

  /// Several arguments. @param next  as above
  void add_list(const std::vector<std::string>& words, const std::string& name, char next) {
    if (frames_.back().context != Context::command || !lost_.empty()) {
      refuse(name, "`{{*" + name + "}}` stands in quotes or where no list of arguments can");
    }
    for (std::size_t i = 0; i < words.size(); ++i) {
      if (i > 0) add_literal(" ");
      add_value(words[i], name, i + 1 == words.size() ? next : ' ');
    }
  }

  std::string take_result() {
    if (lost_.empty()) end_word();
    while (true) {
      if (now_.in_word && now_.redirection == Redirection::none) now_.command.words.push_back(now_.word);
      judge();
      if (outer_.empty()) break;
      restore_command();
    }
    if (set_ && (typed_ || may_give_types(unread_))) refuse(set_->name, set_->reason);
    return setting_ + result_;
  }

 private:
  // pattern: in parentheses that are no commands: of an array, or a pattern of files
  enum class Context { command, pattern, single_quotes, double_quotes, backquotes, braces, arithmetic, comment };
  enum class Redirection { none, file, twice };  // twice: of which bash expands the word once more
  struct Frame {
    Context context;
    int depth = 0;  // of parentheses (or braces) inside
  };
  /// A command as far as it was read.
  struct Reading {
    ShellCommand command;
    ShellWord word;
    bool in_word = false;
    bool in_brackets = false;  // the word has a `[`
    int open_brackets = 0;     // of them, those that are no word's first character, without quotes
    bool shell_seen = false;   // a word names a shell
    Redirection redirection = Redirection::none;
  };

  bool in_command() const {
    return frames_.back().context == Context::command || frames_.back().context == Context::pattern;
  }

  std::string written(const std::string& value, const std::string& name, char next) {
    const Context context = frames_.back().context;
    const std::string reason = why_unsure();
    if (previous_ == '$' && !(lost_.empty() && context == Context::single_quotes)) {
      refuse(name, "a `$` stands before it");
    }
    const bool joins_name = variable_name_ && context != Context::single_quotes;
    const bool number = is_number(value);
    const bool plain = is_plain_word(value);
    if (number || (plain && all_plain_ && !reason.empty() && !here_document_)) {
      if (joins_name && !reason.empty()) refuse(name, "a variable's name stands before it: write it as ${...}");
      // `2>file` is a redirection of another descriptor, `'2'>file` is an argument.
      const bool redirects = in_command() && (next == '<' || next == '>');
      if (!reason.empty() || !(joins_name || redirects)) return value;
    }
    if (!reason.empty()) refuse(name, reason);
    if (context == Context::double_quotes && plain && !now_.word.expands) return value;
    if (context == Context::single_quotes && plain) return value;
    const std::string word = plain ? text::in_single_quotes(value) : "\"$" + variable_of(value) + '"';
    if (context == Context::single_quotes) return "'" + word + "'";
    if (context == Context::double_quotes) return "\"" + word + "\"";
    return word;
  }

  /// The variable that holds a value.
  std::string variable_of(const std::string& value) {
    auto known = std::find(values_.begin(), values_.end(), value);
    const bool is_new = known == values_.end();
    if (is_new) known = values_.insert(known, value);
    const std::string variable = variable_ + std::to_string(known - values_.begin() + 1);
    if (is_new) setting_ += variable + "=" + text::in_single_quotes(value) + "; ";
    return variable;
  }

  void note(const std::string& value, const std::string& name) {
    if (!is_number(value)) {
      mark(now_.word, name);
      for (Reading& outer : outer_) mark(outer.word, name);
    }
    now_.word.text += value;
    now_.word.quoted = true;
    now_.in_word = true;
  }

  static void mark(ShellWord& word, const std::string& name) {
    if (word.has_value()) return;
    word.value_at = word.text.size();
    word.value_name = name;
  }

  std::string why_unsure() const {
    if (!lost_.empty()) return lost_;
    if (escaped_) return "a backslash stands before it";
    const auto is_read_twice = [](const Reading& reading) { return reading.redirection == Redirection::twice; };
    if (is_read_twice(now_) || std::ranges::any_of(outer_, is_read_twice))
      return "bash reads what follows `>&`, `<&` and `&>` once more as code: for a file, write `> FILE 2>&1`";
    switch (frames_.back().context) {
      case Context::backquotes:
        return "it stands in backquotes: write $( ) instead";
      case Context::braces:
        return "it stands inside ${ }";
      case Context::arithmetic:
        return "it stands in an arithmetic expression";
      case Context::comment:
        return "it stands in a comment";
      case Context::pattern:
        return "it stands in parentheses of an array or a pattern";
      default:
        return now_.in_brackets ? "it may stand in an array's index" : "";
    }
  }

  [[noreturn]] void refuse(const std::string& name, const std::string& reason) const {
    throw SpecError(
        fmt::format("the value of `{}` cannot be put into the shell text safely, at `{}`: {}; give `run` as a list of "
                    "arguments instead, for example run = [\"sh\", \"script.sh\", \"{{{{{}}}}}\"]",
                    name, shown_, reason, name));
  }

  /// Keeps the end of what was read, for messages.
  void show(std::string_view text) {
    constexpr std::size_t enough = 60;
    shown_ += text;
    if (const std::size_t line = shown_.rfind('\n'); line != std::string::npos) shown_.erase(0, line + 1);
    if (shown_.size() > enough) shown_.erase(0, shown_.size() - enough);
  }

  void lose(const std::string& why) {
    if (lost_.empty()) lost_ = why;
  }

  void advance(char c, char next) {
    if (lost_.empty()) {
      if (escaped_) {
        take_escaped(c);
      } else {
        take(c, next);
      }
    }
    follow_variable(escaped_ || was_escaped_ ? '\0' : c);
    previous_ = escaped_ || was_escaped_ ? 'x' : c;
    was_escaped_ = false;
  }

  /// Whether `$name` stands here, to which a letter or digit would be joined.
  void follow_variable(char c) { variable_name_ = is_name_part(c) && (variable_name_ || previous_ == '$'); }

  void take_escaped(char c) {
    escaped_ = false;
    was_escaped_ = true;
    if (c == '\n') {  // a line that goes on: the shell removes both characters before it reads on
      if (std::string_view("$<>(&|").find(before_escape_) != std::string_view::npos)
        lose("a line goes on inside an operator");
      if (variable_name_) lose("a line goes on inside a variable's name");
      return;
    }
    add_quoted(c);
  }

  void add_quoted(char c) {
    add_character(c);
    now_.word.quoted = true;
  }

  void take(char c, char next) {
    switch (frames_.back().context) {
      case Context::command:
      case Context::pattern:
        return take_command(c, next);
      case Context::single_quotes:
        if (c == '\'') return leave();
        return add_quoted(c);
      case Context::double_quotes:
        return take_double_quoted(c);
      case Context::backquotes:
        if (c == '\\') return escape();
        if (c == '`') leave();
        return;
      case Context::braces:
        return take_braces(c);
      case Context::arithmetic:
        return take_arithmetic(c);
      case Context::comment:
        if (c == '\n') {
          leave();
          end_command();
        }
        return;
    }
  }

  void take_command(char c, char next) {
    if (!now_.in_word && c == '#') return enter(Context::comment);
    switch (c) {
      case '\\':
        return escape();
      case '\'':
        if (previous_ == '$') return lose("it follows a text in $'...'");
        return enter_quotes(Context::single_quotes);
      case '"':
        return enter_quotes(Context::double_quotes);
      case '`':
        return enter_backquotes();
      case '{':
        if (previous_ == '$') return enter_braces();
        break;
      case '(':
        return open_parenthesis(next);
      case ')':
        return close_parenthesis();
      case '<':
      case '>':
        return take_redirection(c);
      case '&':
        return take_ampersand(next);
      case '|':
        // `>|` and, in zsh, `>&|`
        if (now_.redirection != Redirection::none && !now_.in_word && (previous_ == '>' || previous_ == '&')) return;
        return end_command();
      case '\n':
      case ';':
        return end_command();
      case ' ':
      case '\t':
        return end_word();
      default:
        break;
    }
    if (c == '[' && now_.in_word) ++now_.open_brackets;
    if (c == ']' && now_.open_brackets > 0) --now_.open_brackets;
    add_character(c);
    if (c == '$') now_.word.expands = true;
  }

  void add_character(char c) {
    now_.word.text += c;
    now_.in_word = true;
    if (c == '[') now_.in_brackets = true;
  }

  void take_redirection(char c) {
    if (c == '<' && previous_ == '<') {
      here_document_ = true;
      return lose("it follows a here-document (`<<`)");
    }
    const bool is_descriptor =
        !now_.word.quoted && std::ranges::all_of(now_.word.text, [](char d) { return d >= '0' && d <= '9'; });
    if (is_descriptor) drop_word();
    const bool goes_on = now_.redirection == Redirection::twice && !now_.in_word && previous_ == '>';  // `&>>`
    end_word();
    now_.redirection = previous_ == '&' || goes_on ? Redirection::twice : Redirection::file;
  }

  void take_ampersand(char next) {
    const bool duplicates =
        now_.redirection != Redirection::none && !now_.in_word && (previous_ == '>' || previous_ == '<');
    if (duplicates) {
      now_.redirection = Redirection::twice;
    } else if (next == '>') {  // `&>` of bash, which others read as `&`, `>`
      end_word();
      now_.command.begins.push_back(now_.command.words.size());
    } else {
      end_command();
    }
  }

  void take_double_quoted(char c) {
    if (c == '\\') return escape();
    if (c == '"') return leave();
    if (c == '`') return enter_backquotes();
    if (c == '{' && previous_ == '$') return enter_braces();
    if (c == '(' && previous_ == '$') return enter_substitution();
    if (c == '$') now_.word.expands = true;
    add_quoted(c);
  }

  void take_braces(char c) {
    now_.word.text += c;
    if (c == '}') return leave();
    if (std::string_view("'\"`\\${").find(c) != std::string_view::npos) lose("it follows a quote or a $ inside ${ }");
  }

  void take_arithmetic(char c) {
    if (std::string_view("'\"`\\$#").find(c) != std::string_view::npos) {
      lose("it follows a quote or a $ in an arithmetic expression");
    }
    if (c == '(') ++frames_.back().depth;
    if (c == ')' && --frames_.back().depth == 0) leave();
    if (c != ')' && frames_.back().context == Context::arithmetic && frames_.back().depth == 1) {
      lose("it follows `((` that is no arithmetic expression");
    }
  }

  void open_parenthesis(char next) {
    if (previous_ == '$') return enter_substitution();
    if (previous_ == '(') return open_arithmetic();
    if ((previous_ == '<' || previous_ == '>') && !now_.in_word) return enter_substitution();
    const auto& words = now_.command.words;
    const bool begins = !now_.in_word && (words.empty() || is_shell_keyword(words.back()));
    if (begins || next == ')') {
      if (now_.word.has_value()) refuse(now_.word.value_name, "it would be a function's name");
      end_command();
      ++frames_.back().depth;
      return;
    }
    now_.command.begins.push_back(words.size() + 1);
    now_.in_word = true;
    now_.word.substitutes = true;
    open_command(Context::pattern);
  }

  void open_arithmetic() {
    const bool expansion = frames_.size() > 1 && just_entered_command_;
    if (!expansion) return lose("it follows `((`");
    leave();
    enter(Context::arithmetic);
    frames_.back().depth = 2;
  }

  void close_parenthesis() {
    end_command();
    if (--frames_.back().depth < 0) {
      frames_.back().depth = 0;
      if (frames_.size() > 1) leave();
    }
  }

  void escape() {
    escaped_ = true;
    before_escape_ = previous_;
  }

  void enter(Context context) {
    frames_.push_back({context});
    just_entered_command_ = false;
  }

  void enter_quotes(Context context) {
    now_.in_word = true;
    now_.word.quoted = true;
    enter(context);
  }

  void enter_backquotes() {
    now_.in_word = true;
    now_.word.expands = true;
    now_.word.substitutes = true;
    enter(Context::backquotes);
  }

  void enter_braces() {
    now_.word.text += '{';
    enter(Context::braces);
  }

  void enter_substitution() {
    now_.in_word = true;
    now_.word.expands = true;
    now_.word.substitutes = true;
    open_command(Context::command);
    just_entered_command_ = true;
  }

  void open_command(Context context) {
    enter(context);
    outer_.push_back(std::move(now_));
    now_ = {};
  }

  void restore_command() {
    now_ = std::move(outer_.back());
    outer_.pop_back();
  }

  void leave() {
    if (in_command()) restore_command();
    frames_.pop_back();
  }

  void drop_word() {
    now_.word = {};
    now_.in_word = false;
    now_.in_brackets = false;
    now_.open_brackets = 0;
  }

  void end_word() {
    just_entered_command_ = false;
    if (!now_.in_word) return;
    const ShellWord& word = now_.word;
    if (now_.open_brackets > 0) lose("it may stand in an array's index, or inside $[ ]");
    if (const std::string_view taker = code_taker(word); !taker.empty()) {
      lose(fmt::format("it follows `{}`", taker));
      typed_ = typed_ || taker == "declare" || taker == "typeset" || taker == "local";
    }
    if (names_shell(word)) now_.shell_seen = true;
    if (now_.shell_seen && word.text.size() > 1 && word.text[0] == '-' && word.text.find('c') != std::string::npos) {
      lose("it is given to another shell as code (`-c`)");
    }
    // A pattern of `case` ends in a parenthesis that would look like the end of $( ).
    if (word.text == "case" && frames_.size() > 1) lose("it follows `case` inside $( )");
    if (now_.redirection == Redirection::none) now_.command.words.push_back(std::move(now_.word));
    now_.redirection = Redirection::none;
    drop_word();
  }

  void end_command() {
    end_word();
    judge();
    now_ = {};
  }

  void judge() {
    if (all_plain_) return;
    if (const auto unsafe = unsafe_place(now_.command)) refuse(unsafe->name, unsafe->reason);
    typed_ = typed_ || gives_types(now_.command);
    if (!set_) set_ = set_value(now_.command);
  }

  std::string result_;
  std::string setting_;              // of variables that hold values
  std::vector<std::string> values_;  // that they hold
  bool all_plain_;
  std::string variable_;
  std::string shown_;
  std::vector<Frame> frames_{{Context::command}};
  std::vector<Reading> outer_;  // unfinished commands around each $( )
  Reading now_;
  bool just_entered_command_ = false;
  bool escaped_ = false;      // the next character follows a backslash
  bool was_escaped_ = false;  // the character just read did
  char before_escape_ = '\0';
  char previous_ = '\0';        // the last character, or 'x' if it was escaped or a value
  bool variable_name_ = false;  // "$name" was read last
  bool here_document_ = false;
  bool typed_ = false;              // a command gives variables types
  std::optional<UnsafePlace> set_;  // the first value that is one of a variable
  std::string lost_;
  std::string unread_;  // the text since then
};

/// The values that stand in a piece.
std::vector<std::string> values_of(const Piece& piece, const std::vector<std::string>& names) {
  if (piece.name == Piece::literal) return {};
  return piece.list ? words_of(piece.text, names[piece.name]) : std::vector<std::string>{piece.text};
}

bool are_all_plain(const std::vector<Piece>& pieces, const std::vector<std::string>& names) {
  return std::ranges::all_of(
      pieces, [&names](const Piece& piece) { return std::ranges::all_of(values_of(piece, names), is_plain_word); });
}

/// How names of variables begin of which there are none in the text.
std::string unused_variable(const std::vector<Piece>& pieces) {
  std::string variable = "windrow_value_";
  const auto occurs = [&variable](const Piece& piece) { return piece.text.find(variable) != std::string::npos; };
  while (std::ranges::any_of(pieces, occurs)) variable += '_';
  return variable;
}

}  // namespace

std::string shell_text(const std::vector<Piece>& pieces, const std::vector<std::string>& names) {
  ShellWriter writer(are_all_plain(pieces, names), unused_variable(pieces));
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    const Piece& piece = pieces[i];
    if (piece.name == Piece::literal) {
      writer.add_literal(piece.text);
      continue;
    }
    const bool literal_follows =
        i + 1 < pieces.size() && pieces[i + 1].name == Piece::literal && !pieces[i + 1].text.empty();
    const char next = literal_follows ? pieces[i + 1].text.front() : '\0';
    const std::string& name = names[piece.name];
    if (piece.list) {
      writer.add_list(words_of(piece.text, name), name, next);
    } else {
      writer.add_value(piece.text, name, next);
    }
  }
  return writer.take_result();
}

void check_environment(const std::string& variable, const std::vector<Piece>& pieces,
                       const std::vector<std::string>& names) {
  if (!is_special_variable(variable)) return;
  for (const Piece& piece : pieces) {
    if (piece.name == Piece::literal || is_number(piece.text) || is_plain_word(piece.text)) continue;
    throw SpecError(
        fmt::format("env.{}: shells read more than a text in this variable, so the value of `{}` cannot be "
                    "put there safely: give another variable, or a plain word",
                    variable, names[piece.name]));
  }
}

}  // namespace windrow::detail
