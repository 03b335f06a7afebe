#pragma once

/// The dispatcher's clock and its sleep. Everything that dispatches takes time from here alone, so that a simulation of
/// many ranks can link its own clock.
namespace [[gnu::visibility("default")]] windrow {
namespace detail {

/// Seconds of a clock that never goes back.
double monotonic_seconds();
/// Seconds since the Unix epoch.
double unix_seconds();
/// Lets other threads and processes have the core for that long, or a little longer.
void sleep_seconds(double seconds);

}  // namespace detail
}  // namespace windrow
