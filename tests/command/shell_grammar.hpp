#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <random>
#include <string>
#include <utility>
#include <vector>

/// Random shell texts with tags at random places, and values that would make a file if a shell read them as code.
namespace windrow::shell_fuzz {

struct Case {
  std::string text;  ///< with its tags {{v}} and {{w}}
  std::array<std::string, 2> values;
};

/// Texts by a grammar of what shells know. What a text does with variables that hold values (`p`, `q`, `$1`, `$_`) is
/// harmless by itself: `eval "$p"` would be the text's own doing.
class Grammar {
 public:
  /// @param mark  the file that values try to make
  Grammar(std::uint64_t seed, const std::string& mark) : random_(seed) {
    const std::string code = ":>" + mark;  // mksh does nothing for $(>file)
    for (const std::string before : {"", "a", "x", "HOME", "path", "argv", "1+a", "b=a"}) {
      values_.push_back(before + "[$(" + code + ")]");
    }
    const std::vector<std::string> hostile = {"$(" + code + ")",
                                              "`" + code + "`",
                                              ";" + code,
                                              ";" + code + ";",
                                              "\n" + code + "\n",
                                              "';" + code + ";'",
                                              "\";" + code + ";\"",
                                              "&&" + code,
                                              "|" + code,
                                              code,
                                              "&" + code,
                                              ")" + code + "(",
                                              "};" + code + ";{",
                                              "))" + code,
                                              "]];" + code,
                                              "\\';" + code,
                                              "\\\";" + code,
                                              "'$(" + code + ")'",
                                              "\"$(" + code + ")\"",
                                              "${x:=$(" + code + ")}",
                                              "${a[$(" + code + ")]}",
                                              "}$(" + code + ")",
                                              "A=$(" + code + ")",
                                              "a[$(" + code + ")]=1",
                                              "[$(" + code + ")]=1",
                                              "a+=($(" + code + "))",
                                              "(e:" + code + ":)",
                                              "*(e:" + code + ":)",
                                              "(($(" + code + ")))",
                                              "E\n" + code + "\n",
                                              "\nE\n" + code,
                                              "#\n" + code,
                                              "-v\n" + code,
                                              "$((a[$(" + code + ")]))",
                                              "() { " + code + "; }",
                                              "f() {" + code + ";}",
                                              "<(" + code + ")",
                                              "=(" + code + ")",
                                              "\\\n" + code,
                                              "\x81$(" + code + ")",
                                              "\x88'\x82;" + code,
                                              "\xc3;" + code + ";\xa9",
                                              "'\\'';" + code,
                                              "%d$(" + code + ")",
                                              "BASH_ENV=$(" + code + ")",
                                              "$" + std::string("{(e)x}") + "$(" + code + ")",
                                              "!$(" + code + ")",
                                              "~$(" + code + ")",
                                              "@$(" + code + ")",
                                              "1$(" + code + ")",
                                              " $(" + code + ") ",
                                              "eval " + code,
                                              "-c " + code,
                                              "$'\\x3e" + mark + "'",
                                              "esac;" + code,
                                              ";;*)" + code,
                                              "fi;" + code,
                                              "done;" + code};
    values_.insert(values_.end(), hostile.begin(), hostile.end());
  }

  Case next() {
    std::string text = line();
    while (chance(4)) text += pick({"\n", "; ", "\n", " && ", " || ", " & "}) + line();
    while (chance(6)) text = damaged(text);
    if (text.find("{{") == std::string::npos) text += " {{v}}";
    Case fuzzed{std::move(text), {pick(values_), {}}};
    fuzzed.values[1] = chance(2) ? pick(values_) : pick(small_);
    if (chance(12)) std::swap(fuzzed.values[0], fuzzed.values[1]);
    return fuzzed;
  }

 private:
  using Choices = std::vector<std::string>;

  std::size_t below(std::size_t bound) { return static_cast<std::size_t>(random_() % bound); }
  bool chance(std::size_t one_in) { return below(one_in) == 0; }
  std::string pick(const Choices& choices) { return choices[below(choices.size())]; }

  std::string tag() { return chance(4) ? "{{w}}" : "{{v}}"; }
  std::string safe_literal() {
    return pick({"a", "b1", "-n", "--k=", ".", "x y", "0", "2", "=", ":", ",", "%", "+", "-", "@", "^"});
  }
  std::string literal() {
    return pick({"a",   "b", "e",   "1", "-", "--o=",  "x=", "=", ":",    ",",    ".",    "~",
                 "*",   "?", "[a]", "[", "]", "{a,b}", "{",  "}", "\\a",  "\\\\", "\\\"", "\\'",
                 "\\$", "%", "!",   "#", "^", "@",     "+",  "$", "\\\n", "(",    ")"});
  }
  /// Expansions that mean the same at whatever place.
  std::string expansion() {
    return pick({"$x",       "${x}",      "$y",
                 "${y}",     "$#",        "$?",
                 "$$",       "${#x}",     "${x#a}",
                 "${x%%b}",  "${x:-c}",   "${y:+d}",
                 "$((1+2))", "$(echo a)", "`echo a`",
                 "$-",       "$\"a\"",    "$((x))",
                 "${x}:h",   "$x:t",      chance(4) ? pick({"${x-\"a\"}", "$[1]", "$x[1]", "$'a'"}) : "$x"});
  }
  std::string braced() {
    return "${" + pick({"x:-", "y:=", "x#", "x%", "y:+", "x/a/", "x:", "a[", "x^", "(e)", "!", "#"}) + tag() +
           pick({"", "", "]"}) + "}";
  }
  std::string part(int depth) {
    switch (below(depth > 0 ? 13 : 8)) {
      case 0:
      case 1:
        return tag();
      case 2:
      case 3:
        return safe_literal();
      case 4:
        return chance(3) ? literal() : safe_literal();
      case 5:
        return expansion();
      case 6:
        return "'" + inside_single() + "'";
      case 7:
        return chance(8) ? braced() : safe_literal();
      case 8:
      case 9:
        return "\"" + inside_double(depth - 1) + "\"";
      case 10:
        return "$(" + commands(depth - 1) + ")";
      case 11:
        return chance(8) ? "`" + simple(depth - 1) + "`" : chance(3) ? "$(( " + arithmetic() + " ))" : expansion();
      default:
        return chance(2) ? "<(" + simple(depth - 1) + ")" : "$(" + simple(depth - 1) + ")";
    }
  }
  std::string word(int depth = 1) {
    std::string text = part(depth);
    while (chance(4)) text += part(depth);
    return text;
  }
  std::string inside_single() {
    return (chance(2) ? safe_literal() : "") + (chance(2) ? tag() : "") + pick({"", "b", "\"", "\\", "$x", "`", "#"});
  }
  std::string inside_double(int depth) {
    std::string text;
    do {
      switch (below(depth > 0 ? 7 : 6)) {
        case 0:
        case 1:
          text += tag();
          break;
        case 2:
          text += safe_literal();
          break;
        case 3:
          text += pick({"'", "\\\"", "\\\\", "\\$", "\\`", "#", "!", "[", "]", "(", ")", "{", "}", "\\a", "$", "&"});
          break;
        case 4:
          text += expansion();
          break;
        case 5:
          text += chance(12) ? braced() : "";
          break;
        default:
          text += "$(" + simple(depth - 1) + ")";
      }
    } while (chance(2));
    return text;
  }
  std::string arithmetic() {
    return pick({"", "1+", "x+", "a[", "(", "x=", "$x*", "x?"}) + (chance(5) ? expansion() : tag()) +
           pick({"", "+1", "]", ")", ":2", "*2"});
  }
  std::string redirection(int depth) {
    const std::string target = chance(3)   ? word(depth)
                               : chance(2) ? tag()
                                           : pick({"out", "null", "&1", "&2", "&-", "x"}) + (chance(2) ? tag() : "");
    return pick({" >",   " > ",    " >>",    " <",  " < ",  " 2>",      " >&",  " >& ", " &>",
                 " &> ", " <&",    " >|",    " <>", " 1>&", " 2>&1 >&", " &>>", " >>&", " <<<",
                 " 3<>", "{{w}}>", " {fd}>", " >!", " >&|", " >&!",     " 2>& "}) +
           target;
  }
  /// Commands that print or take texts, and those of which it is to be seen.
  std::string name() {
    if (chance(6)) {
      return pick({"test",
                   "[",
                   "[[",
                   "printf",
                   "printf -v",
                   "print",
                   "print -r --",
                   "let",
                   "export",
                   "readonly",
                   "declare",
                   "typeset",
                   "typeset -i",
                   "local",
                   "read",
                   "unset",
                   "set",
                   "set --",
                   "set -A",
                   "shift",
                   "exit",
                   "return",
                   "break",
                   "ulimit",
                   "ulimit -c",
                   "umask",
                   "wait",
                   "getopts ab",
                   "trap",
                   "alias",
                   "hash",
                   "type",
                   "command",
                   "command -v",
                   "builtin",
                   "exec",
                   "eval",
                   "integer",
                   "float",
                   "mapfile",
                   "compgen -W",
                   "cd",
                   "env",
                   "env -i",
                   "emulate sh -c",
                   "repeat 1",
                   "time",
                   "!",
                   "noglob",
                   "-",
                   "test -v",
                   "test -t",
                   "[ -v",
                   "declare -a",
                   "export -n",
                   "readonly -a",
                   "pushd",
                   "enable",
                   "bind",
                   "unalias",
                   "zstyle",
                   "zformat",
                   "which",
                   "whence",
                   "nameref",
                   "limit",
                   "setopt",
                   "shopt -s",
                   "{ev,}al",
                   "\\eval",
                   "e'v'al",
                   "$y{{v}}",
                   "${y}eval",
                   "$x",
                   "\"$x\"",
                   "$(echo eval)",
                   "sh -c",
                   "bash -c",
                   "dash -c",
                   "nice sh -c",
                   "b{{v}}",
                   "printf %d",
                   "printf '%s %d'",
                   "printf {{w}}",
                   "echo -e",
                   "echo -n",
                   "function",
                   "times",
                   "jobs",
                   "let x=",
                   "vared",
                   "disable -a",
                   "functions",
                   "autoload",
                   "private",
                   "global",
                   "zparseopts",
                   "log",
                   "r",
                   "sched",
                   "complete"});
    }
    return pick({"echo", "printf '%s'", "printf %s", ":", "true", "echo", "f", "s", "cat"});
  }
  std::string simple(int depth) {
    std::string text;
    if (chance(8))
      text += pick({"A=", "p=", "q=", "IFS=", "PS4=", "x+=", "a[", "A+=", "path=", "SECONDS=", "OPTIND="}) +
              word(depth) + " ";
    if (chance(30)) text += pick({"if ", "! ", "time ", "{ ", "( ", "then ", "do "});
    if (chance(14)) {
      text += word(depth);
    } else {
      text += name();
    }
    if (chance(16))
      return pick({"[ ", "[ ! "}) + pick({"-n ", "-z ", "-f ", word(depth) + " = ", word(depth) + " != "}) +
             word(depth) + " ]";
    const std::size_t words = 1 + below(2);
    for (std::size_t i = 0; i < words; ++i) {
      text += " ";
      if (chance(14)) {
        text +=
            pick({"-eq ", "-gt ", "= ", "!= ", "-a ", "-o ", "-v ", "] ", "=~ ", "< ", "-nt ", "== ", "-- ", "-c "});
      }
      text += word(depth);
    }
    if (chance(5)) text += redirection(depth);
    if (chance(20)) text += pick({" ]", " ]]", " -eq 1", " = a", " #" + tag(), " ; }", " )"});
    return text;
  }
  std::string assignment(int depth) {
    return pick({"p",
                 "q",
                 "p",
                 "q",
                 "export A",
                 "export p",
                 "readonly B",
                 "declare p",
                 "typeset -i p",
                 "local p",
                 "PS4",
                 "IFS",
                 "REPORTTIME",
                 "BASH_ENV",
                 "SECONDS",
                 "RANDOM",
                 "OPTIND",
                 "COLUMNS",
                 "LINES",
                 "SHLVL",
                 "HISTSIZE",
                 "TMOUT",
                 "PATH",
                 "A",
                 "p+",
                 "BASH_ENV",
                 "LINENO",
                 "a[1]",
                 "a[{{v}}]",
                 "a[ {{v}} ]",
                 "a[1 + {{v}}]",
                 "p=$[ {{v}} ] q",
                 "a[$x "}) +
           "=" + (chance(6) ? "(" + word(depth) + ")" : word(depth));
  }
  std::string commands(int depth) {
    std::string text = simple(depth);
    if (chance(4)) text += pick({"; ", " | ", " && ", " || ", "\n", " |& ", "& "}) + simple(depth);
    return text;
  }
  std::string here_document() {
    return "cat <<" + pick({"E", "'E'", "-E", "\\E", "\"E\"", "{{w}}"}) + "\n" + word() + "\n" +
           pick({"E", "{{w}}", " E"}) + "\n";
  }
  std::string line() {
    switch (below(24)) {
      case 0:
        return assignment(1);
      case 20:
        return pick({"p=", "q=", "export p=", "A="}) + word();
      case 1:
        return pick({"if ", "if ! "}) + commands(1) + "; then " + commands(1) +
               pick({"; fi", "; else " + simple(1) + "; fi"});
      case 2:
        return "for " + pick({"p", "q", "SECONDS", "OPTIND", "RANDOM"}) + " in " + word() + "; do " + commands(1) +
               "; done";
      case 3:
        return "case " + word() + " in " + pick({"", "("}) + word(1) + ") " + simple(1) + ";; *) " + simple(1) +
               ";; esac";
      case 4:
        return pick({"h() { ", "h () { ", "function h { ", "h() ( ", "h(){ "}) + simple(1) +
               pick({"; }; h ", "; }; h ", " ); h "}) + word();
      case 5:
        return "(" + commands(1) + ")";
      case 6:
        return "{ " + commands(1) + "; }";
      case 7:
        return chance(3) ? "(( " + arithmetic() + " ))" : commands(1);
      case 8:
        return chance(2) ? simple(1)
                         : "[[ " + word(1) + pick({" = ", " == ", " -eq ", " =~ ", " -nt "}) + word(1) + " ]] && " +
                               simple(1);
      case 9:
        return commands(1) + (chance(2) ? "\n" + here_document() : "");
      case 10:
        return pick({"a=(", "p=(", "echo *(", "echo @(", "set -A p "}) + word() + pick({")", ")", " x)"});
      case 11:
        return "# " + word(1) + "\n" + simple(1);
      default:
        return commands(1);
    }
  }
  /// A character of it goes, comes or is doubled.
  std::string damaged(std::string text) {
    if (text.empty()) return text;
    const std::size_t at = below(text.size());
    for (const std::string tag : {"{{v}}", "{{w}}"}) {
      for (std::size_t i = text.find(tag); i != std::string::npos; i = text.find(tag, i + 1)) {
        if (at > i && at < i + tag.size()) return text;
      }
    }
    if (chance(3) && text[at] != '{') {
      text.erase(at, 1);
    } else {
      text.insert(at, pick({"'", "\"", "`", "\\", "$", "(", ")", "&", ">",    "<",
                            ";", "\n", "#", "|",  "=", "[", "]", " ", "\\\n", "!"}));
    }
    return text;
  }

  std::mt19937_64 random_;
  Choices values_;
  Choices small_ = {"1",
                    "-1",
                    "2.5",
                    "1e5",
                    "a",
                    "x",
                    "p",
                    "q",
                    "eval",
                    "print",
                    "typeset",
                    "export",
                    "-v",
                    "-c",
                    "-eq",
                    "-i",
                    "windrow_value_1",
                    "=",
                    "%d",
                    "E",
                    "A=b",
                    "BASH_ENV=x",
                    "",
                    " ",
                    "'",
                    "\"",
                    "\\",
                    "-",
                    "set",
                    "test",
                    "[",
                    "printf",
                    "source",
                    ".",
                    "read",
                    "-n",
                    "f",
                    "PATH",
                    "a b",
                    "p[1]",
                    "let",
                    "command",
                    "declare"};
};

}  // namespace windrow::shell_fuzz
