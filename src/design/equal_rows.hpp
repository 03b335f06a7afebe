#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/interface/side_by_side.hpp"
#include "windrow/base/hash.hpp"
#include "windrow/design/design.hpp"

namespace windrow::detail {

/// Whether values are, and are written into programs, alike.
bool are_same_values(const std::vector<Value>& a, const std::vector<Value>& b);
/// The same of values that are.
Hash128 hash_of_values(const std::vector<Value>& values);

/// Hashes of 32 bits: whether another has been added that may be the same. Two bits for each of 8 places a hash.
class SeenTwice {
 public:
  explicit SeenTwice(std::uint64_t hashes) : mask_(mask_for(hashes)), pairs_(mask_ / 32 + 1) {}

  void add(std::uint32_t hash) {
    std::uint64_t& pairs = pairs_[(hash & mask_) / 32];
    const std::uint64_t once = std::uint64_t{1} << hash % 32 * 2;
    pairs |= once | (pairs & once) << 1U;
  }
  bool may_be_twice(std::uint32_t hash) const { return (pairs_[(hash & mask_) / 32] >> hash % 32 * 2 & 2U) != 0; }

 private:
  static std::uint64_t mask_for(std::uint64_t hashes) {
    constexpr std::uint64_t all = std::uint64_t{1} << 32U;
    return std::bit_ceil(std::clamp<std::uint64_t>(hashes, 8, all / 8) * 8) - 1;
  }

  std::uint64_t mask_;
  std::vector<std::uint64_t> pairs_;
};

/// Those of `rows` rows that may be equal to another by 32 bits of their hash. Takes 8 to 12 bytes a row while it
/// looks.
template <typename MakeHash>
std::vector<std::uint64_t> rows_in_doubt(std::uint64_t rows, const MakeHash& make_hash) {
  constexpr std::uint64_t at_once = 8192;
  std::vector<std::uint32_t> hashes(rows);
  side_by_side((rows + at_once - 1) / at_once, [&](std::size_t i) {
    auto hash = make_hash();
    const std::uint64_t end = std::min(rows, (i + 1) * at_once);
    for (std::uint64_t row = i * at_once; row < end; ++row) hashes[row] = static_cast<std::uint32_t>(hash(row).low);
  });
  // A loop of its own, so that the processor waits for several places in memory at once.
  SeenTwice seen(rows);
  for (const std::uint32_t value : hashes) seen.add(value);
  std::vector<std::uint64_t> doubtful;
  for (std::uint64_t row = 0; row < rows; ++row) {
    if (seen.may_be_twice(hashes[row])) doubtful.push_back(row);
  }
  return doubtful;
}

/// The rows below `rows` that are equal to earlier ones, as Design::equal_points(). Whole hashes are kept of rows alone
/// that may be equal to others.
/// @param make_hash  makes what gives the Hash128 of a row, for one thread
/// @param are_same   whether two rows of one hash are equal
template <typename MakeHash, typename AreSame>
std::vector<EqualPoint> equal_among(std::uint64_t rows, const MakeHash& make_hash, const AreSame& are_same) {
  struct HashedRow {
    Hash128 hash;
    std::uint64_t row;
  };
  std::vector<HashedRow> hashed;
  auto hash = make_hash();
  for (const std::uint64_t row : rows_in_doubt(rows, make_hash)) hashed.push_back({hash(row), row});
  std::ranges::sort(hashed, [](const HashedRow& a, const HashedRow& b) {
    return a.hash == b.hash ? a.row < b.row : a.hash < b.hash;
  });
  std::vector<EqualPoint> equal;
  for (std::size_t begin = 0, end = 0; begin < hashed.size(); begin = end) {
    for (end = begin + 1; end < hashed.size() && hashed[end].hash == hashed[begin].hash; ++end) {
      // No row is taken for another because their hashes are equal.
      if (are_same(hashed[begin].row, hashed[end].row)) equal.push_back({hashed[begin].row, hashed[end].row});
    }
  }
  std::ranges::sort(equal);
  return equal;
}

}  // namespace windrow::detail
