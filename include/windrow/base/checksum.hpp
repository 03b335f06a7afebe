#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

struct XXH64_state_s;

namespace [[gnu::visibility("default")]] windrow {
namespace detail {

/// XXH64 with seed 0, of bytes that come in parts: some GB/s, so that it costs little beside writing them.
/// `xxhsum -H64` gives the same.
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
