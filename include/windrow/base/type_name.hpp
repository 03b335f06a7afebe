#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <typeinfo>

#include "windrow/base/hash.hpp"

namespace [[gnu::visibility("default")]] windrow {
namespace detail {

/// As a user writes it, for messages: "std::vector<double>"
std::string readable_type_name(std::string_view mangled);
inline std::string readable_type_name(const std::type_info& type) {
  return readable_type_name(type.name());
}

/// Tells types apart, alike in every process of the same program.
template <typename T>
std::uint64_t type_fingerprint() {
  static const std::uint64_t value = hash64(typeid(T).name());
  return value;
}

}  // namespace detail
}  // namespace windrow
