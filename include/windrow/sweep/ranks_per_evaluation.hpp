#pragma once

#include <concepts>
#include <functional>
#include <optional>
#include <utility>

#include "windrow/design/design.hpp"

namespace [[gnu::visibility("default")]] windrow {

/// How many ranks evaluate a point together: one number for all, or a function of the point.
class RanksPerEvaluation {
 public:
  RanksPerEvaluation(int ranks = 1) : constant_(ranks) {}
  template <typename Function>
  requires std::invocable<const Function&, const Point&> &&
      std::convertible_to < std::invoke_result_t<const Function&, const Point&>,
  int > RanksPerEvaluation(Function function) : function_(std::move(function)) {}

  /// None if it depends on the point.
  std::optional<int> constant() const { return function_ ? std::nullopt : std::optional(constant_); }
  int of(const Point& point) const { return function_ ? function_(point) : constant_; }

 private:
  int constant_ = 1;
  std::function<int(const Point&)> function_;
};

}  // namespace windrow
