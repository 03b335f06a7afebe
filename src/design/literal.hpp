#pragma once

#include <string>

#include "windrow/design/value.hpp"

namespace windrow::detail {

/// As in a study file: numbers show a point or an exponent, so that they differ from integers, and texts are quoted.
std::string literal(const Value& value);

}  // namespace windrow::detail
