#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <typeinfo>

namespace [[gnu::visibility("default")]] windrow {
namespace detail {

/// As a user writes it, for messages: "std::vector<double>"
std::string readable_type_name(std::string_view mangled);
inline std::string readable_type_name(const std::type_info& type) {
  return readable_type_name(type.name());
}

/// FNV-1a. @param state  of what came before
constexpr std::uint64_t fingerprint(std::string_view text, std::uint64_t state = 0xcbf29ce484222325U) {
  for (const char c : text) state = (state ^ static_cast<unsigned char>(c)) * 0x100000001b3U;
  return state;
}

/// Tells types apart, alike in every process of the same program.
template <typename T>
std::uint64_t type_fingerprint() {
  static const std::uint64_t value = fingerprint(typeid(T).name());
  return value;
}

}  // namespace detail
}  // namespace windrow
