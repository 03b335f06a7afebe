#pragma once

#include <type_traits>

#include "windrow/base/byte_stream.hpp"
#include "windrow/base/serialize.hpp"

namespace [[gnu::visibility("default")]] windrow {
namespace detail {

/// Writes what from_bytes<T> reads; a number without a detour through memory of its own.
template <typename T>
void put_value(ByteWriter& out, const T& value) {
  if constexpr (std::is_arithmetic_v<T> || std::is_enum_v<T>) {
    out.put(value);
  } else {
    out.put_bytes(to_bytes(value));
  }
}

}  // namespace detail
}  // namespace windrow
