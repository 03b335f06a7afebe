#include "render.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <kainjow/mustache.hpp>

#include "windrow/base/text.hpp"
#include "windrow/error.hpp"

namespace windrow::detail {

namespace mustache = kainjow::mustache;

namespace {

constexpr const char* kBracesAdvice =
    "; if the braces are the file's own, begin it with `{{=<% %>=}}` and write tags as `<% name %>`";

bool is_shown(const Value& value) {
  if (value.is_text()) return !value.text().empty() && text::parse_truth(value.text()) != false;
  const double number = value.number();
  return number != 0.0 && !std::isnan(number);
}

std::vector<std::string> render_all(const std::vector<Value>& values) {
  std::vector<std::string> texts;
  texts.reserve(values.size());
  for (const Value& value : values) texts.push_back(value.written());
  return texts;
}

}  // namespace

Bindings::Bindings(std::vector<Value> named) : values(std::move(named)), texts(render_all(values)) {}

/// Takes the library's parse tree to a flat list of tokens. Its renderer is not used: it shows nothing for an unknown
/// name or a false value, and cannot tell which text comes from a value, which shell quoting must know.
class Template::Parser {
 public:
  Parser(std::string_view text, const std::string& origin, bool name_lines, const std::vector<std::string>& names)
      : text_(text), origin_(origin), name_lines_(name_lines), names_(names) {}

  std::vector<Token> parse() {
    check_depth();
    mustache::context<std::string> context;
    mustache::context_internal<std::string> state(context);
    Component root;
    std::string error;
    const mustache::parser<std::string> parser(text_, state, root, error);
    if (!error.empty()) fail_syntax(error);
    add_all(root.children);
    drop_standalone_lines();
    merge_literals();
    link_sections();
    return std::move(tokens_);
  }

 private:
  using Component = mustache::component<std::string>;

  /// The library keeps the text of each section, all that are within it included: very many within each other would
  /// take all memory.
  void check_depth() const {
    constexpr std::size_t kDeepest = 100;
    std::string open = "{{";
    std::string close = "}}";
    std::size_t depth = 0;
    for (std::size_t at = 0; (at = text_.find(open, at)) != std::string::npos;) {
      const std::size_t begin = text_.find_first_not_of(" \t", at + open.size());
      const std::size_t end = text_.find(close, at + open.size());
      if (begin == std::string::npos || end == std::string::npos) return;  // the parser says what is wrong
      const char kind = text_[begin];
      if (kind == '#' || kind == '^') ++depth;
      if (kind == '/' && depth > 0) --depth;
      if (depth > kDeepest) {
        throw SpecError(fmt::format("{}: sections are nested more than {} deep", where(at), kDeepest));
      }
      at = end + close.size();
      if (kind == '=') set_delimiters(std::string_view(text_).substr(begin + 1, end - begin - 1), open, close);
    }
  }

  /// "<% %>="
  static void set_delimiters(std::string_view tag, std::string& open, std::string& close) {
    static constexpr std::string_view kBlanks = " \t\r\n=";
    const auto next = [&tag] {
      tag.remove_prefix(std::min(tag.find_first_not_of(kBlanks), tag.size()));
      const std::string word(tag.substr(0, tag.find_first_of(kBlanks)));
      tag.remove_prefix(word.size());
      return word;
    };
    const std::string first = next();
    const std::string second = next();
    if (first.empty() || second.empty()) return;
    open = first;
    close = second;
  }

  std::string where(std::size_t position) const {
    if (!name_lines_) return origin_;
    const auto end = text_.begin() + static_cast<std::ptrdiff_t>(std::min(position, text_.size()));
    return fmt::format("{}:{}", origin_, 1 + std::count(text_.begin(), end, '\n'));
  }

  /// The library's messages end in " at <position>".
  [[noreturn]] void fail_syntax(std::string error) const {
    const std::size_t at = error.rfind(" at ");
    std::size_t position = 0;
    if (at != std::string::npos) {
      position = static_cast<std::size_t>(text::parse_integer(error.substr(at + 4)).value_or(0));
      error.erase(at);
    }
    throw SpecError(fmt::format("{}: {}{}", where(position), error, name_lines_ ? kBracesAdvice : ""));
  }

  std::size_t find(const Component& component, const std::string& name) const {
    const auto found = std::find(names_.begin(), names_.end(), name);
    if (found != names_.end()) return static_cast<std::size_t>(found - names_.begin());
    throw SpecError(fmt::format("{}: unknown name `{}` in a tag{}", where(component.position), name,
                                text::suggestion(name, names_) + braces_advice(name)));
  }

  /// Braces may be the file's own.
  std::string braces_advice(const std::string& name) const {
    const bool is_name = std::all_of(name.begin(), name.end(), [](char c) {
      return c == '_' || c == '.' || c == '-' || std::isalnum(static_cast<unsigned char>(c)) != 0;
    });
    return is_name && (!name_lines_ || text::nearest(name, names_)) ? "" : kBracesAdvice;
  }

  /// "name", "name:%08.3f" or "*name"
  void add_value(const Component& component) {
    const std::string& tag = component.tag.name;
    if (tag.starts_with('*')) {
      const std::size_t begin = std::min(tag.find_first_not_of(" \t", 1), tag.size());
      return add(Kind::list, component, find(component, tag.substr(begin)));
    }
    const std::size_t colon = tag.find(':');
    const std::string name = tag.substr(0, tag.find_last_not_of(" \t", colon - 1) + 1);
    add(Kind::value, component, find(component, colon == std::string::npos ? tag : name));
    if (colon == std::string::npos) return;
    Token& token = tokens_.back();
    // No bundle has one of these names, so that `material.E` is a field.
    token.is_own = name == "seed" || name == "ranks" || name.starts_with("point.") || name.starts_with("study.");
    try {
      token.format =
          std::make_shared<const Format>(tag.substr(std::min(tag.find_first_not_of(' ', colon + 1), tag.size())));
    } catch (const SpecError& error) {
      throw SpecError(fmt::format("{}: {}", where(component.position), error.what()));
    }
  }

  void add(Kind kind, const Component& component, std::size_t name = 0) {
    tokens_.push_back({kind, component.text, name, component.position});
  }

  void add_all(const std::vector<Component>& components) {
    for (const Component& component : components) add_one(component);
  }

  void add_one(const Component& component) {
    switch (component.tag.type) {
      case mustache::tag_type::text:
        add(component.is_newline() ? Kind::line_break : Kind::literal, component);
        break;
      case mustache::tag_type::variable:
      case mustache::tag_type::unescaped_variable:
        add_value(component);
        break;
      case mustache::tag_type::section_begin:
      case mustache::tag_type::section_begin_inverted:
        add(component.tag.type == mustache::tag_type::section_begin ? Kind::section : Kind::inverted_section, component,
            find(component, component.tag.name));
        add_all(component.children);
        add(Kind::section_end, component);
        break;
      case mustache::tag_type::partial:
        throw SpecError(fmt::format("{}: a template cannot include another (`{{{{>{}}}}}`)", where(component.position),
                                    component.tag.name));
      default:
        add(Kind::invisible, component);
    }
  }

  /// As mustache has it: a line that holds white space and one tag that shows nothing leaves no blank line behind.
  void drop_standalone_lines() {
    std::vector<Token> kept;
    for (auto line = tokens_.begin(); line != tokens_.end();) {
      const auto is_break = [](const Token& token) { return token.kind == Kind::line_break; };
      const auto line_break = std::find_if(line, tokens_.end(), is_break);
      const auto next = line_break == tokens_.end() ? line_break : line_break + 1;
      const bool standalone = is_standalone(line, line_break);
      std::copy_if(line, next, std::back_inserter(kept), [standalone](const Token& token) {
        return !standalone || (token.kind != Kind::literal && token.kind != Kind::line_break);
      });
      line = next;
    }
    tokens_ = std::move(kept);
  }

  static bool is_standalone(std::vector<Token>::const_iterator first, std::vector<Token>::const_iterator last) {
    const auto is_text = [](const Token& token) { return token.kind == Kind::literal; };
    const auto is_seen = [](const Token& token) {
      return token.kind == Kind::value || token.kind == Kind::list ||
             (token.kind == Kind::literal && token.text.find_first_not_of(" \t") != std::string::npos);
    };
    return std::none_of(first, last, is_seen) && last - first == 1 + std::count_if(first, last, is_text);
  }

  void merge_literals() {
    std::vector<Token> merged;
    for (Token& token : tokens_) {
      if (token.kind == Kind::invisible) continue;
      if (token.kind == Kind::line_break) token.kind = Kind::literal;
      if (token.kind == Kind::literal && !merged.empty() && merged.back().kind == Kind::literal) {
        merged.back().text += token.text;
      } else {
        merged.push_back(std::move(token));
      }
    }
    tokens_ = std::move(merged);
  }

  void link_sections() {
    std::vector<std::size_t> open;
    for (std::size_t i = 0; i < tokens_.size(); ++i) {
      const Kind kind = tokens_[i].kind;
      if (kind == Kind::section || kind == Kind::inverted_section) open.push_back(i);
      if (kind != Kind::section_end) continue;
      tokens_[open.back()].position = i;
      open.pop_back();
    }
  }

  const std::string text_;
  const std::string& origin_;
  bool name_lines_;
  const std::vector<std::string>& names_;
  std::vector<Token> tokens_;
};

Template::Template(std::string_view text, const std::string& origin, bool name_lines,
                   const std::vector<std::string>& names)
    : tokens_(Parser(text, origin, name_lines, names).parse()) {}

bool Template::is_constant() const {
  return std::all_of(tokens_.begin(), tokens_.end(), [](const Token& token) { return token.kind == Kind::literal; });
}

bool Template::names(std::size_t name) const {
  return std::any_of(tokens_.begin(), tokens_.end(), [name](const Token& token) {
    const bool named = token.kind == Kind::value || token.kind == Kind::list || token.kind == Kind::section ||
                       token.kind == Kind::inverted_section;
    return named && token.name == name;
  });
}

std::vector<const Format*> Template::formats(std::size_t name) const {
  std::vector<const Format*> found;
  for (const Token& token : tokens_) {
    if (token.kind == Kind::value && token.name == name && token.format) found.push_back(token.format.get());
  }
  return found;
}

std::string Template::text_of(const Token& token, const Bindings& bindings) {
  if (!token.format) return bindings.texts[token.name];
  const Value& value = bindings.values[token.name];
  return token.format->write(token.is_own && value.is_text() ? parse_value(value.text()) : value);
}

bool Template::has_sections_only() const {
  bool any = false;
  for (std::size_t i = 0; i < tokens_.size(); ++i) {
    const Kind kind = tokens_[i].kind;
    if (kind != Kind::section && kind != Kind::inverted_section) return false;
    any = true;
    i = tokens_[i].position;
  }
  return any;
}

bool Template::has_list() const {
  return std::any_of(tokens_.begin(), tokens_.end(), [](const Token& token) { return token.kind == Kind::list; });
}

bool Template::lists_stand_alone(bool in_shell) const {
  std::vector<const Token*> shown;  // what may be shown
  for (const Token& token : tokens_) {
    const Kind kind = token.kind;
    if (kind == Kind::literal || kind == Kind::value || kind == Kind::list) shown.push_back(&token);
  }
  if (!in_shell) return shown.size() == 1;
  constexpr std::string_view blanks = " \t\n";
  constexpr std::string_view ends = " \t\r\n;&|<>)";
  for (std::size_t i = 0; i < shown.size(); ++i) {
    if (shown[i]->kind != Kind::list) continue;
    const auto is_text = [&](std::size_t at) { return shown[at]->kind == Kind::literal; };
    if (i == 0 || !is_text(i - 1) || blanks.find(shown[i - 1]->text.back()) == std::string_view::npos) return false;
    const bool last = i + 1 == shown.size();
    if (!last && (!is_text(i + 1) || ends.find(shown[i + 1]->text.front()) == std::string_view::npos)) return false;
  }
  return true;
}

std::vector<Piece> Template::pieces(const Bindings& bindings) const {
  std::vector<Piece> result;
  for (std::size_t i = 0; i < tokens_.size(); ++i) {
    const Token& token = tokens_[i];
    if (token.kind == Kind::literal) result.push_back({Piece::literal, token.text});
    if (token.kind == Kind::value) result.push_back({token.name, text_of(token, bindings)});
    if (token.kind == Kind::list) result.push_back({token.name, bindings.texts[token.name], true});
    if (token.kind == Kind::section && !is_shown(bindings.values[token.name])) i = token.position;
    if (token.kind == Kind::inverted_section && is_shown(bindings.values[token.name])) i = token.position;
  }
  return result;
}

std::string Template::render(const Bindings& bindings) const {
  std::string result;
  for (const Piece& piece : pieces(bindings)) result += piece.text;
  return result;
}

}  // namespace windrow::detail
