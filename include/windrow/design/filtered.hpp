#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "windrow/design/design.hpp"

namespace [[gnu::visibility("default")]] windrow {

/// The points of a design (the candidates) at which all conditions hold, in its order, counted from 0 without gaps. A
/// condition is an expression of the parameters as in derived(); it does not hold where it is 0, false or NaN.
///
/// Of a grid, a table, a Latin hypercube it leaves out points. Designs whose points go on in the same order (Monte
/// Carlo) draw on until there are as many as were asked for.
///
/// All candidates are looked at when this is called, by as many threads as the process may use, each with those
/// parameters alone that the conditions need; it keeps 8 bytes for every 1024 of them. A point is then found by its
/// block of 1024, which is looked at again unless this thread has just done so.
/// @param most_candidates  how many are looked at. None: 10^8; of designs that go on, 10^9 as long as one in 10^4 is
///                         admitted
/// @throws SpecError for no condition, one that cannot be read or is a text, more candidates than that, if none is
///         admitted, and if not enough are
Design filtered(const Design& design, const std::vector<std::string>& conditions,
                std::optional<std::uint64_t> most_candidates = std::nullopt);

}  // namespace windrow
