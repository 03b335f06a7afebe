#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

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
    bytes_.clear();
    count_ = 0;
    add(salt);
  }

  void add_null() { begin('n'); }
  void add(std::int64_t value) {
    begin('i');
    append(static_cast<std::uint64_t>(value));
  }
  void add(double value) {
    begin('r');
    append(std::bit_cast<std::uint64_t>(value));
  }
  void add_text(std::string_view text) { add_bytes('t', text); }
  void add_blob(std::string_view bytes) { add_bytes('b', bytes); }

  std::int64_t value() const { return static_cast<std::int64_t>(hash64(bytes_)); }

 private:
  void begin(char type) {
    if (count_ == most_values) restart(value());
    ++count_;
    bytes_ += type;
  }
  void append(std::uint64_t number) {
    char bytes[sizeof number];
    std::memcpy(bytes, &number, sizeof number);
    bytes_.append(bytes, sizeof number);
  }
  void add_bytes(char type, std::string_view bytes) {
    begin(type);
    append(bytes.size());
    bytes_.append(bytes);
  }

  std::string bytes_;
  int count_ = 0;
};

}  // namespace windrow::detail
