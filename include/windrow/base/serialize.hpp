#pragma once

#include <boost/archive/binary_iarchive.hpp>
#include <boost/archive/binary_oarchive.hpp>
#include <boost/iostreams/device/array.hpp>
#include <boost/iostreams/device/back_inserter.hpp>
#include <boost/iostreams/stream_buffer.hpp>
#include <boost/serialization/array.hpp>
#include <boost/serialization/map.hpp>
#include <boost/serialization/optional.hpp>
#include <boost/serialization/set.hpp>
#include <boost/serialization/string.hpp>
#include <boost/serialization/utility.hpp>
#include <boost/serialization/variant.hpp>
#include <boost/serialization/vector.hpp>
#include <cstddef>
#include <cstring>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

#include "windrow/base/bytes.hpp"
#include "windrow/error.hpp"

/// Objects as bytes: plain memory for numbers and sequences of numbers, Boost.Serialization for everything else.
/// Sender and receiver are the same program, so neither version headers nor object tracking is needed.
namespace [[gnu::visibility("default")]] windrow {
namespace detail {

template <typename T>
struct IsNumberVector : std::false_type {};
template <typename T, typename A>
struct IsNumberVector<std::vector<T, A>> : std::bool_constant<std::is_arithmetic_v<T> && !std::is_same_v<T, bool>> {};

template <typename T>
std::span<const std::byte> as_bytes_of(const T* data, std::size_t count) {
  return {reinterpret_cast<const std::byte*>(data), count * sizeof(T)};
}

inline constexpr unsigned kArchiveFlags = boost::archive::no_header | boost::archive::no_tracking;

template <typename T>
Bytes to_bytes(const T& value) {
  if constexpr (std::is_arithmetic_v<T> || std::is_enum_v<T>) {
    const auto bytes = as_bytes_of(&value, 1);
    return Bytes(bytes.begin(), bytes.end());
  } else if constexpr (IsNumberVector<T>::value) {
    const auto bytes = as_bytes_of(value.data(), value.size());
    return Bytes(bytes.begin(), bytes.end());
  } else {
    std::vector<char> text;
    {
      boost::iostreams::stream_buffer<boost::iostreams::back_insert_device<std::vector<char>>> buffer(text);
      boost::archive::binary_oarchive archive(buffer, kArchiveFlags);
      archive << value;
    }
    const auto bytes = as_bytes_of(text.data(), text.size());
    return Bytes(bytes.begin(), bytes.end());
  }
}

/// @throws ParallelError if the bytes are not a T
template <typename T>
T from_bytes(std::span<const std::byte> bytes) {
  if constexpr (std::is_arithmetic_v<T> || std::is_enum_v<T>) {
    if (bytes.size() != sizeof(T)) throw ParallelError("a message has the wrong size");
    T value;
    std::memcpy(&value, bytes.data(), sizeof value);
    return value;
  } else if constexpr (IsNumberVector<T>::value) {
    using Number = typename T::value_type;
    if (bytes.size() % sizeof(Number) != 0) throw ParallelError("a message has the wrong size");
    T values(bytes.size() / sizeof(Number));
    if (!bytes.empty()) std::memcpy(values.data(), bytes.data(), bytes.size());
    return values;
  } else {
    try {
      boost::iostreams::stream_buffer<boost::iostreams::array_source> buffer(
          reinterpret_cast<const char*>(bytes.data()), bytes.size());
      boost::archive::binary_iarchive archive(buffer, kArchiveFlags);
      T value{};
      archive >> value;
      return value;
    } catch (const boost::archive::archive_exception& error) {
      throw ParallelError(std::string("a message cannot be read: ") + error.what());
    }
  }
}

}  // namespace detail
}  // namespace windrow
