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
