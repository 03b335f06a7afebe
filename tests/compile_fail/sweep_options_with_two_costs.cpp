// FIRST ERROR: could not convert '{cost, "earlier"}' from '<brace-enclosed initializer list>' to 'windrow::Costs'
// FIRST ERROR: no matching constructor for initialization of 'windrow::Costs'
#include "windrow/run/sweep.hpp"

double cost(const windrow::Point& point);

windrow::SweepOptions options{.costs = {cost, "earlier"}};
