// How an expression is read. muParser evaluates it, but knows no texts, no dots in names and no `!`, and its messages
// do not say what stands where: so it is understood here, and handed over with all that in order.
#include "design/expression_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <numbers>

#include "windrow/base/text.hpp"
#include "windrow/error.hpp"

namespace windrow::detail {
namespace {

enum class TokenKind { number, text, name, sign, end };

struct Token {
  TokenKind kind = TokenKind::end;
  std::string_view text;  // as it stands there; empty at the end
  double number = 0.0;
};

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}
bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

class Tokens {
 public:
  explicit Tokens(std::string_view text) : text_(text) {}

  /// @throws SpecError for what is no part of an expression
  Token next() {
    while (at_ < text_.size() && std::string_view(" \t\r\n").find(text_[at_]) != std::string_view::npos) ++at_;
    if (at_ == text_.size()) return {};
    const char c = text_[at_];
    if (is_digit(c) || (c == '.' && at_ + 1 < text_.size() && is_digit(text_[at_ + 1]))) return number();
    if (is_letter(c)) return name();
    if (c == '\'' || c == '"') return quoted();
    return sign();
  }

  [[noreturn]] void fail(const std::string& message) const {
    throw SpecError(fmt::format("in \"{}\": {}", text_, message));
  }

 private:
  Token take(TokenKind kind, std::size_t length) {
    const Token token{kind, text_.substr(at_, length), 0.0};
    at_ += length;
    return token;
  }

  Token number() {
    const std::string rest(text_.substr(at_));
    char* end = nullptr;
    const double value = std::strtod(rest.c_str(), &end);
    Token token = take(TokenKind::number, static_cast<std::size_t>(end - rest.c_str()));
    token.number = value;
    if (!std::isfinite(value)) fail(fmt::format("{} is too large a number", token.text));
    if (at_ < text_.size() && (is_letter(text_[at_]) || text_[at_] == '.')) {
      fail(fmt::format("unexpected {} after {}", text_[at_], token.text));
    }
    return token;
  }

  Token name() {
    std::size_t end = at_;
    const auto belongs = [&](std::size_t i) {
      if (i >= text_.size()) return false;
      return is_letter(text_[i]) || is_digit(text_[i]) ||
             (text_[i] == '.' && i + 1 < text_.size() && is_letter(text_[i + 1]));
    };
    while (belongs(end)) ++end;
    return take(TokenKind::name, end - at_);
  }

  Token quoted() {
    const std::size_t end = text_.find(text_[at_], at_ + 1);
    if (end == std::string_view::npos) fail(fmt::format("the quote {} has no end", text_.substr(at_)));
    return take(TokenKind::text, end + 1 - at_);
  }

  Token sign() {
    for (const std::string_view two : {"&&", "||", "==", "!=", "<=", ">="}) {
      if (text_.substr(at_, 2) == two) return take(TokenKind::sign, 2);
    }
    const char c = text_[at_];
    if (std::string_view("+-*/^()<>!?:,").find(c) != std::string_view::npos) return take(TokenKind::sign, 1);
    if (c == '=') fail("`=` sets a value: `==` compares");
    if (c == '&' || c == '|') fail(fmt::format("unexpected {0}: conditions are joined by {0}{0}", c));
    if (c == '%') fail("unexpected %: the rest of a division is fmod(a, b), a share is a number such as 0.05");
    std::size_t length = 1;  // of a character in UTF-8
    while (at_ + length < text_.size() && (static_cast<unsigned char>(text_[at_ + length]) & 0xc0U) == 0x80U) ++length;
    fail(fmt::format("unexpected {}", text_.substr(at_, length)));
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

/// A part of the expression: what muParser gets, and what it stands for.
struct Part {
  std::string formula;
  ExpressionKind kind;
  std::string_view shown;   // a name or text alone, for messages; empty otherwise
  std::size_t use = kNone;  // a name alone, as which it counts when it is known what it is used as

  static constexpr std::size_t kNone = static_cast<std::size_t>(-1);
};

class Reader {
 public:
  Reader(std::string_view text, const std::vector<ExpressionName>& names, const std::string& what)
      : text_(text), names_(names), what_(what), tokens_(text) {
    ahead_ = tokens_.next();
  }

  ReadExpression read() {
    if (ahead_.kind == TokenKind::end) throw SpecError("an expression is empty");
    Part whole = choice();
    if (ahead_.kind != TokenKind::end) {
      if (is(",")) fail(fmt::format("{}: `&&` joins conditions", unexpected()));
      fail(unexpected());
    }
    if (whole.kind == ExpressionKind::text) {
      result_.formula = as_text(whole);
    } else {
      result_.formula = as_number(whole);
    }
    result_.kind = whole.kind;
    return std::move(result_);
  }

 private:
  static constexpr int kMostNested = 100;

  [[noreturn]] void fail(const std::string& message) const { tokens_.fail(message); }

  bool is(std::string_view sign) const { return ahead_.kind == TokenKind::sign && ahead_.text == sign; }
  Token take() {
    const Token taken = ahead_;
    before_ = taken;
    ahead_ = tokens_.next();
    return taken;
  }
  bool take_if(std::string_view sign) {
    if (!is(sign)) return false;
    take();
    return true;
  }

  std::string unexpected() const {
    const std::string what = ahead_.kind == TokenKind::end ? "end" : std::string(ahead_.text);
    if (before_.kind == TokenKind::end) return fmt::format("unexpected {} at the beginning", what);
    return fmt::format("unexpected {} after {}", what, before_.text);
  }
  void expect(std::string_view sign) {
    if (take_if(sign)) return;
    if (ahead_.kind == TokenKind::end) fail(fmt::format("missing {} after {}", sign, before_.text));
    fail(fmt::format("{}, where {} is missing", unexpected(), sign));
  }

  /// What is wrong with a text where a number must stand.
  [[noreturn]] void fail_for_text(const Part& part) const {
    if (!part.shown.empty() && part.use != Part::kNone) {
      throw SpecError(
          fmt::format("`{}` in `{}` is a text, not a number: texts compare with == and != only", part.shown, text_));
    }
    fail(fmt::format("{} is a text, not a number: texts compare with == and != only",
                     part.shown.empty() ? "a part" : part.shown));
  }

  std::string as_number(const Part& part) {
    if (part.kind == ExpressionKind::text) fail_for_text(part);
    if (part.use == Part::kNone) return part.formula;
    result_.used[part.use].as_number = true;
    return fmt::format("v{}", part.use);
  }
  std::string as_text(const Part& part) {
    if (part.use == Part::kNone) return part.formula;
    result_.used[part.use].as_text = true;
    return fmt::format("t{}", part.use);
  }

  /// One level deeper, as long as there are not too many.
  template <typename Read>
  Part nested(const Read& read) {
    if (++depth_ > kMostNested) fail(fmt::format("more than {} parts in each other", kMostNested));
    Part part = read();
    --depth_;
    return part;
  }

  // From what binds least to what binds most.

  Part choice() {
    return nested([&] {
      Part condition = any_of();
      if (!take_if("?")) return condition;
      const std::string asked = as_number(condition);
      const Part yes = choice();
      expect(":");
      const Part no = choice();
      const bool texts = yes.kind == ExpressionKind::text || no.kind == ExpressionKind::text;
      if (texts) check_both_texts(yes, no, "to choose from");
      const ExpressionKind kind =
          texts ? ExpressionKind::text
                : (yes.kind == no.kind && yes.kind != ExpressionKind::any ? yes.kind : ExpressionKind::number);
      const std::string first = texts ? as_text(yes) : as_number(yes);
      const std::string second = texts ? as_text(no) : as_number(no);
      return Part{fmt::format("({}?{}:{})", asked, first, second), kind, {}, Part::kNone};
    });
  }

  Part any_of() {
    return joined("||", [&] { return joined("&&", [&] { return comparison(); }); });
  }

  template <typename Read>
  Part joined(std::string_view sign, const Read& read) {
    Part first = read();
    if (!is(sign)) return first;
    std::string formula = "(" + as_number(first);
    while (take_if(sign)) formula += std::string(sign) + as_number(read());
    return {formula + ")", ExpressionKind::truth, {}, Part::kNone};
  }

  std::string_view comparing() const {
    for (const std::string_view sign : {"==", "!=", "<", "<=", ">", ">="}) {
      if (is(sign)) return sign;
    }
    return {};
  }

  Part comparison() {
    Part left = sum();
    const std::string_view sign = comparing();
    if (sign.empty()) return left;
    take();
    const Part right = sum();
    if (!comparing().empty()) fail(fmt::format("{}: comparisons are joined by &&, as a < b && b < c", unexpected()));
    const bool texts = left.kind == ExpressionKind::text || right.kind == ExpressionKind::text;
    const bool equality = sign == "==" || sign == "!=";
    if (texts && equality) check_both_texts(left, right, "to compare");
    const std::string first = texts && equality ? as_text(left) : as_number(left);
    const std::string second = texts && equality ? as_text(right) : as_number(right);
    return {fmt::format("({}{}{})", first, sign, second), ExpressionKind::truth, {}, Part::kNone};
  }

  void check_both_texts(const Part& a, const Part& b, std::string_view purpose) const {
    const auto may_be = [](const Part& part) {
      return part.kind == ExpressionKind::text || (part.kind == ExpressionKind::any && part.use != Part::kNone);
    };
    if (may_be(a) && may_be(b)) return;
    const Part& text = a.kind == ExpressionKind::text ? a : b;
    const Part& other = a.kind == ExpressionKind::text ? b : a;
    fail(fmt::format("{} is a text and {} is none: there is nothing {}", text.shown.empty() ? "one part" : text.shown,
                     other.shown.empty() ? "the other" : other.shown, purpose));
  }

  Part sum() {
    return chain("+", "-", [&] { return chain("*", "/", [&] { return signed_part(); }); });
  }

  template <typename Read>
  Part chain(std::string_view one, std::string_view other, const Read& read) {
    Part first = read();
    if (!is(one) && !is(other)) return first;
    std::string formula = "(" + as_number(first);
    while (is(one) || is(other)) {
      const std::string sign(take().text);
      formula += sign + as_number(read());
    }
    return {formula + ")", ExpressionKind::number, {}, Part::kNone};
  }

  Part signed_part() {
    if (!is("-") && !is("+") && !is("!")) return power();
    return nested([&] {
      const std::string_view sign = take().text;
      const std::string operand = as_number(signed_part());
      if (sign == "!") return Part{"(" + operand + "==0)", ExpressionKind::truth, {}, Part::kNone};
      if (sign == "+") return Part{operand, ExpressionKind::number, {}, Part::kNone};
      return Part{"(-" + operand + ")", ExpressionKind::number, {}, Part::kNone};
    });
  }

  Part power() {
    Part base = operand();
    if (!is("^")) return base;
    const std::string first = as_number(base);
    take();
    const Part exponent = signed_part();
    return {fmt::format("pow({},{})", first, as_number(exponent)), ExpressionKind::number, {}, Part::kNone};
  }

  Part operand() {
    if (take_if("(")) {
      Part inside = choice();
      expect(")");
      return inside;
    }
    if (ahead_.kind == TokenKind::number) return constant(take().number);
    if (ahead_.kind == TokenKind::text) return quoted(take().text);
    if (ahead_.kind != TokenKind::name) fail(unexpected());
    const std::string_view name = take().text;
    return is("(") ? call(name) : named(name);
  }

  Part constant(double number, ExpressionKind kind = ExpressionKind::number) {
    result_.constants.push_back(number);
    return {fmt::format("c{}", result_.constants.size() - 1), kind, before_.text, Part::kNone};
  }

  Part quoted(std::string_view shown) {
    const std::string text(shown.substr(1, shown.size() - 2));
    auto found = std::ranges::find(result_.texts, text);
    const auto code = static_cast<double>(found - result_.texts.begin());
    if (found == result_.texts.end()) result_.texts.push_back(text);
    return constant(code, ExpressionKind::text);
  }

  Part named(std::string_view name) {
    const auto known = std::ranges::find(names_, name, &ExpressionName::name);
    if (known == names_.end()) return word(name);
    const auto position = static_cast<std::size_t>(known - names_.begin());
    auto use = std::ranges::find(result_.used, position, &ReadExpression::Use::name);
    const auto place = static_cast<std::size_t>(use - result_.used.begin());
    if (use == result_.used.end()) result_.used.push_back({position, false, false});
    return {"", known->kind, name, place};
  }

  /// What is no name.
  Part word(std::string_view name) {
    if (name == "true") return constant(1.0, ExpressionKind::truth);
    if (name == "false") return constant(0.0, ExpressionKind::truth);
    if (name == "pi" || name == "_pi") return constant(std::numbers::pi);
    if (name == "_e") return constant(std::numbers::e);
    std::string hint;
    if (name == "and") hint = ": `and` is written &&";
    if (name == "or") hint = ": `or` is written ||";
    if (name == "not") hint = ": `not` is written !";
    std::vector<std::string> known;
    for (const ExpressionName& each : names_) known.push_back(each.name);
    if (hint.empty()) hint = text::suggestion(name, known);
    throw SpecError(fmt::format("`{}` in `{}` is no {}{}", name, text_, what_, hint));
  }

  Part call(std::string_view name) {
    const auto& functions = expression_functions();
    const auto found = std::ranges::find(functions, name, &ExpressionFunction::name);
    if (found == functions.end()) {
      std::vector<std::string> known;
      for (const ExpressionFunction& function : functions) known.push_back(function.name);
      throw SpecError(fmt::format("`{}` in `{}` is no function{}", name, text_, text::suggestion(name, known)));
    }
    take();
    std::vector<std::string> arguments;
    if (!is(")")) {
      do arguments.push_back(as_number(choice()));
      while (take_if(","));
    }
    expect(")");
    return {call_of(*found, arguments), ExpressionKind::number, {}, Part::kNone};
  }

  std::string call_of(const ExpressionFunction& function, const std::vector<std::string>& arguments) const {
    if (!function.takes_any_number) {
      const std::size_t wanted = function.of_one != nullptr ? 1 : 2;
      if (arguments.size() != wanted) {
        fail(fmt::format("{} takes {}, not {}", function.name, wanted == 1 ? "one argument" : "two arguments",
                         arguments.size()));
      }
      return fmt::format("{}({})", function.name, fmt::join(arguments, ","));
    }
    if (arguments.empty()) fail(fmt::format("{} takes at least one argument", function.name));
    if (function.of_two == nullptr) {
      const std::string total = fmt::format("({})", fmt::join(arguments, "+"));
      return function.name == "avg" ? fmt::format("({}/{})", total, arguments.size()) : total;
    }
    std::string formula = arguments.front();
    for (std::size_t i = 1; i < arguments.size(); ++i) {
      formula = fmt::format("{}({},{})", function.name, formula, arguments[i]);
    }
    return formula;
  }

  std::string_view text_;
  const std::vector<ExpressionName>& names_;
  const std::string& what_;
  Tokens tokens_;
  Token before_, ahead_;
  int depth_ = 0;
  ReadExpression result_;
};

}  // namespace

ReadExpression read_expression(std::string_view text, const std::vector<ExpressionName>& names,
                               const std::string& what) {
  return Reader(text, names, what).read();
}

}  // namespace windrow::detail
