#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "design/interface/expression.hpp"

namespace windrow::detail {

/// A function that expressions may call.
struct ExpressionFunction {
  std::string name;
  double (*of_one)(double) = nullptr;  ///< the one of them that is set says how many arguments it takes
  double (*of_two)(double, double) = nullptr;
  bool takes_any_number = false;  ///< min, max, sum, avg
};
const std::vector<ExpressionFunction>& expression_functions();

/// An expression as it was understood.
struct ReadExpression {
  struct Use {
    std::size_t name;
    bool as_number = false;
    bool as_text = false;
  };
  std::string formula;  ///< for muParser: with `v0` for used[0] as a number, `t0` as a text, `c0` for constants[0]
  ExpressionKind kind = ExpressionKind::number;
  std::vector<Use> used;
  std::vector<double> constants;
  std::vector<std::string> texts;  ///< that stand in it, each once; its code is its place here
};

/// @throws SpecError as Expression does
ReadExpression read_expression(std::string_view text, const std::vector<ExpressionName>& names,
                               const std::string& what);

}  // namespace windrow::detail
