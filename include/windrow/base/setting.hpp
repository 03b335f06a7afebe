#pragma once

#include <string>

namespace [[gnu::visibility("default")]] windrow {

/// A named text: what a result depends on, or what is kept with a run.
struct Setting {
  std::string name;
  std::string text;
  friend bool operator==(const Setting&, const Setting&) = default;
};

}  // namespace windrow
