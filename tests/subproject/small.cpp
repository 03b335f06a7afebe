#include <string>

#include "windrow/base/text.hpp"

/// Shadows a name on purpose: windrow's warnings and -Werror are not those of its host.
int main(int count, char**) {
  const std::string text = "windrow";
  for (int count = 0; count < 1; ++count) {
  }
  return count == 1 && text == "windrow" ? 0 : 1;
}
