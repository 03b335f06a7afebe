#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "windrow/design/value.hpp"

namespace windrow::detail {

/// What the tags of a template may name, at one point.
struct Bindings {
  std::vector<Value> values;
  std::vector<std::string> texts;  ///< values[i], rendered so that it reads back exactly

  explicit Bindings(std::vector<Value> named);
};

/// A piece of a rendered text: text of the template, or the value of a name.
struct Piece {
  static constexpr std::size_t literal = static_cast<std::size_t>(-1);
  std::size_t name = literal;
  std::string text;   ///< of a literal
  bool list = false;  ///< the value stands for several arguments: {{*name}}
};

/// A mustache template: {{name}}, {{{name}}} and {{&name}} (all without HTML escaping), sections {{#name}} {{^name}}
/// {{/name}}, comments and changed delimiters. A section shows unless its value is false, 0, NaN or an empty text.
class Template {
 public:
  /// @param origin  where the text is from, for messages: "filter.cir.mustache" (then the line is named too) or
  /// "run[2]"
  /// @param names   what tags may name, aligned with Bindings
  /// @throws SpecError for a tag that is not closed, an unknown name (with the nearest valid one), or a partial
  Template(std::string_view text, const std::string& origin, bool name_lines, const std::vector<std::string>& names);

  /// Whether the text is the same at every point.
  bool is_constant() const;
  /// Whether it is made of sections alone: one that is hidden leaves nothing.
  bool has_sections_only() const;
  /// Whether there is a `{{*name}}`, whose value is several arguments.
  bool has_list() const;
  /// Whether each of them is all that is shown, or, in a text for a shell, stands between blanks.
  bool lists_stand_alone(bool in_shell) const;
  /// Whether a tag or a section is of this name, by its position among the names.
  bool names(std::size_t name) const;
  std::vector<Piece> pieces(const Bindings& bindings) const;
  std::string render(const Bindings& bindings) const;

 private:
  enum class Kind { literal, line_break, value, list, section, inverted_section, section_end, invisible };
  struct Token {
    Kind kind;
    std::string text;          // of a literal or a line break
    std::size_t name = 0;      // of a value or a section
    std::size_t position = 0;  // in the template's text; of a section once linked: the index of its end
  };
  class Parser;

  std::vector<Token> tokens_;
};

}  // namespace windrow::detail
