#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "design/interface/expression.hpp"
#include "windrow/command/command.hpp"
#include "windrow/design/design.hpp"

namespace windrow::detail {

/// How many ranks the program of a point has. Several threads may ask.
class RankCount {
 public:
  /// @throws SpecError for a number below 1, an expression that cannot be read, and a name in it that is no parameter
  RankCount(const RanksSpec& spec, const Design& design);
  ~RankCount();
  RankCount(RankCount&&) noexcept;
  RankCount& operator=(RankCount&&) noexcept;

  /// The number, if it is the same at every point.
  std::optional<std::uint64_t> constant() const;
  /// Whether the expression names this parameter.
  bool uses(std::string_view parameter) const;
  /// @throws SpecError  if the expression gives no whole number from 1 at this point, or names a parameter that is a
  ///                    text there
  std::uint64_t at(const Point& point) const;

 private:
  std::uint64_t constant_ = 1;
  std::vector<std::string> names_;        // of the parameters
  std::optional<Expression> expression_;  // none: the constant
};

}  // namespace windrow::detail
