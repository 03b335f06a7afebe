#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "windrow/design/design.hpp"

namespace [[gnu::visibility("default")]] windrow {

/// A parameter that is computed from others by an expression: arithmetic with `^`, comparisons, `!`, `&&`, `||`,
/// `a ? b : c`, pi, the functions of C's <math.h>, min, max, round, floor, ...; texts in quotes, compared by == and !=.
/// It is a number, or a truth value or text if the expression is one; Parameter::type() says otherwise: of an integer
/// the expression must give whole numbers. Where it has no value, it is NaN, and a command's point is rejected.
Parameter derived(std::string name, std::string_view expression);

/// The design with further columns, which add no points. What they may use are all parameters, other derived ones, too.
/// They are values of a point as others are, but Point::seed() does not depend on them.
/// @param parameters  derived ones
/// @param order       the names of the columns in the order that they are to have; those not named come last. Empty:
/// the
///                    design's, then the derived ones
/// @throws SpecError for a parameter that is not derived, two of one name, an expression that cannot be read, an
/// unknown
///         name in it, derived values that need each other ("a -> b -> a"), and a type that the result cannot have
Design derived(const Design& design, std::vector<Parameter> parameters, const std::vector<std::string>& order = {});
/// The design with one more column, the last.
Design derived(const Design& design, std::string name, std::string_view expression);

}  // namespace windrow
