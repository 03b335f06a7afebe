// FIRST ERROR: 'windrow::SweepOptions' has no non-static data member named 'timeout'
// FIRST ERROR: field designator 'timeout' does not refer to any field in type 'windrow::SweepOptions'
#include "windrow/run/sweep.hpp"

windrow::SweepOptions options{.timeout = std::chrono::seconds(1)};
