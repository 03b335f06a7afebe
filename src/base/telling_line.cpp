#include "base/interface/telling_line.hpp"

#include <algorithm>
#include <array>
#include <span>
#include <utility>

#include "windrow/base/text.hpp"

namespace windrow::detail {
namespace {

constexpr std::size_t kLongest = 2000;  // bytes of a line that are looked at
constexpr std::string_view kBlanks = " \t\r\v\f";

using Words = std::span<const std::string_view>;

// Small letters: lines are compared as such.
constexpr std::array<std::string_view, 20> kRuntime = {"fortran runtime error",
                                                       "forrtl: severe",
                                                       "forrtl: error",
                                                       "fio-f-",
                                                       "runtime error:",
                                                       "error: addresssanitizer",
                                                       "error: leaksanitizer",
                                                       "error: threadsanitizer",
                                                       "warning: threadsanitizer",
                                                       "warning: memorysanitizer",
                                                       "assertion `",
                                                       "assertion failed",
                                                       "' panicked at",
                                                       "exception in thread",
                                                       "stack smashing detected",
                                                       "double free or corruption",
                                                       "free(): ",
                                                       "malloc(): ",
                                                       "corrupted size",
                                                       "out of memory"};
constexpr std::array<std::string_view, 11> kAbort = {"mpi_abort",
                                                     "program received signal",
                                                     "noticed that process",
                                                     "an error occurred in mpi",
                                                     "signal: ",
                                                     "segmentation fault",
                                                     "bus error",
                                                     "illegal instruction",
                                                     "floating point exception",
                                                     "core dumped",
                                                     "killed"};
constexpr std::array<std::string_view, 22> kHints = {
    "no such file",   "not found",        "cannot ",   "can't ",   "could not", "unable to",
    "failed",         "failure",          "denied",    "invalid",  "diverge",   "not converge",
    "no convergence", "error stop",       "stop ",     "unknown ", "undefined", "unrecognized",
    "unexpected",     "terminate called", "exception", "abort"};
/// What mpirun, a shell or a batch system adds once a program has failed.
constexpr std::array<std::string_view, 18> kConsequences = {"non-zero exit code",
                                                            "non-zero status",
                                                            "job has been aborted",
                                                            "job to be terminated",
                                                            "primary job",
                                                            "process name: [[",
                                                            "exit code:",
                                                            "note: invoking mpi_abort",
                                                            "you may or may not see output",
                                                            "exactly when open mpi kills them",
                                                            "with errorcode",
                                                            "execution halted",
                                                            "error termination. backtrace",
                                                            "rust_backtrace",
                                                            "exited with exit code",
                                                            "job step aborted",
                                                            "forcing job termination",
                                                            "during handling of the above exception"};

bool has_any(std::string_view line, Words words) {
  return std::any_of(words.begin(), words.end(),
                     [line](std::string_view word) { return line.find(word) != std::string_view::npos; });
}

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

bool is_of_word(char c) {
  return is_letter(c) || is_digit(c) || c == '_';
}

std::string_view trimmed(std::string_view line) {
  const std::size_t begin = line.find_first_not_of(kBlanks);
  if (begin == std::string_view::npos) return {};
  return line.substr(begin, line.find_last_not_of(kBlanks) - begin + 1);
}

std::string small_letters(std::string_view line) {
  std::string small(line);
  for (char& c : small) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return small;
}

/// The length of the escape sequence at line[at], which a failure's message holds in its visible form; 0: none.
std::size_t escape_length(std::string_view line, std::size_t at) {
  const std::string_view rest = line.substr(at);
  std::size_t length = rest.starts_with('\x1b') ? 1 : rest.starts_with("\\x1b") ? 4 : 0;
  if (length == 0 || length >= rest.size() || rest[length] != '[') return length;
  ++length;
  while (length < rest.size() && !(rest[length] >= '@' && rest[length] <= '~')) ++length;
  return std::min(length + 1, rest.size());
}

/// Without colours, and without what mpirun --tag-output puts before a line.
std::string bare(std::string_view line) {
  line = line.substr(0, kLongest);
  std::string plain;
  for (std::size_t at = 0; at < line.size();) {
    const std::size_t escape = escape_length(line, at);
    if (escape == 0) plain += line[at];
    at += std::max<std::size_t>(escape, 1);
  }
  const std::size_t tag = plain.find(">:");
  const bool tagged = plain.starts_with('[') && tag != std::string::npos && plain.substr(0, tag).ends_with("<stderr");
  return tagged ? plain.substr(tag + 2) : plain;
}

/// "ValueError: ...", "mpi4py.MPI.Exception: ...", but not "Error: ...".
bool is_exception(std::string_view line) {
  std::size_t end = 0;
  while (end < line.size() && (is_of_word(line[end]) || line[end] == '.')) ++end;
  if (end < line.size() && line[end] != ':') return false;
  const std::string_view name = line.substr(0, end);
  constexpr std::array<std::string_view, 4> endings = {"Error", "Exception", "Interrupt", "Exit"};
  return std::any_of(endings.begin(), endings.end(), [name](std::string_view ending) {
    return name.size() > ending.size() && name.ends_with(ending) && is_letter(name.front());
  });
}

bool has_words(std::string_view text) {
  const std::string words = without_numbers(text);
  return std::adjacent_find(words.begin(), words.end(), [](char a, char b) { return is_letter(a) && is_letter(b); }) !=
         words.end();
}

/// Whether the word at line[at] says that the line is a message of an error: "Error: ...", "[error]", "ERROR in ...",
/// not "relative error: 1e-5".
bool is_label(std::string_view line, std::size_t at, std::size_t length) {
  if (at > 0 && is_of_word(line[at - 1])) return false;
  std::string_view rest = line.substr(at + length);
  if (!rest.empty() && is_of_word(rest.front())) return false;
  const auto is_capital = [line](std::size_t i) { return line[i] >= 'A' && line[i] <= 'Z'; };
  const bool first = line.substr(0, at).find_first_not_of("*->[(<# ") == std::string_view::npos;
  rest = trimmed(rest);
  const bool marked = !rest.empty() && std::string_view(":]>)!").find(rest.front()) != std::string_view::npos;
  if (!marked && !(is_capital(at) && (first || is_capital(at + 1)))) return false;
  rest.remove_prefix(std::min(rest.find_first_not_of(" \t:=]>)!"), rest.size()));
  if (rest.empty()) return true;
  return first ? has_words(rest) : !text::parse_double(rest.substr(0, rest.find_first_of(" ,;")));
}

bool calls_itself_an_error(std::string_view line, std::string_view small) {
  if (small.starts_with("warning") || small.starts_with("info")) return false;
  for (const std::string_view word : {"error", "fatal"}) {
    for (std::size_t at = 0; (at = small.find(word, at)) != std::string_view::npos; at += word.size()) {
      if (is_label(line, at, word.size())) return true;
    }
  }
  return false;
}

bool is_frame(std::string_view line) {
  const bool numbered = line.size() > 1 && line.front() == '#' && is_digit(line[1]);
  return numbered || line.starts_with("at ");
}

Tells weight_of(std::string_view line) {
  const bool says_something = std::any_of(line.begin(), line.end(),
                                          [](char c) { return is_letter(c) || static_cast<unsigned char>(c) > 0x7F; });
  if (!says_something) return Tells::nothing;
  const std::string small = small_letters(line);
  if (is_frame(line) || has_any(small, kConsequences)) return Tells::nothing;
  if (has_any(small, kRuntime) || small.starts_with("panic: ") || small.starts_with("what(): ")) return Tells::runtime;
  if (has_any(small, kAbort)) return Tells::abort;
  if (calls_itself_an_error(line, small)) return Tells::error;
  return has_any(small, kHints) && !small.starts_with("warning") ? Tells::hint : Tells::last;
}

/// Goes through a text line by line.
class Search {
 public:
  void look_at(std::string_view raw) {
    const std::string plain = bare(raw);
    const std::string_view line = trimmed(plain);
    const std::size_t margin = plain.find_first_not_of(kBlanks);
    if (line.starts_with("Traceback (most recent call last)")) {
      in_traceback_ = true;
      margin_ = margin;
      return;
    }
    if (line.empty()) return;
    const bool indented = margin > margin_;
    const bool is_place = line.starts_with("File \"") && line.find(", line ") != std::string_view::npos;
    if (is_place || line.starts_with("At line ")) place_ = line;
    if (is_place || (in_traceback_ && indented)) return;
    const bool thrown = std::exchange(in_traceback_, false) || is_exception(line);
    if (thrown) return take(line, Tells::runtime, true);
    if (std::exchange(title_, false)) return take(line, Tells::runtime);
    const Tells weight = weight_of(line);
    title_ = line.find("FOAM FATAL") != std::string_view::npos ||
             line.find(" Error Message ") != std::string_view::npos || (weight >= Tells::error && line.back() == ':');
    take(line, title_ ? Tells::hint : weight);
  }

  Telling result() && { return std::move(found_); }

 private:
  void take(std::string_view line, Tells weight, bool exception = false) {
    const bool later = weight == Tells::last || weight == Tells::hint || (exception && is_exception_);
    const bool better = weight > found_.weight || (weight == found_.weight && later);
    if (weight == Tells::nothing || !better) return;
    found_ = {std::string(line), weight == Tells::runtime ? place_ : "", weight};
    if (found_.where == found_.line) found_.where.clear();
    is_exception_ = exception;
  }

  Telling found_;
  bool is_exception_ = false;
  bool in_traceback_ = false;
  std::size_t margin_ = 0;  // of the traceback, which a failure's message indents as a whole
  bool title_ = false;      // the line before only announced what the next one says
  std::string place_;
};

}  // namespace

Telling telling_line(std::string_view text) {
  Search search;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    search.look_at(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return std::move(search).result();
}

std::string without_numbers(std::string_view line) {
  std::string common;
  for (std::size_t at = 0; at < line.size();) {
    const char c = line[at];
    if (kBlanks.find(c) != std::string_view::npos) {
      if (!common.empty() && common.back() != ' ') common += ' ';
      ++at;
      continue;
    }
    const bool is_sign = (c == '-' || c == '+') && at + 1 < line.size() && is_digit(line[at + 1]) &&
                         (common.empty() || !is_of_word(common.back()));
    if (!is_digit(c) && !is_sign) {
      common += c;
      ++at;
      continue;
    }
    at += is_sign ? 1 : 0;
    const bool is_hex = line.substr(at).starts_with("0x") || line.substr(at).starts_with("0X");
    at += is_hex ? 2 : 0;
    while (at < line.size()) {
      const char d = line[at];
      const bool is_exponent =
          !is_hex && std::string_view("eEdD").find(d) != std::string_view::npos && at + 1 < line.size() &&
          (is_digit(line[at + 1]) || (std::string_view("+-").find(line[at + 1]) != std::string_view::npos &&
                                      at + 2 < line.size() && is_digit(line[at + 2])));
      const bool is_point = d == '.' && at + 1 < line.size() && is_digit(line[at + 1]);
      const bool is_of_hex = is_hex && ((d >= 'a' && d <= 'f') || (d >= 'A' && d <= 'F'));
      if (!is_digit(d) && !is_point && !is_exponent && !is_of_hex) break;
      at += is_exponent ? 2 : 1;
    }
    common += '#';
  }
  while (common.ends_with(' ')) common.pop_back();
  return common;
}

}  // namespace windrow::detail
