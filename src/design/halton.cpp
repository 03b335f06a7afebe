// Halton points and lattice points: both of sequences that go on.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "design/draws.hpp"
#include "design/interface/bad_term.hpp"
#include "windrow/design/random.hpp"
#include "windrow/error.hpp"

namespace windrow {
namespace {

constexpr std::size_t kMostBases = 1000;

std::vector<std::uint64_t> primes(std::size_t count) {
  std::vector<std::uint64_t> primes;
  for (std::uint64_t n = 2; primes.size() < count; ++n) {
    if (std::ranges::none_of(primes, [n](std::uint64_t prime) { return n % prime == 0; })) primes.push_back(n);
  }
  return primes;
}

/// The digits of an index, mirrored at the point: sum of digit k / base^(k + 1).
class MirroredDigits {
 public:
  /// All that 52 bits have room for.
  explicit MirroredDigits(std::uint64_t base) : base_(base) {
    constexpr std::uint64_t room = std::uint64_t{1} << 52;
    while (cells_ <= room / base) {
      cells_ *= base;
      ++digits_;
    }
  }

  /// Each digit by a permutation of its own: Owen 2017, arXiv:1706.02808.
  void permute(std::uint64_t seed, std::uint64_t stream) {
    std::uint64_t weight = cells_ / base_;
    for (std::uint64_t k = 0; k < digits_; ++k, weight /= base_) {
      const detail::Permutation order(seed, rng::fnv1a("/digit", stream) + k, base_, detail::Permutation::once);
      for (std::uint64_t digit = 0; digit < base_; ++digit) permuted_.push_back(weight * order(digit));
    }
    // What the zeros in front of an index of so many digits are worth.
    rest_.assign(digits_ + 1, 0);
    for (std::uint64_t k = digits_; k-- > 0;) rest_[k] = rest_[k + 1] + permuted_[k * base_];
  }

  std::uint64_t cells() const { return cells_; }

  /// @pre number < cells()
  double plain(std::uint64_t number) const {
    std::uint64_t mirrored = 0, cells = 1;
    for (; number != 0; number /= base_, cells *= base_) mirrored = mirrored * base_ + number % base_;
    return static_cast<double>(mirrored) / static_cast<double>(cells);
  }
  double permuted(std::uint64_t number) const {
    std::uint64_t mirrored = 0, k = 0;
    for (const std::uint64_t* digit = permuted_.data(); number != 0; digit += base_, ++k) {
      const std::uint64_t rest = number / base_;
      mirrored += digit[number - rest * base_];
      number = rest;
    }
    return (static_cast<double>(mirrored + rest_[k]) + 0.5) / static_cast<double>(cells_);
  }

 private:
  std::uint64_t base_;
  std::uint64_t cells_ = 1, digits_ = 0;
  std::vector<std::uint64_t> permuted_{}, rest_{};
};

/// Around the unit interval; never 0.
double shifted(double u, double shift) {
  const double sum = u + shift;
  return std::max(sum >= 1.0 ? sum - 1.0 : sum, 0x1p-53);
}

class HaltonPoints : public detail::Draws {
 public:
  HaltonPoints(Scramble scramble, std::uint64_t by, std::vector<std::uint64_t> streams)
      : Draws(by), scramble_(scramble), streams_(std::move(streams)) {
    for (const std::uint64_t base : primes(streams_.size())) {
      MirroredDigits& digits = digits_.emplace_back(base);
      const std::uint64_t stream = rng::fnv1a("/scramble", streams_[digits_.size() - 1]);
      if (scramble == Scramble::owen) digits.permute(seed, stream);
      shifts_.push_back(rng::uniform(seed, stream, 0));
    }
  }
  std::shared_ptr<const Draws> by_seed(std::uint64_t other) const override {
    return std::make_shared<HaltonPoints>(scramble_, other, streams_);
  }

  /// How many points it tells apart.
  std::uint64_t points() const { return std::ranges::min(digits_, {}, &MirroredDigits::cells).cells() - 1; }

  double at(std::size_t place, std::uint64_t index) const override {
    const MirroredDigits& digits = digits_[place];
    if (scramble_ == Scramble::owen) return digits.permuted(index);
    if (scramble_ == Scramble::shift) return shifted(digits.plain(index), shifts_[place]);
    return digits.plain(index + 1);  // 0 would be the lowest values
  }

 private:
  Scramble scramble_;
  std::vector<std::uint64_t> streams_;
  std::vector<MirroredDigits> digits_;
  std::vector<double> shifts_;
};

/// exod2_base2_m20_CKN of Cools, Kuo & Nuyens 2006, doi:10.1137/06065074X: for 2^k points up to 2^20, whatever the
/// weights of pairs of parameters.
constexpr std::array<std::uint32_t, 100> kGenerating = {
    1,      182667, 469891, 498753, 110745, 446247, 250185, 118627, 245333, 283199, 408519, 391023, 246327,
    126539, 399185, 461527, 300343, 69681,  516695, 436179, 106383, 238523, 413283, 70841,  47719,  300129,
    113029, 123925, 410745, 211325, 17489,  511893, 40767,  186077, 519471, 255369, 101819, 243573, 66189,
    152143, 503455, 113217, 132603, 463967, 297717, 157383, 224015, 502917, 36237,  94049,  170665, 79397,
    123963, 223451, 323871, 303633, 98567,  318855, 494245, 477137, 177975, 64483,  26695,  88779,  94497,
    239429, 381007, 110205, 339157, 73397,  407559, 181791, 442675, 301397, 32569,  147737, 189949, 138655,
    350241, 63371,  511925, 515861, 434045, 383435, 249187, 492723, 479195, 84589,  99703,  239831, 269423,
    182241, 61063,  130789, 143095, 471209, 139019, 172565, 487045, 304803};

class LatticePoints : public detail::Draws {
 public:
  LatticePoints(Scramble scramble, std::uint64_t by, std::vector<std::uint64_t> streams)
      : Draws(by), scramble_(scramble), streams_(std::move(streams)) {
    for (const std::uint64_t stream : streams_) {
      const auto random = rng::block(seed, rng::fnv1a("/scramble", stream), 0);
      shifts_.push_back(std::uint64_t{random[1]} << 32 | random[0]);
    }
  }
  std::shared_ptr<const Draws> by_seed(std::uint64_t other) const override {
    return std::make_shared<LatticePoints>(scramble_, other, streams_);
  }
  bool has_zero() const override { return scramble_ == Scramble::none; }

  double at(std::size_t place, std::uint64_t index) const override {
    const std::uint64_t fraction = detail::reverse_bits(index) * kGenerating[place];  // modulo 1
    return scramble_ == Scramble::none ? detail::begin_of_cell(fraction)
                                       : detail::middle_of_cell(fraction + shifts_[place]);
  }

 private:
  Scramble scramble_;
  std::vector<std::uint64_t> streams_, shifts_;
};

void check_parameters_of(const char* method, std::size_t count, std::size_t most) {
  if (count <= most) return;
  throw SpecError(fmt::format("{} has up to {} parameters, not {}; take sobol", method, most, count));
}

Design scrambled(std::vector<Parameter> parameters, const char* method, std::uint64_t points, Scramble scramble,
                 std::uint64_t seed, std::shared_ptr<const detail::Draws> draws) {
  detail::KernelOptions options = {{"scramble", std::string(name_of(scramble))}};
  return {std::move(parameters), seed,
          std::make_shared<detail::Sampled>(method, points, std::move(draws), std::move(options))};
}

}  // namespace

Design halton(std::vector<Parameter> parameters, std::uint64_t points, Scramble scramble, std::uint64_t seed) {
  detail::check_sampled(parameters, points, "halton");
  check_parameters_of("halton", parameters.size(), kMostBases);
  auto draws = std::make_shared<HaltonPoints>(scramble, seed, detail::streams_of(parameters));
  if (points > draws->points()) {
    throw SpecError(fmt::format("halton tells {} points of {} parameters apart, not {}", draws->points(),
                                parameters.size(), points));
  }
  return scrambled(std::move(parameters), "halton", points, scramble, seed, std::move(draws));
}

Design lattice(std::vector<Parameter> parameters, std::uint64_t points, Scramble scramble, std::uint64_t seed) {
  detail::check_sampled(parameters, points, "lattice");
  check_parameters_of("lattice", parameters.size(), kGenerating.size());
  if (scramble == Scramble::owen) {
    throw detail::BadTerm("scramble", " of a lattice is shift or none: scrambled by owen it would be none");
  }
  if (scramble == Scramble::none) detail::check_lowest(parameters, "lattice");
  auto draws = std::make_shared<LatticePoints>(scramble, seed, detail::streams_of(parameters));
  return scrambled(std::move(parameters), "lattice", points, scramble, seed, std::move(draws));
}

}  // namespace windrow
