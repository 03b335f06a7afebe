#pragma once

namespace bench {

/// Prints what points of 10 us lose to being timed: in a sweep, whose account is always on, and with stamps of their
/// own inside it, beside the same points in a bare loop. All in this process, on one thread, by turns.
void print_timed_sweeps();

}  // namespace bench
