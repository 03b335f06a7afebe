#pragma once

#include <boost/archive/binary_iarchive.hpp>
#include <boost/archive/binary_oarchive.hpp>
#include <boost/serialization/string.hpp>
#include <boost/serialization/vector.hpp>
#include <cstddef>
#include <cstring>
#include <span>
#include <streambuf>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "windrow/base/bytes.hpp"
#include "windrow/error.hpp"

/// Objects as bytes: plain memory for numbers and sequences of numbers, Boost.Serialization for everything else.
/// Sender and receiver are the same program, so neither version headers nor object tracking is needed.
/// This header brings strings and vectors. Pairs, maps, sets, arrays, optionals and variants need
/// windrow/base/serialize_containers.hpp, or the header of Boost.Serialization that is named after the type.
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

inline constexpr unsigned kArchiveFlags =
    boost::archive::no_header | boost::archive::no_tracking | boost::archive::no_codecvt;

/// Where an archive writes to.
class BytesBuffer : public std::streambuf {
 public:
  Bytes take() { return std::move(bytes_); }

 protected:
  std::streamsize xsputn(const char* data, std::streamsize size) override {
    const auto part = as_bytes_of(data, static_cast<std::size_t>(size));
    bytes_.insert(bytes_.end(), part.begin(), part.end());
    return size;
  }
  int_type overflow(int_type c) override {
    bytes_.push_back(static_cast<std::byte>(c));
    return c;
  }

 private:
  Bytes bytes_;
};

/// Where an archive reads from.
class SpanBuffer : public std::streambuf {
 public:
  explicit SpanBuffer(std::span<const std::byte> bytes) {
    char* begin = const_cast<char*>(reinterpret_cast<const char*>(bytes.data()));  // nothing is written there
    setg(begin, begin, begin + bytes.size());
  }
};

template <typename T>
Bytes to_bytes(const T& value) {
  if constexpr (std::is_arithmetic_v<T> || std::is_enum_v<T>) {
    const auto bytes = as_bytes_of(&value, 1);
    return Bytes(bytes.begin(), bytes.end());
  } else if constexpr (IsNumberVector<T>::value) {
    const auto bytes = as_bytes_of(value.data(), value.size());
    return Bytes(bytes.begin(), bytes.end());
  } else {
    BytesBuffer buffer;
    boost::archive::binary_oarchive archive(buffer, kArchiveFlags);
    archive << value;
    return buffer.take();
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
      SpanBuffer buffer(bytes);
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
