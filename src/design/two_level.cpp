// Designs of low and high values.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <bit>

#include "design/fraction.hpp"
#include "windrow/error.hpp"

namespace windrow {
namespace {

using detail::CodedValues;

std::uint64_t all_corners(std::size_t parameters) {
  if (parameters > 62) throw SpecError(fmt::format("{} parameters have more than 2^62 corners", parameters));
  return std::uint64_t{1} << parameters;
}

class Corners : public detail::Coded {
 public:
  Corners(std::size_t parameters, std::vector<CodedValues> values)
      : Coded("corners", all_corners(parameters), std::move(values)), parameters_(parameters) {}
  std::size_t code(std::size_t place, std::uint64_t index) const override {
    return index >> (parameters_ - 1 - place) & 1U;
  }

 private:
  std::size_t parameters_;
};

class Factorial : public detail::Coded {
 public:
  Factorial(detail::Fraction fraction, std::vector<CodedValues> values)
      : Coded("factorial", fraction.points(), std::move(values), fraction.options()), fraction_(std::move(fraction)) {
    if (const auto text = fraction_.note()) note(*text);
  }
  std::size_t code(std::size_t place, std::uint64_t index) const override {
    return fraction_.is_high(place, index) ? 1 : 0;
  }

 private:
  detail::Fraction fraction_;
};

/// Element of a Hadamard matrix whose first column is of ones.
class Hadamard {
 public:
  /// Of the smallest size that is known here, from `least` on.
  explicit Hadamard(std::uint64_t least) : size_((least + 3) / 4 * 4) {
    while (!is_known(size_)) size_ += 4;
  }
  std::uint64_t size() const { return size_; }
  bool is_plus(std::uint64_t row, std::uint64_t column) const {
    return plus(size_, row, 0) == plus(size_, row, column);
  }

 private:
  static bool is_prime(std::uint64_t n) {
    for (std::uint64_t d = 2; d * d <= n; ++d) {
      if (n % d == 0) return false;
    }
    return n > 1;
  }
  /// By squares modulo a prime.
  static bool is_first_kind(std::uint64_t size) { return is_prime(size - 1); }
  static bool is_second_kind(std::uint64_t size) { return (size / 2 - 1) % 4 == 1 && is_prime(size / 2 - 1); }
  /// Plackett & Burman's own rows, where the squares do not do.
  static std::string_view printed(std::uint64_t size) {
    if (size == 16) return "++++-+-++--+---";
    if (size == 36) return "-+-+++---+++++-+++--+----+-+-++--+-";
    return {};
  }
  static bool is_known(std::uint64_t size) {
    if (size <= 4 || is_first_kind(size) || !printed(size).empty() || is_second_kind(size)) return true;
    return size % 8 == 0 && is_known(size / 2);
  }
  static bool is_square(std::uint64_t number, std::uint64_t prime) {
    for (std::uint64_t root = 1; root <= prime / 2; ++root) {
      if (root * root % prime == number) return true;
    }
    return false;
  }

  static bool plus(std::uint64_t size, std::uint64_t row, std::uint64_t column) {
    if (size <= 2) return (row & column) == 0;
    const std::string_view signs = printed(size);
    if (is_first_kind(size) || !signs.empty()) {
      // The row of signs, moved on by one in each further row; a last row of minus.
      if (column == 0) return true;
      if (row == size - 1) return false;
      const std::uint64_t prime = size - 1, at = (column - 1 + prime - row) % prime;
      return signs.empty() ? at == 0 || is_square(at, prime) : signs[at] == '+';
    }
    if (is_second_kind(size)) {
      const std::uint64_t prime = size / 2 - 1, a = row / 2, b = column / 2;
      const bool r = row % 2 == 1, c = column % 2 == 1;
      if (a == b) return !r && !c;
      const bool sign = a == 0 || b == 0 || is_square((a + prime - b) % prime, prime);
      return sign != (r && c);
    }
    const std::uint64_t half = size / 2;
    return plus(half, row % half, column % half) != (row >= half && column >= half);
  }

  std::uint64_t size_;
};

class PlackettBurman : public detail::Coded {
 public:
  PlackettBurman(const Hadamard& matrix, std::size_t parameters, std::vector<CodedValues> values)
      : Coded("plackett_burman", matrix.size(), std::move(values)), parameters_(parameters) {
    for (std::uint64_t row = 0; row < matrix.size(); ++row) {
      for (std::size_t place = 0; place < parameters; ++place) is_high_.push_back(matrix.is_plus(row, place + 1));
    }
  }
  std::size_t code(std::size_t place, std::uint64_t index) const override {
    return is_high_[index * parameters_ + place] ? 1 : 0;
  }

 private:
  std::size_t parameters_;
  std::vector<bool> is_high_;
};

}  // namespace

Design corners(std::vector<Parameter> parameters, std::uint64_t seed) {
  auto values = detail::values_between(parameters, "corners", {-1.0, 1.0});
  auto kernel = std::make_shared<Corners>(parameters.size(), std::move(values));
  return {std::move(parameters), seed, std::move(kernel)};
}

Design factorial(std::vector<Parameter> parameters, const std::vector<std::string>& generators, std::uint64_t seed) {
  auto values = detail::values_between(parameters, "factorial", {-1.0, 1.0});
  auto kernel = std::make_shared<Factorial>(detail::Fraction(parameters, generators), std::move(values));
  return {std::move(parameters), seed, std::move(kernel)};
}

Design plackett_burman(std::vector<Parameter> parameters, std::uint64_t seed) {
  auto values = detail::values_between(parameters, "plackett_burman", {-1.0, 1.0});
  constexpr std::size_t most = 300;
  if (parameters.size() > most) {
    throw SpecError(fmt::format("plackett_burman has up to {} parameters, not {}", most, parameters.size()));
  }
  auto kernel = std::make_shared<PlackettBurman>(Hadamard(parameters.size() + 1), parameters.size(), std::move(values));
  return {std::move(parameters), seed, std::move(kernel)};
}

}  // namespace windrow
