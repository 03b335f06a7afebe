#pragma once

namespace [[gnu::visibility("default")]] windrow {

/// While it lives, SIGINT, SIGTERM, SIGHUP and SIGUSR1 ask for a clean stop instead of ending the process. After SIGINT
/// or SIGHUP a second signal ends it at once, as if no guard were there; SIGUSR1 and SIGTERM may come again, and give
/// way to what is more urgent: SIGTERM before SIGUSR1, the other two before both. Signals that the program ignores stay
/// ignored. The earlier handlers come back when the last living guard ends, in whatever order they do.
class InterruptGuard {
 public:
  InterruptGuard();
  ~InterruptGuard();
  InterruptGuard(const InterruptGuard&) = delete;
  InterruptGuard& operator=(const InterruptGuard&) = delete;

  /// The most urgent signal that asked for a stop since the first living guard was made, or 0.
  static int signal();
};

}  // namespace windrow
