#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <vector>

#include "windrow/base/hash.hpp"

namespace windrow::detail {

/// The checksum of a row: XXH3 with 64 bits over its values, with their types and all their bits. The first value is
/// the salt of its table, so that a row is right in no other table. `windrow_sum(salt, ...)` is the same in SQL.
class RowHash {
 public:
  /// As many values are hashed at once; what comes before counts as the first of the next ones. SQLite allows a
  /// function 127 arguments.
  static constexpr int most_values = 100;

  explicit RowHash(std::int64_t salt) { restart(salt); }
  void restart(std::int64_t salt) {
    size_ = 0;
    count_ = 0;
    add(salt);
  }

  void add_null() { begin('n', 0); }
  void add(std::int64_t value) { add_number('i', static_cast<std::uint64_t>(value)); }
  void add(double value) { add_number('r', std::bit_cast<std::uint64_t>(value)); }
  void add_text(std::string_view text) { add_bytes('t', text); }
  void add_blob(std::string_view bytes) { add_bytes('b', bytes); }

  std::int64_t value() const { return static_cast<std::int64_t>(hash64({bytes_.data(), size_})); }

 private:
  /// Room for a value of so many bytes, of which the type is written.
  char* begin(char type, std::size_t size) {
    if (count_ == most_values) restart(value());
    ++count_;
    if (bytes_.size() - size_ < size + 1) bytes_.resize(2 * (size_ + size + 1));
    char* const at = bytes_.data() + size_;
    *at = type;
    size_ += size + 1;
    return at + 1;
  }
  void add_number(char type, std::uint64_t number) { std::memcpy(begin(type, sizeof number), &number, sizeof number); }
  void add_bytes(char type, std::string_view bytes) {
    const std::uint64_t size = bytes.size();
    char* const at = begin(type, sizeof size + size);
    std::memcpy(at, &size, sizeof size);
    if (size > 0) std::memcpy(at + sizeof size, bytes.data(), size);
  }

  std::vector<char> bytes_ = std::vector<char>(512);
  std::size_t size_ = 0;  // of what is in it
  int count_ = 0;
};

}  // namespace windrow::detail
