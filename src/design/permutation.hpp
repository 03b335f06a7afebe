#pragma once

#include <cstdint>
#include <vector>

namespace windrow::detail {

/// rng::permute() of one seed, stream and size, and its inverse. Keeps the rounds' values where these are few (up to
/// 2^20 places: 16 KiB), which is ten times as fast as to make them anew.
class Permutation {
 public:
  /// @pre 1 <= size <= 2^62
  Permutation(std::uint64_t seed, std::uint64_t stream, std::uint64_t size);
  /// For a few calls: keeps nothing.
  struct Once {};
  static constexpr Once once{};
  Permutation(std::uint64_t seed, std::uint64_t stream, std::uint64_t size, Once);

  /// The place of `index`. @pre index < size
  std::uint64_t operator()(std::uint64_t index) const;
  /// The index that has this place.
  std::uint64_t inverse(std::uint64_t place) const;

 private:
  std::uint64_t round_value(unsigned round, std::uint64_t half) const;

  std::uint64_t seed_, stream_, size_;
  unsigned half_ = 0;  ///< bits of each half of a number
  std::uint64_t mask_ = 0;
  std::vector<std::uint16_t> known_{};  ///< of round r for h: at r << half_ | h
};

}  // namespace windrow::detail
