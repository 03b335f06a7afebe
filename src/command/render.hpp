#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "windrow/design/format.hpp"
#include "windrow/design/value.hpp"

namespace windrow::detail {

/// What the tags of a template may name, at one point.
struct Bindings {
  std::vector<Value> values;
  std::vector<std::string> texts;  ///< values[i] as it is written into arguments and files

  explicit Bindings(std::vector<Value> named);
};

/// A piece of a rendered text: text of the template, or the value of a name.
struct Piece {
  static constexpr std::size_t literal = static_cast<std::size_t>(-1);
  std::size_t name = literal;
  std::string text;
};

/// A mustache template: {{name}}, {{{name}}} and {{&name}} (all without HTML escaping), {{name:%08.3f}} with a format,
/// sections {{#name}} {{^name}} {{/name}}, comments and changed delimiters. A section shows unless its value is false,
/// 0, NaN, an empty text, or the text "false" (as True and False of a table are texts), in any capitals.
class Template {
 public:
  /// @param origin  where the text is from, for messages: "filter.cir.mustache" (then the line is named too) or
  /// "run[2]"
  /// @param names   what tags may name, aligned with Bindings
  /// @throws SpecError for a tag that is not closed, an unknown name (with the nearest valid one), or a partial
  Template(std::string_view text, const std::string& origin, bool name_lines, const std::vector<std::string>& names);

  /// Whether the text is the same at every point.
  bool is_constant() const;
  /// Whether a tag or a section is of this name, by its position among the names.
  bool names(std::size_t name) const;
  /// The formats of the tags of this name.
  std::vector<const Format*> formats(std::size_t name) const;
  /// @throws Rejected for a value that does not fit its format
  std::vector<Piece> pieces(const Bindings& bindings) const;
  std::string render(const Bindings& bindings) const;

 private:
  enum class Kind { literal, line_break, value, section, inverted_section, section_end, invisible };
  struct Token {
    Kind kind;
    std::string text;          // of a literal or a line break
    std::size_t name = 0;      // of a value or a section
    std::size_t position = 0;  // in the template's text; of a section once linked: the index of its end
    std::shared_ptr<const Format> format{};
    bool is_own = false;  // of a value: no parameter, but a text that windrow makes, "12" of point.index
  };
  class Parser;

  static std::string text_of(const Token& token, const Bindings& bindings);

  std::vector<Token> tokens_;
};

}  // namespace windrow::detail
