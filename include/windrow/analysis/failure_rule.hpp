#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "windrow/analysis/data.hpp"

namespace [[gnu::visibility("default")]] windrow {

/// What a rule asks of one input: a number above or below a limit, or one text.
struct RuleCondition {
  enum class Kind : std::uint8_t { above, at_most, is, is_not };
  std::size_t input = 0;
  Kind kind = Kind::above;
  double limit = 0.0;  ///< of texts, the position of the label
};

/// Where points fail: "pressure > 3.2 and T <= 280".
struct FailureRule {
  std::vector<RuleCondition> conditions;  ///< one or two, all of which hold
  std::uint64_t failures_inside = 0, failures = 0;
  std::uint64_t successes_inside = 0, successes = 0;

  /// Whether it holds of a row; a number that is missing meets no condition.
  bool holds(const Data& data, std::size_t row) const;
  /// "pressure > 3.2 and T <= 280"
  std::string text(const std::vector<DataColumn>& inputs) const;
  /// "pressure > 3.2 and T <= 280: 94 % of failures, 3 % of successes"
  std::string describe(const std::vector<DataColumn>& inputs) const;
};

/// The shortest rule that separates failed points from the others, of one or two conditions: the one that describes who
/// failed in the fewest bits, rule included (minimum description length; Rissanen 1978,
/// doi:10.1016/0005-1098(78)90005-5). A second condition, or a rule at all, is there only if it pays for itself. Limits
/// are the shortest numbers between the neighbouring values. Time grows with the rows, and with the square of the
/// number of inputs.
/// @param failed  of each row, whether it counts as a failure
/// @return none if nothing says more than the number of failures
std::optional<FailureRule> failure_rule(const Data& data, const std::vector<bool>& failed);

/// The decimal number of the fewest digits in [low, high). @pre low < high, both finite
double shortest_between(double low, double high);

}  // namespace windrow
