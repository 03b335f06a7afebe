// FIRST ERROR: 'windrow::SweepOptions' has no non-static data member named 'memory_limit'
// FIRST ERROR: field designator 'memory_limit' does not refer to any field in type 'windrow::SweepOptions'
#include "windrow/run/sweep.hpp"

windrow::SweepOptions options{.memory_limit = 1 << 30};
