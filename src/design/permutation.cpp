#include "design/permutation.hpp"

#include <bit>
#include <utility>

#include "windrow/design/random.hpp"

namespace windrow::detail {

namespace {
constexpr unsigned kRounds = 8;      // with fewer, the orders of 3 or 4 places are not equally likely
constexpr unsigned kKnownBits = 10;  // tables beyond would push each other out of the fast caches
}  // namespace

Permutation::Permutation(std::uint64_t seed, std::uint64_t stream, std::uint64_t size, Once)
    : seed_(seed), stream_(stream), size_(size) {
  if (size == 1) return;
  half_ = (static_cast<unsigned>(std::bit_width(size - 1)) + 1) / 2;
  mask_ = (std::uint64_t{1} << half_) - 1;
}

Permutation::Permutation(std::uint64_t seed, std::uint64_t stream, std::uint64_t size)
    : Permutation(seed, stream, size, once) {
  if (size == 1 || half_ > kKnownBits) return;
  std::vector<std::uint16_t> known;
  known.reserve(std::size_t{kRounds} << half_);
  for (unsigned round = 0; round < kRounds; ++round) {
    for (std::uint64_t half = 0; half <= mask_; ++half) {
      known.push_back(static_cast<std::uint16_t>(round_value(round, half)));
    }
  }
  known_ = std::move(known);
}

std::uint64_t Permutation::round_value(unsigned round, std::uint64_t half) const {
  if (!known_.empty()) return known_[std::uint64_t{round} << half_ | half];
  return rng::block(seed_, stream_, std::uint64_t{round} << 32 | half)[0] & mask_;
}

// Leaving [0, size) and walking on until back inside is again a permutation; the domain is less than 4 size.

std::uint64_t Permutation::operator()(std::uint64_t index) const {
  if (size_ == 1) return 0;
  do {
    std::uint64_t left = index >> half_, right = index & mask_;
    for (unsigned round = 0; round < kRounds; ++round) left = std::exchange(right, left ^ round_value(round, right));
    index = left << half_ | right;
  } while (index >= size_);
  return index;
}

std::uint64_t Permutation::inverse(std::uint64_t place) const {
  if (size_ == 1) return 0;
  do {
    std::uint64_t left = place >> half_, right = place & mask_;
    for (unsigned round = kRounds; round-- > 0;) right = std::exchange(left, right ^ round_value(round, left));
    place = left << half_ | right;
  } while (place >= size_);
  return place;
}

}  // namespace windrow::detail
