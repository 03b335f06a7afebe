#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "windrow/design/design.hpp"

namespace windrow {

/// A method of laying out points: this one gives point i level i of every parameter. Holds no parameters: their owner
/// passes them in.
class Design::Kernel {
 public:
  Kernel(std::string_view name, std::uint64_t points) : method(name), size(points) {}
  virtual ~Kernel() = default;
  /// @pre index < size
  virtual std::vector<Value> values(const std::vector<Parameter>& parameters, std::uint64_t seed,
                                    std::uint64_t index) const;
  /// What of a parameter the points depend on.
  virtual std::string definition(const Parameter& parameter) const { return parameter.definition(); }
  /// What was said of the method beside its name and the number of points, by the keys of study files: two kernels with
  /// the same of all that, the same seed and the same parameters give the same points.
  virtual std::vector<std::pair<std::string, std::string>> options() const { return {}; }
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
