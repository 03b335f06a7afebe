#include "windrow/design/random.hpp"

#include <Random123/philox.h>

#include <algorithm>
#include <boost/math/special_functions/erf.hpp>
#include <cmath>
#include <numbers>

#include "design/permutation.hpp"

namespace windrow::rng {

std::uint64_t fnv1a(std::string_view text, std::uint64_t hash) {
  for (const char c : text) {
    hash ^= static_cast<unsigned char>(c);
    hash *= 0x100000001b3U;
  }
  return hash;
}

std::array<std::uint32_t, 4> block(std::uint64_t seed, std::uint64_t stream, std::uint64_t index) {
  const auto low = [](std::uint64_t word) { return static_cast<std::uint32_t>(word); };
  const auto high = [](std::uint64_t word) { return static_cast<std::uint32_t>(word >> 32); };
  const r123::Philox4x32::ctr_type counter = {{low(index), high(index), low(stream), high(stream)}};
  const r123::Philox4x32::key_type key = {{low(seed), high(seed)}};
  const r123::Philox4x32::ctr_type bits = r123::Philox4x32()(counter, key);
  return {bits[0], bits[1], bits[2], bits[3]};
}

double uniform(std::uint64_t seed, std::uint64_t stream, std::uint64_t index) {
  const auto bits = block(seed, stream, index);
  const std::uint64_t word = std::uint64_t{bits[1]} << 32 | bits[0];
  return (static_cast<double>(word >> 12) + 0.5) * 0x1p-52;
}

std::uint64_t permute(std::uint64_t seed, std::uint64_t stream, std::uint64_t size, std::uint64_t index) {
  return detail::Permutation(seed, stream, size, detail::Permutation::once)(index);
}

double stratified(std::uint64_t stratum, std::uint64_t strata, double offset) {
  const auto count = static_cast<double>(strata);
  const auto begin = static_cast<double>(stratum);
  const double last = std::nextafter(std::min((begin + 1.0) / count, 1.0), 0.0);
  return std::min((begin + offset) / count, last);
}

double normal_quantile(double u) {
  // Boost evaluates in extended precision, so that the rounded result does not depend on the processor's libm.
  return 0.0 - std::numbers::sqrt2 * boost::math::erfc_inv(2.0 * u);
}

}  // namespace windrow::rng
