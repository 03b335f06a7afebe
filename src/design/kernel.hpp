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

  /// The same with a copula that mixes the numbers in (0, 1) by which parameters are drawn; null if there are none.
  virtual std::shared_ptr<const Kernel> correlated(std::shared_ptr<const detail::Copula> /*copula*/) const {
    return nullptr;
  }

  /// What of a parameter the points depend on.
  virtual std::string definition(const Parameter& parameter) const { return parameter.definition(); }
  /// What was said of the method beside its name and the number of points, by the keys of study files: two kernels with
  /// the same of all that, the same seed and the same parameters give the same points.
  virtual std::vector<std::pair<std::string, std::string>> options() const { return {}; }
  /// As Design::exclusions() and Design::candidates().
  virtual std::vector<Exclusion> exclusions() const { return {}; }
  virtual std::uint64_t candidates() const { return size; }
  /// As Design::equal_points().
  virtual std::vector<EqualPoint> equal_points(const std::vector<Parameter>& /*parameters*/) const { return {}; }
  /// As Design::notes().
  virtual std::vector<std::string> notes() const { return {}; }
  /// Whether points are random draws: these are not compared with others, and may be drawn anew in a block.
  virtual bool draws() const { return false; }
  /// What of the points follows neither from the method's name nor from their number, the seed and the parameters.
  virtual std::string layout() const { return {}; }
  /// As Design::parts().
  virtual std::vector<DesignPart> parts(const std::vector<Parameter>& parameters) const;

  const std::string method;
  const std::uint64_t size;

  /// What a design is made of, for designs that are made of it.
  struct Component {
    std::shared_ptr<const Kernel> kernel;
    std::vector<Parameter> parameters;  ///< bundles without their fields
    std::uint64_t seed;

    std::vector<Value> values(std::uint64_t index) const { return kernel->values(parameters, seed, index); }
    /// "latin_hypercube of x, y: 50 points, seed 1"
    std::string layout() const;
  };
  static Component component(const Design& design) { return {design.kernel_, *design.laid_out_, design.seed_}; }
  /// The same with the fields of bundles among the parameters that the kernel gives.
  static Component with_fields(const Design& design);
  class Around;
};

/// The points of another kernel with something about them changed: what it does not say itself, the other one does.
class Design::Kernel::Around : public Design::Kernel {
 public:
  explicit Around(const Component& of) : Around(of, of.kernel->size) {}
  Around(Component of, std::uint64_t points) : Kernel(of.kernel->method, points), of_(std::move(of)) {}

  bool goes_on() const override { return of_.kernel->goes_on(); }
  std::string definition(const Parameter& parameter) const override { return of_.kernel->definition(parameter); }
  std::vector<std::pair<std::string, std::string>> options() const override { return of_.kernel->options(); }
  std::vector<Exclusion> exclusions() const override { return of_.kernel->exclusions(); }
  std::uint64_t candidates() const override { return of_.kernel->candidates(); }
  std::vector<EqualPoint> equal_points(const std::vector<Parameter>& /*parameters*/) const override {
    return of_.kernel->equal_points(of_.parameters);
  }
  std::vector<std::string> notes() const override { return of_.kernel->notes(); }
  bool draws() const override { return of_.kernel->draws(); }
  std::string layout() const override { return of_.kernel->layout(); }
  std::vector<DesignPart> parts(const std::vector<Parameter>& /*parameters*/) const override {
    return of_.kernel->parts(of_.parameters);
  }

 protected:
  /// By a seed that is not its own, if it is drawn anew.
  std::vector<Value> values_of(std::uint64_t seed, std::uint64_t index) const {
    return of_.kernel->values(of_.parameters, seed, index);
  }
  const Component of_;
};

namespace detail {

constexpr std::uint64_t max_points = std::uint64_t{1} << 62;
/// Of more points those of one part are not compared with those of another.
constexpr std::uint64_t max_compared_points = std::uint64_t{1} << 20;

/// @throws SpecError if there is no parameter or two have one name
void check_parameters(const std::vector<Parameter>& parameters);
/// @throws SpecError as check_parameters(), and if one is random
void check_fixed(const std::vector<Parameter>& parameters, const std::string& method);

/// Of points of which each takes its own level of every parameter.
std::vector<EqualPoint> equal_rows(const std::vector<Parameter>& parameters, std::uint64_t rows);
/// Of all combinations, the first parameter slowest.
std::vector<EqualPoint> equal_combinations(const std::vector<Parameter>& parameters, std::uint64_t size);

/// A factor of a product: how many there are, and for each the first that is the same (empty if none is there twice).
struct EqualFactor {
  std::uint64_t count;
  std::vector<std::uint64_t> first;
};
/// Of parameters that vary together.
EqualFactor equal_levels(const std::vector<Parameter>& together);
/// Of what is there `count` times, of which some are equal.
EqualFactor equal_factor(std::uint64_t count, const std::vector<EqualPoint>& equal);
/// Of all combinations, the first factor slowest.
std::vector<EqualPoint> equal_products(const std::vector<EqualFactor>& factors);

}  // namespace detail
}  // namespace windrow
