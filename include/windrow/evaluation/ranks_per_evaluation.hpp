#pragma once

#include <functional>
#include <optional>
#include <type_traits>
#include <utility>

#include "windrow/design/design.hpp"

namespace [[gnu::visibility("default")]] windrow {

template <typename F>
concept RanksOfPoint = !std::is_arithmetic_v<F> && std::is_invocable_r_v<int, const F&, const Point&>;

/// How many ranks evaluate a point together: one number for all, or a function of the point.
class RanksPerEvaluation {
 public:
  RanksPerEvaluation(int ranks = 1) : constant_(ranks) {}
  template <RanksOfPoint Function>
  RanksPerEvaluation(Function function) : function_(std::move(function)) {}

  /// None if it depends on the point.
  std::optional<int> constant() const { return function_ ? std::nullopt : std::optional(constant_); }
  int of(const Point& point) const { return function_ ? function_(point) : constant_; }

 private:
  int constant_ = 1;
  std::function<int(const Point&)> function_;
};

}  // namespace windrow
