#pragma once

#include <string>
#include <string_view>

#include "windrow/design/value.hpp"

namespace [[gnu::visibility("default")]] windrow {

/// How a value is written into a field: a conversion as of printf, "%08.3f", with text around it if need be
/// ("run%03d"). Integers take d, i, u, x, X and o; numbers take e, E, f, F, g, G, a and A; s takes every value, as it
/// is written(). The decimal point is a point in every locale.
class Format {
 public:
  /// @throws SpecError if there is not exactly one conversion, or one that is none of these
  explicit Format(std::string_view text);

  const std::string& text() const { return text_; }
  /// @throws SpecError if the conversion does not fit the value's type: `%d` of 0.5 or of a text
  void check(const Value& value) const;
  /// @throws Rejected if the text is longer than the width that the conversion has, which would shift what follows
  /// @throws SpecError as check()
  std::string write(const Value& value) const;

 private:
  void read_conversion(std::string_view text, std::size_t& at);
  std::string converted(const Value& value) const;
  bool takes(std::string_view letters) const { return letters.find(letter_) != std::string_view::npos; }

  std::string text_;
  std::string before_, after_;  // without doubled percent signs
  std::string flags_;           // and width and precision: what stands between % and the letter
  int width_ = 0;               // 0: none
  char letter_ = '\0';
};

}  // namespace windrow
