// FIRST ERROR: 'windrow::SweepOptions' has no non-static data member named 'cost'
// FIRST ERROR: field designator 'cost' does not refer to any field in type 'windrow::SweepOptions'
#include "windrow/run/sweep.hpp"

windrow::SweepOptions options{.cost = [](const windrow::Point& point) { return point["x"]; }};
