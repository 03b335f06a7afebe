#pragma once

#include <string>

namespace windrow::test {

/// How often `part` occurs in `text`.
inline int times(const std::string& text, const std::string& part) {
  int count = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + part.size())) ++count;
  return count;
}

/// How many messages of windrow's there are.
inline int messages(const std::string& text) {
  return times("\n" + text, "\nwindrow: ");
}

}  // namespace windrow::test
