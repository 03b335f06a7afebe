// Latin hypercubes that grow.
#include <fmt/format.h>

#include <bit>

#include "design/draws.hpp"
#include "design/interface/bad_term.hpp"
#include "windrow/design/random.hpp"
#include "windrow/error.hpp"

namespace windrow {
namespace {

/// A point is in one of the first strata, and there in a binary fraction, the tree of whose bits is scrambled, stratum
/// by stratum. Before it is scrambled, the fraction is 0 for the first points; each doubling adds the points whose last
/// bit, one further, is 1, in a random order. So any stratum of a doubling has one point.
class Nested : public detail::Draws {
 public:
  Nested(std::vector<Parameter> parameters, std::uint64_t points, std::uint64_t first, std::uint64_t by)
      : Draws(by),
        parameters_(std::move(parameters)),
        points_(points),
        first_(first),
        streams_(detail::streams_of(parameters_)),
        scrambles_(detail::streams_of(parameters_, "/scramble")),
        orders_(detail::orders_of(parameters_, "/strata", first, by)) {
    for (std::uint64_t size = first; size < points; size *= 2) {
      const std::string purpose = fmt::format("/strata/{}", size / first);
      doublings_.push_back(detail::orders_of(parameters_, purpose, size, by));
    }
  }
  std::shared_ptr<const Draws> by_seed(std::uint64_t other) const override {
    return std::make_shared<Nested>(parameters_, points_, first_, other);
  }
  bool goes_on() const override { return false; }

  double at(std::size_t place, std::uint64_t index) const override {
    if (index < first_) {
      return rng::stratified(orders_[place](index), first_, rng::uniform(seed, streams_[place], index));
    }
    const auto doubling = static_cast<unsigned>(std::bit_width(index / first_)) - 1;
    const std::uint64_t before = first_ << doubling;
    const std::uint64_t node = doublings_[doubling][place](index - before);
    const std::uint64_t stratum = node >> doubling;
    const std::uint64_t branch = (node & ((std::uint64_t{1} << doubling) - 1)) << 1 | 1U;
    return rng::stratified(stratum, first_, fraction(place, stratum, branch << (63 - doubling)));
  }

 private:
  /// The first point of the stratum, of which the fraction is known, has to be the scrambled 0.
  double fraction(std::size_t place, std::uint64_t stratum, std::uint64_t bits) const {
    const auto random = rng::block(seed, scrambles_[place], stratum);
    const std::uint64_t first = std::uint64_t{random[1]} << 32 | random[0];
    const std::uint64_t second = std::uint64_t{random[3]} << 32 | random[2];
    const std::uint64_t scrambled =
        detail::nested_scramble(detail::reverse_bits(bits), first, second) ^ detail::nested_scramble(0, first, second);
    const double known = rng::uniform(seed, streams_[place], orders_[place].inverse(stratum));
    return detail::middle_of_cell(detail::reverse_bits(scrambled) ^ static_cast<std::uint64_t>(known * 0x1p52) << 12);
  }

  std::vector<Parameter> parameters_;
  std::uint64_t points_, first_;
  std::vector<std::uint64_t> streams_, scrambles_;
  std::vector<detail::Permutation> orders_;
  std::vector<std::vector<detail::Permutation>> doublings_{};
};

std::vector<std::string> notes_on(std::uint64_t points, std::uint64_t grow_from) {
  const std::uint64_t below = grow_from << (std::bit_width(points / grow_from) - 1);
  if (below == points) return {};
  return {fmt::format("{} points are no Latin hypercube that has grown from {}: {} or {} are", points, grow_from, below,
                      2 * below)};
}

}  // namespace

Design nested_latin_hypercube(std::vector<Parameter> parameters, std::uint64_t points, std::uint64_t grow_from,
                              std::uint64_t seed) {
  detail::check_sampled(parameters, points, "latin_hypercube");
  if (grow_from < 1 || grow_from > points) {
    throw detail::BadTerm("grow_from", fmt::format(" must be from 1 to `points`, {}, not {}", points, grow_from));
  }
  auto draws = std::make_shared<Nested>(parameters, points, grow_from, seed);
  detail::KernelOptions options = {{"grow_from", std::to_string(grow_from)}};
  return {std::move(parameters), seed,
          std::make_shared<detail::Sampled>("latin_hypercube", points, std::move(draws), std::move(options),
                                            notes_on(points, grow_from))};
}

}  // namespace windrow
