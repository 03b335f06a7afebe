#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "windrow/design/design.hpp"

namespace windrow {

/// A method of laying out points. Holds no parameters: their owner passes them in.
class Design::Kernel {
 public:
  virtual ~Kernel() = default;
  virtual std::string_view method() const = 0;
  virtual std::uint64_t size() const = 0;
  /// @pre index < size()
  virtual std::vector<Value> values(const std::vector<Parameter>& parameters, std::uint64_t seed,
                                    std::uint64_t index) const = 0;
  /// What of a parameter the points depend on.
  virtual std::string definition(const Parameter& parameter) const { return parameter.definition(); }
};

namespace detail {

constexpr std::uint64_t max_points = std::uint64_t{1} << 62;

/// @throws SpecError if there is no parameter or two have one name
void check_parameters(const std::vector<Parameter>& parameters);

/// Level `index` of every parameter.
std::vector<Value> levels_at(const std::vector<Parameter>& parameters, std::uint64_t index);

}  // namespace detail
}  // namespace windrow
