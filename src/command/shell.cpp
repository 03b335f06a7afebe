#include "shell.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "windrow/base/text.hpp"
#include "windrow/error.hpp"

namespace windrow::detail {

namespace {

using text::is_plain_word;

/// Whether it can be no keyword, no assignment and no line that ends a here-document.
bool is_number_like(std::string_view text) {
  return is_plain_word(text) && text.find('=') == std::string_view::npos &&
         std::string_view("0123456789+-.").find(text.front()) != std::string_view::npos;
}

/// Walks through shell text character by character and knows in which context it is. Where that cannot be known,
/// `lost_` says why, and only values that mean nothing to a shell may follow.
class ShellWriter {
 public:
  void add_literal(std::string_view text) {
    for (std::size_t i = 0; i < text.size(); ++i) {
      result_ += text[i];
      advance(text[i]);
    }
  }

  /// @param next  the first character after the value, or null
  void add_value(const std::string& value, const std::string& name, char next) {
    if (value.find('\0') != std::string::npos) refuse(name, "it holds a null character");
    result_ += quoted(value, name, next);
    word_ += value;
    word_start_ = false;
    escaped_ = false;
    previous_ = 'x';
  }

  std::string take_result() { return std::move(result_); }

 private:
  enum class Context { command, single_quotes, double_quotes, backquotes, braces, arithmetic, comment };
  struct Frame {
    Context context;
    int depth = 0;  // of parentheses (or braces) inside
  };

  std::string quoted(const std::string& value, const std::string& name, char next) {
    const Context context = frames_.back().context;
    const bool sure = lost_.empty();
    if (previous_ == '$' && !(sure && context == Context::single_quotes)) refuse(name, "a `$` stands before it");
    // `2>file` is a redirection of another descriptor, `'2'>file` is an argument.
    const bool redirects = sure && context == Context::command && (next == '<' || next == '>');
    if (is_number_like(value) && !redirects) return value;
    if (const std::string reason = why_unsure(); !reason.empty()) {
      if (!is_plain_word(value) || here_document_) refuse(name, reason);
      return value;
    }
    if (context == Context::single_quotes) {
      const std::string text = text::in_single_quotes(value);
      return text.substr(1, text.size() - 2);
    }
    if (context == Context::double_quotes) {
      if (value.find_first_of("$`\"\\!") == std::string::npos) return value;
      return fmt::format("\"{}\"", text::in_single_quotes(value));
    }
    return text::in_single_quotes(value);
  }

  std::string why_unsure() const {
    if (!lost_.empty()) return lost_;
    if (escaped_) return "a backslash stands before it";
    switch (frames_.back().context) {
      case Context::backquotes:
        return "it stands in backquotes";
      case Context::braces:
        return "it stands inside ${ }";
      case Context::arithmetic:
        return "it stands in an arithmetic expression";
      case Context::comment:
        return "it stands in a comment";
      default:
        return word_.find('[') == std::string::npos ? "" : "it may stand in an array's index";
    }
  }

  [[noreturn]] static void refuse(const std::string& name, const std::string& reason) {
    throw SpecError(
        fmt::format("the value of `{}` cannot be put into the shell text safely: {}; give `run` as a list of arguments "
                    "instead, for example run = [\"sh\", \"script.sh\", \"{{{{{}}}}}\"]",
                    name, reason, name));
  }

  void lose(const std::string& why) {
    if (lost_.empty()) lost_ = why;
  }

  void advance(char c) {
    if (lost_.empty()) {
      if (escaped_) {
        take_escaped(c);
      } else {
        take(c);
      }
    }
    previous_ = escaped_ || was_escaped_ ? 'x' : c;
    was_escaped_ = false;
  }

  void take_escaped(char c) {
    escaped_ = false;
    was_escaped_ = true;
    if (c == '\n') {  // a line that goes on: the shell removes both characters before it reads on
      if (std::string_view("$<(").find(before_escape_) != std::string_view::npos)
        lose("a line goes on inside an operator");
      return;
    }
    word_ += c;
    word_start_ = false;
  }

  void take(char c) {
    switch (frames_.back().context) {
      case Context::command:
        return take_command(c);
      case Context::single_quotes:
        if (c == '\'') return leave();
        word_ += c;
        return;
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
          end_word(true);
        }
        return;
    }
  }

  void take_command(char c) {
    if (word_start_ && c == '#') return enter(Context::comment);
    switch (c) {
      case '\\':
        return escape();
      case '\'':
        if (previous_ == '$') return lose("it follows a text in $'...'");
        return enter(Context::single_quotes);
      case '"':
        return enter(Context::double_quotes);
      case '`':
        return enter(Context::backquotes);
      case '{':
        if (previous_ == '$') return enter(Context::braces);
        break;
      case '(':
        return open_parenthesis();
      case ')':
        return close_parenthesis();
      case '<':
        if (previous_ == '<') {
          here_document_ = true;
          return lose("it follows a here-document (`<<`)");
        }
        return end_word(true);
      case '\n':
      case ';':
      case '&':
      case '|':
        end_word(true);
        shell_seen_ = false;
        return;
      case ' ':
      case '\t':
      case '>':
        return end_word(true);
      default:
        break;
    }
    word_ += c;
    word_start_ = false;
  }

  void take_double_quoted(char c) {
    if (c == '\\') return escape();
    if (c == '"') return leave();
    if (c == '`') return enter(Context::backquotes);
    if (c == '{' && previous_ == '$') return enter(Context::braces);
    if (c == '(' && previous_ == '$') return enter(Context::command);
    word_ += c;
  }

  void take_braces(char c) {
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

  void open_parenthesis() {
    if (previous_ == '$') return enter(Context::command);
    if (previous_ != '(') {
      end_word(true);
      ++frames_.back().depth;
      return;
    }
    const bool expansion = frames_.size() > 1 && just_entered_command_;
    if (!expansion) return lose("it follows `((`");
    leave();
    enter(Context::arithmetic);
    frames_.back().depth = 2;
  }

  void close_parenthesis() {
    end_word(true);
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
    just_entered_command_ = context == Context::command;
    if (context == Context::command) {
      words_.push_back(std::move(word_));
      word_.clear();
    }
    word_start_ = context == Context::command;
  }

  void leave() {
    if (frames_.back().context == Context::command) {
      word_ = std::move(words_.back());
      words_.pop_back();
    }
    frames_.pop_back();
    word_start_ = false;
  }

  void end_word(bool word_start) {
    static constexpr std::array<std::string_view, 13> evaluating = {
        "eval", "trap", "ssh", "rsh", "let", "declare", "typeset", "local", "unset", "read", "alias", "[[", "su"};
    static constexpr std::array<std::string_view, 6> shells = {"sh", "bash", "dash", "ksh", "zsh", "csh"};
    const std::string_view name = std::string_view(word_).substr(word_.rfind('/') + 1);
    const bool expands = word_.find('$') != std::string::npos;  // `${empty}eval` runs eval
    for (const std::string_view command : evaluating) {
      if (name == command || (expands && name.ends_with(command))) lose(fmt::format("it follows `{}`", command));
    }
    if (std::find(shells.begin(), shells.end(), name) != shells.end()) shell_seen_ = true;
    if (shell_seen_ && word_.size() > 1 && word_[0] == '-' && word_.find('c') != std::string::npos) {
      lose("it is given to another shell as code (`-c`)");
    }
    // A pattern of `case` ends in a parenthesis that would look like the end of $( ).
    if (word_ == "case" && frames_.size() > 1) lose("it follows `case` inside $( )");
    word_.clear();
    word_start_ = word_start;
    just_entered_command_ = false;
  }

  std::string result_;
  std::vector<Frame> frames_{{Context::command}};
  std::vector<std::string> words_;  // unfinished words around each $( )
  std::string word_;                // the word being read, without its quotes
  bool word_start_ = true;
  bool just_entered_command_ = false;
  bool escaped_ = false;      // the next character follows a backslash
  bool was_escaped_ = false;  // the character just read did
  char before_escape_ = '\0';
  char previous_ = '\0';  // the last character, or 'x' if it was escaped or a value
  bool shell_seen_ = false;
  bool here_document_ = false;
  std::string lost_;
};

}  // namespace

std::string shell_text(const std::vector<Piece>& pieces, const std::vector<std::string>& names) {
  ShellWriter writer;
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    const Piece& piece = pieces[i];
    if (piece.name == Piece::literal) {
      writer.add_literal(piece.text);
      continue;
    }
    const bool text_follows = i + 1 < pieces.size() && !pieces[i + 1].text.empty();
    writer.add_value(piece.text, names[piece.name], text_follows ? pieces[i + 1].text.front() : '\0');
  }
  return writer.take_result();
}

}  // namespace windrow::detail
