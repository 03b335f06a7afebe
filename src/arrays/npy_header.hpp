#pragma once

#include <cstdint>
#include <string>

namespace windrow::npy {

/// What NumPy's name of a type says: "<f8" is {'<', 'f', 8}.
struct Type {
  char order = '|';  ///< '<', '>', or '|' and '=': does not matter, or as this machine's
  char kind = 'V';
  std::uint64_t size = 0;  ///< bytes of an element; 0: not fixed, or not known
};
Type parse_type(const std::string& name);

}  // namespace windrow::npy
