// Sobol' points, by the direction numbers of Joe & Kuo 2008, doi:10.1137/070709359 (new-joe-kuo-6), which Boost has.
#include <fmt/format.h>

#include <array>
#include <bit>
#include <boost/random/detail/sobol_table.hpp>

#include "design/draws.hpp"
#include "windrow/design/random.hpp"
#include "windrow/error.hpp"

namespace windrow {
namespace detail {

std::uint64_t reverse_bits(std::uint64_t bits) {
  const auto swap = [&](unsigned width, std::uint64_t mask) { bits = (bits >> width & mask) | (bits & mask) << width; };
  swap(1, 0x5555555555555555U);
  swap(2, 0x3333333333333333U);
  swap(4, 0x0f0f0f0f0f0f0f0fU);
  return __builtin_bswap64(bits);
}

std::uint64_t nested_scramble(std::uint64_t bits, std::uint64_t first, std::uint64_t second) {
  // Sums, products by odd numbers and x ^ x * even: a bit changes by those below it alone.
  bits += first;
  bits ^= bits * 0x6c50b47c9e2f13a6U;
  bits *= second | 1U;
  bits ^= bits * 0xb82f1e52d4a98c3eU;
  bits += second >> 32 | second << 32;
  bits ^= bits * 0xc7afe638d1b5294cU;
  bits *= (first >> 32 | first << 32) | 1U;
  bits ^= bits * 0x8d22f6e60a5c3f92U;
  return bits;
}

namespace {

using JoeKuo = boost::random::detail::qrng_tables::sobol;
static_assert(JoeKuo::max_dimension == max_sobol_dimensions);

/// By which numbers, the highest bit first, the bits of an index count.
using Directions = std::array<std::uint64_t, 64>;

/// Bit k of a direction number's m has the weight 2^k of 2^(j + 1): Bratley & Fox 1988, section 2.
Directions directions_of(std::size_t dimension) {
  Directions m;
  m.fill(1);
  if (dimension > 0) {
    const std::uint64_t polynomial = JoeKuo::polynomial(dimension - 1);
    const auto degree = static_cast<unsigned>(std::bit_width(polynomial)) - 1;
    for (unsigned j = 0; j < degree; ++j) m[j] = JoeKuo::minit(dimension - 1, j);
    for (unsigned j = degree; j < m.size(); ++j) {
      m[j] = m[j - degree];
      for (unsigned back = 1; back <= degree; ++back) {
        if (polynomial >> (degree - back) & 1U) m[j] ^= m[j - back] << back;
      }
    }
  }
  for (unsigned j = 0; j < m.size(); ++j) m[j] <<= 63 - j;
  return m;
}

struct Coordinate {
  Directions reversed;  ///< the lowest bit first, as scrambles take them
  std::uint64_t first, second;
};

class SobolPoints : public Draws {
 public:
  SobolPoints(Scramble scramble, std::uint64_t by, std::vector<std::uint64_t> streams)
      : Draws(by), scramble_(scramble), streams_(std::move(streams)) {
    for (const std::uint64_t stream : streams_) {
      const auto random = rng::block(seed, rng::fnv1a("/scramble", stream), 0);
      Coordinate coordinate{directions_of(coordinates_.size()), std::uint64_t{random[1]} << 32 | random[0],
                            std::uint64_t{random[3]} << 32 | random[2]};
      for (std::uint64_t& direction : coordinate.reversed) direction = reverse_bits(direction);
      coordinates_.push_back(coordinate);
    }
  }
  std::shared_ptr<const Draws> by_seed(std::uint64_t other) const override {
    return std::make_shared<SobolPoints>(scramble_, other, streams_);
  }
  bool has_zero() const override { return scramble_ == Scramble::none; }

  double at(std::size_t place, std::uint64_t index) const override {
    const Coordinate& coordinate = coordinates_[place];
    std::uint64_t bits = 0;
    for (std::uint64_t gray = index ^ index >> 1; gray != 0; gray &= gray - 1) {
      bits ^= coordinate.reversed[static_cast<std::size_t>(std::countr_zero(gray))];
    }
    if (scramble_ == Scramble::none) return begin_of_cell(reverse_bits(bits));
    bits = scramble_ == Scramble::shift ? bits ^ coordinate.first
                                        : nested_scramble(bits, coordinate.first, coordinate.second);
    return middle_of_cell(reverse_bits(bits));
  }

 private:
  Scramble scramble_;
  std::vector<std::uint64_t> streams_;
  std::vector<Coordinate> coordinates_;
};

}  // namespace

std::shared_ptr<const Draws> sobol_draws(Scramble scramble, std::uint64_t seed,
                                         const std::vector<std::uint64_t>& streams) {
  if (streams.size() > max_sobol_dimensions) {
    throw SpecError(
        fmt::format("Sobol' points have up to {} coordinates, not {}", max_sobol_dimensions, streams.size()));
  }
  return std::make_shared<SobolPoints>(scramble, seed, streams);
}

}  // namespace detail

std::string_view name_of(Scramble scramble) {
  constexpr std::array<std::string_view, 3> names = {"none", "shift", "owen"};
  return names[static_cast<std::size_t>(scramble)];
}

Design sobol(std::vector<Parameter> parameters, std::uint64_t points, Scramble scramble, std::uint64_t seed) {
  detail::check_sampled(parameters, points, "sobol");
  if (scramble == Scramble::none) detail::check_lowest(parameters, "sobol");
  auto draws = detail::sobol_draws(scramble, seed, detail::streams_of(parameters));
  detail::KernelOptions options = {{"scramble", std::string(name_of(scramble))}};
  return {std::move(parameters), seed,
          std::make_shared<detail::Sampled>("sobol", points, std::move(draws), std::move(options))};
}

}  // namespace windrow
