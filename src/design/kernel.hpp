#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "windrow/design/design.hpp"

namespace windrow {
namespace detail {
class Copula;
}

/// A method of laying out points: this one gives point i level i of every parameter. Holds no parameters: their owner
/// passes them in.
class Design::Kernel {
 public:
  Kernel(std::string_view name, std::uint64_t points) : method(name), size(points) {}
  virtual ~Kernel() = default;
  /// @pre index < size, or goes_on() and index < max_points
  virtual std::vector<Value> values(const std::vector<Parameter>& parameters, std::uint64_t seed,
                                    std::uint64_t index) const;

  /// Reads some parameters of one point after another, without the others where that saves time. Of one thread.
  class Reader {
   public:
    virtual ~Reader() = default;
    virtual void read(std::uint64_t index, std::span<Value> values) = 0;
  };
  /// @param which  positions of parameters; both they and the kernel outlive the reader
  virtual std::unique_ptr<Reader> reader(const std::vector<Parameter>& parameters, std::uint64_t seed,
                                         const std::vector<std::size_t>& which) const;
  /// Whether there are further points beyond the last, so that a filter may draw on.
  virtual bool goes_on() const { return false; }

  /// Whether it gives each parameter a number in (0, 1), which a copula can mix with others.
  virtual bool draws() const { return false; }
  /// The same with such a copula. @pre draws()
  virtual std::shared_ptr<const Kernel> correlated(std::shared_ptr<const detail::Copula> /*copula*/) const {
    return nullptr;
  }

  /// What of a parameter the points depend on.
  virtual std::string definition(const Parameter& parameter) const { return parameter.definition(); }
  /// What else the points depend on: Design::definition() has it before the parameters.
  virtual std::vector<std::pair<std::string, std::string>> further_definition() const { return {}; }
  /// As Design::exclusions() and Design::candidates().
  virtual std::vector<Exclusion> exclusions() const { return {}; }
  virtual std::uint64_t candidates() const { return size; }
  /// As Design::equal_points().
  virtual std::vector<EqualPoint> equal_points(const std::vector<Parameter>& /*parameters*/) const { return {}; }
  /// As Design::notes().
  virtual std::vector<std::string> notes() const { return {}; }

  const std::string_view method;
  const std::uint64_t size;
};

namespace detail {

constexpr std::uint64_t max_points = std::uint64_t{1} << 62;

/// @throws SpecError if there is no parameter or two have one name
void check_parameters(const std::vector<Parameter>& parameters);

/// Of points of which each takes its own level of every parameter.
std::vector<EqualPoint> equal_rows(const std::vector<Parameter>& parameters, std::uint64_t rows);
/// Of all combinations, the first parameter slowest.
std::vector<EqualPoint> equal_combinations(const std::vector<Parameter>& parameters, std::uint64_t size);

}  // namespace detail
}  // namespace windrow
