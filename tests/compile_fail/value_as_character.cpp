// FIRST ERROR: a Value is not a character: use text() or render()
#include <string>

#include "windrow/design/value.hpp"

void run(const windrow::Value& value) {
  std::string text;
  text = value;
}
