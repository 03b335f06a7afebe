#pragma once

#include <string>
#include <vector>

#include "windrow/design/design.hpp"

namespace windrow::test {

inline std::vector<std::string> names_of(const Design& design) {
  std::vector<std::string> names;
  for (const Parameter& parameter : design.parameters()) names.push_back(parameter.name());
  return names;
}

}  // namespace windrow::test
