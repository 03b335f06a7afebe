// FIRST ERROR: 'windrow::SweepOptions' has no non-static data member named 'costs_from'
// FIRST ERROR: field designator 'costs_from' does not refer to any field in type 'windrow::SweepOptions'
#include "windrow/run/sweep.hpp"

windrow::SweepOptions options{.costs_from = "earlier"};
