#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

struct XXH3_state_s;
struct XXH64_state_s;

/// Hashes by xxHash (https://xxhash.com): many GB/s, the same on every machine. They find what differs, not what was
/// forged.
namespace [[gnu::visibility("default")]] windrow {
namespace detail {

/// XXH3 with 64 bits, continued from `seed`: `hash64(b, hash64(a))` tells ("ab", "c") from ("a", "bc").
std::uint64_t hash64(std::string_view text, std::uint64_t seed = 0);

struct Hash128 {
  std::uint64_t high = 0, low = 0;
  /// 32 hexadecimal digits, as `xxhsum -H128` prints them.
  std::string text() const;
  bool operator==(const Hash128&) const = default;
};

/// XXH3 with 128 bits, for what is known by its hash: two of 10^15 contents are alike with a chance of 10^-9.
Hash128 hash128(std::string_view text);

/// The same of bytes that come in parts, and how many they are.
class ContentHash {
 public:
  ContentHash();
  void add(std::string_view part);
  Hash128 value() const;
  std::uint64_t size() const { return size_; }

 private:
  struct Free {
    void operator()(XXH3_state_s* state) const;
  };
  std::unique_ptr<XXH3_state_s, Free> state_;
  std::uint64_t size_ = 0;
};

/// XXH64 with seed 0, of bytes that come in parts: what files of arrays are checked by. `xxhsum -H64` gives the same.
class Checksum {
 public:
  Checksum();
  void add(std::span<const std::byte> bytes);
  std::uint64_t value() const;

 private:
  struct Free {
    void operator()(XXH64_state_s* state) const;
  };
  std::unique_ptr<XXH64_state_s, Free> state_;
};

}  // namespace detail
}  // namespace windrow
