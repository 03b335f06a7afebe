#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace windrow::detail {

/// XXH64 with seed 0, of bytes that come in parts: some GB/s, so that it costs little beside writing them.
/// Source: Collet, https://github.com/Cyan4973/xxHash/blob/dev/doc/xxhash_spec.md (`xxhsum -H64` gives the same)
class Checksum {
 public:
  void add(std::span<const std::byte> bytes);
  std::uint64_t value() const;

 private:
  static constexpr std::size_t kStripe = 32;
  void add_stripe(const std::byte* stripe);

  std::array<std::uint64_t, 4> lanes_ = {0x60ea27eeadc0b5d6, 0xc2b2ae3d27d4eb4f, 0, 0x61c8864e7a143579};
  std::array<std::byte, kStripe> rest_{};  // bytes that do not fill a stripe yet
  std::uint64_t size_ = 0;
};

}  // namespace windrow::detail
