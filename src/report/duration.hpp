#pragma once

#include <chrono>
#include <string>

#include "windrow/base/text.hpp"

namespace windrow::detail {

inline std::string duration(double seconds) {
  return text::render_duration(
      std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::duration<double>(seconds)));
}

}  // namespace windrow::detail
