#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "design/interface/expression.hpp"
#include "windrow/command/command.hpp"

namespace windrow::detail {

/// What must hold for the outputs of a point: CommandSpec::valid.
class Conditions {
 public:
  /// None.
  Conditions() = default;
  /// @throws SpecError for an expression that cannot be read, a name in it that is no parameter and no output, or one
  ///                   that is an array, or a text where a number must stand
  Conditions(const std::vector<std::string>& texts, const Design& design, const std::vector<OutputSpec>& outputs);

  /// Whether one of them names this parameter or output.
  bool uses(std::string_view name) const;

  /// @param outputs     of the point
  /// @param is_missing  which of them are
  /// @throws FailedCheck that names the values, for the first condition that does not hold
  void check(const Point& point, const std::vector<Value>& outputs, const std::vector<bool>& is_missing) const;

 private:
  void check_types(const Expression& condition, const std::vector<OutputSpec>& outputs) const;

  std::vector<std::string> names_;  // of the parameters, then of the outputs
  std::size_t parameters_ = 0;
  std::vector<Expression> conditions_;
};

}  // namespace windrow::detail
