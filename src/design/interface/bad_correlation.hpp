#pragma once

#include <cstddef>
#include <string>

#include "windrow/error.hpp"

namespace windrow::detail {

/// What is wrong with one of several correlations.
class BadCorrelation : public SpecError {
 public:
  /// @param place  of the pair in the list
  BadCorrelation(std::size_t place, const std::string& message) : SpecError(message), place_(place) {}
  std::size_t place() const { return place_; }

 private:
  std::size_t place_;
};

}  // namespace windrow::detail
