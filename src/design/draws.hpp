#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "design/kernel.hpp"
#include "design/permutation.hpp"
#include "windrow/design/methods.hpp"

namespace windrow::detail {

/// The numbers by which a sampled design draws: a pure function of a parameter's place and a point's index. The seed,
/// and what else there is to know, was said when it was made.
class Draws {
 public:
  explicit Draws(std::uint64_t of) : seed(of) {}
  virtual ~Draws() = default;
  /// The same by another seed.
  virtual std::shared_ptr<const Draws> by_seed(std::uint64_t other) const = 0;
  /// In (0, 1), or 0 for the lowest value that there is.
  /// @param place  of the parameter among all, from 0
  virtual double at(std::size_t place, std::uint64_t index) const = 0;
  /// Whether it has numbers beyond the points that were asked for, which these do not depend on.
  virtual bool goes_on() const { return true; }
  /// Whether a number may be 0.
  virtual bool has_zero() const { return false; }

  const std::uint64_t seed;
};

using KernelOptions = std::vector<std::pair<std::string, std::string>>;

/// A design whose values are draws, parameter by parameter.
class Sampled : public Design::Kernel {
 public:
  Sampled(std::string_view name, std::uint64_t points, std::shared_ptr<const Draws> draws, KernelOptions options = {},
          std::vector<std::string> notes = {})
      : Kernel(name, points), draws_(std::move(draws)), options_(std::move(options)), notes_(std::move(notes)) {}

  std::vector<Value> values(const std::vector<Parameter>& parameters, std::uint64_t seed,
                            std::uint64_t index) const override;
  std::vector<std::pair<std::string, std::string>> options() const override { return options_; }
  std::vector<std::string> notes() const override { return notes_; }
  bool draws() const override { return true; }
  bool goes_on() const override { return draws_->goes_on(); }
  std::unique_ptr<Reader> reader(const std::vector<Parameter>& parameters, std::uint64_t seed,
                                 const std::vector<std::size_t>& which) const override;
  /// @throws SpecError for points without a scramble
  std::shared_ptr<const Kernel> correlated(std::shared_ptr<const Copula> copula) const override;

 private:
  std::shared_ptr<const Draws> by_seed(std::uint64_t seed) const;

  std::shared_ptr<const Draws> draws_;
  KernelOptions options_;
  std::vector<std::string> notes_;
};

/// @throws SpecError if there is no parameter, a name is there twice, points is 0 or above 2^62, or a parameter is a
///         range
void check_sampled(const std::vector<Parameter>& parameters, std::uint64_t points, const std::string& method,
                   const char* key = "points");
/// @throws SpecError if one has no lowest value: for methods whose first point is at zero
void check_lowest(const std::vector<Parameter>& parameters, std::string_view method);

/// The streams of random numbers of parameters: by their names, and by what the numbers are for.
std::vector<std::uint64_t> streams_of(const std::vector<Parameter>& parameters, std::string_view purpose = {});

/// A permutation of 0 .. size - 1 for each parameter.
std::vector<Permutation> orders_of(const std::vector<Parameter>& parameters, std::string_view purpose,
                                   std::uint64_t size, std::uint64_t seed);

/// Sobol' points.
/// @param streams  one for each coordinate, of its scrambling; at most max_sobol_dimensions
std::shared_ptr<const Draws> sobol_draws(Scramble scramble, std::uint64_t seed,
                                         const std::vector<std::uint64_t>& streams);

constexpr std::size_t max_sobol_dimensions = 3667;

/// A random permutation of the numbers of 64 bits, taken as trees whose root is the lowest bit: each branch is swapped
/// or not, by all the bits below it and by two random words. After Laine & Karras, as in Burley, JCGT 9(4), 2020.
std::uint64_t nested_scramble(std::uint64_t bits, std::uint64_t first, std::uint64_t second);
std::uint64_t reverse_bits(std::uint64_t bits);

/// The middle of the cell of 2^-52 that a fraction of 64 bits is in: in (0, 1).
inline double middle_of_cell(std::uint64_t fraction) {
  return (static_cast<double>(fraction >> 12) + 0.5) * 0x1p-52;
}
/// The fraction itself, in [0, 1), to 53 bits.
inline double begin_of_cell(std::uint64_t fraction) {
  return static_cast<double>(fraction >> 11) * 0x1p-53;
}

}  // namespace windrow::detail
