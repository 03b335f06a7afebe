#pragma once

#include <array>
#include <cstdint>
#include <string_view>

/// Random numbers as a function of (seed, stream, index): no state, so that any rank can compute any point's draws.
/// Philox4x32-10: Salmon et al. 2011, doi:10.1145/2063384.2063405
namespace [[gnu::visibility("default")]] windrow {
namespace rng {

/// 64-bit FNV-1a, continued from `hash`.
std::uint64_t fnv1a(std::string_view text, std::uint64_t hash = 0xcbf29ce484222325U);

/// The stream that belongs to a parameter: by its name, so that the others' draws do not depend on it.
inline std::uint64_t stream_of(std::string_view parameter) {
  return fnv1a(parameter);
}

/// 128 random bits: Philox4x32-10 of counter {index, stream} and key {seed}, low words first.
std::array<std::uint32_t, 4> block(std::uint64_t seed, std::uint64_t stream, std::uint64_t index);

/// A uniform number in the open interval (0, 1): (k + 1/2) / 2^52 for a random k of 52 bits. (With 53 bits, k + 1/2 is
/// no double, and rounding would reach 1.)
double uniform(std::uint64_t seed, std::uint64_t stream, std::uint64_t index);

/// The place of `index` in a random permutation of 0 .. size - 1; constant memory, constant expected time.
/// A Feistel network on the next power of 4, with cycle walking: Black & Rogaway 2002, doi:10.1007/3-540-45760-7_9
/// @pre index < size <= 2^62
std::uint64_t permute(std::uint64_t seed, std::uint64_t stream, std::uint64_t size, std::uint64_t index);

/// The number at `offset`, in (0, 1), of stratum `stratum` of `strata` equal ones of (0, 1); never in the next stratum,
/// and never 1, however numbers round.
/// @pre stratum < strata
double stratified(std::uint64_t stratum, std::uint64_t strata, double offset);

/// Inverse of the standard normal distribution. @pre 0 < u < 1
double normal_quantile(double u);

}  // namespace rng
}  // namespace windrow
