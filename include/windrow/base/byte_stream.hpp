#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <type_traits>
#include <utility>

#include "windrow/base/bytes.hpp"
#include "windrow/error.hpp"

/// Plain values one after another, as bytes.
namespace [[gnu::visibility("default")]] windrow {
namespace detail {

class ByteWriter {
 public:
  template <typename T>
  requires std::is_trivially_copyable_v<T>
  void put(const T& value) { append(&value, sizeof value); }
  void put_bytes(std::span<const std::byte> bytes) { append(bytes.data(), bytes.size()); }
  void put_text(const std::string& text) {
    put(static_cast<std::uint64_t>(text.size()));
    append(text.data(), text.size());
  }
  /// @pre all of `value` lies before size()
  template <typename T>
  void overwrite(std::size_t offset, const T& value) {
    std::memcpy(bytes_.data() + offset, &value, sizeof value);
  }

  std::size_t size() const { return size_; }
  /// Keeps the memory for what comes next.
  void clear() { size_ = 0; }
  /// Valid until the writer is changed.
  std::span<const std::byte> bytes() const { return {bytes_.data(), size_}; }
  Bytes take();

 private:
  void append(const void* data, std::size_t size) {
    if (size > bytes_.size() - size_) grow(size);
    if (size > 0) std::memcpy(bytes_.data() + size_, data, size);
    size_ += size;
  }
  void grow(std::size_t more);

  Bytes bytes_;           // all of it may be written to
  std::size_t size_ = 0;  // what has been
};

/// @throws ParallelError from every call that would read past the end
class ByteReader {
 public:
  explicit ByteReader(std::span<const std::byte> bytes) : bytes_(bytes) {}
  bool at_end() const { return bytes_.empty(); }

  template <typename T>
  requires std::is_trivially_copyable_v<T> T get() {
    if constexpr (std::is_same_v<T, bool>) {
      return take(1).front() != std::byte{0};  // no other byte is a truth value
    } else {
      T value;
      std::memcpy(&value, take(sizeof value).data(), sizeof value);
      return value;
    }
  }
  std::span<const std::byte> take(std::uint64_t size) {
    if (size > bytes_.size()) throw ParallelError("a message ends too early");
    const auto part = bytes_.first(static_cast<std::size_t>(size));
    bytes_ = bytes_.subspan(part.size());
    return part;
  }
  /// Everything that has not been read.
  std::span<const std::byte> remaining() const { return bytes_; }
  std::string get_text() {
    const auto part = take(get<std::uint64_t>());
    return {reinterpret_cast<const char*>(part.data()), part.size()};
  }

 private:
  std::span<const std::byte> bytes_;
};

}  // namespace detail
}  // namespace windrow
