#include "process/event_loop_signals.hpp"

#include <errno.h>
#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <mutex>

#include "windrow/error.hpp"

namespace windrow::detail {
namespace {

// Plain data that a handler may touch: it owns nothing.
struct Caught {
  std::atomic<int> wake{-1};
  std::atomic<pid_t> owner{0};
  std::atomic<bool> pending{false};
};
std::array<Caught, NSIG> caught;
std::array<struct sigaction, NSIG> before;
std::mutex changing;

void handle(int number) {
  Caught& entry = caught[static_cast<std::size_t>(number)];
  // In a forked child, where nobody asked for it, the number may be another file's.
  if (entry.owner.load() != ::getpid()) return;
  const int error = errno;
  entry.pending.store(true);
  const std::uint64_t one = 1;
  [[maybe_unused]] const ssize_t written = ::write(entry.wake.load(), &one, sizeof one);  // full: it is awake anyway
  errno = error;
}

}  // namespace

void catch_signal(int number, int wake_descriptor) {
  const std::lock_guard lock(changing);
  if (number < 1 || number >= NSIG) throw SpecError(fmt::format("{} is not the number of a signal", number));
  Caught& entry = caught[static_cast<std::size_t>(number)];
  if (entry.wake.load() >= 0 && entry.owner.load() == ::getpid()) {
    throw SpecError(fmt::format("signal {} is waited for already", number));
  }
  entry.pending.store(false);
  entry.wake.store(wake_descriptor);
  entry.owner.store(::getpid());
  struct sigaction action {};
  action.sa_handler = handle;
  action.sa_flags = SA_RESTART;
  if (::sigaction(number, &action, &before[static_cast<std::size_t>(number)]) != 0) {
    entry.wake.store(-1);
    throw SpecError(fmt::format("signal {} cannot be caught", number));
  }
}

void release_signal(int number) {
  const std::lock_guard lock(changing);
  Caught& entry = caught[static_cast<std::size_t>(number)];
  if (entry.owner.load() != ::getpid()) return;
  ::sigaction(number, &before[static_cast<std::size_t>(number)], nullptr);
  entry.owner.store(0);
  entry.wake.store(-1);
}

bool has_signal(int number) {
  return caught[static_cast<std::size_t>(number)].pending;
}

bool take_signal(int number) {
  return caught[static_cast<std::size_t>(number)].pending.exchange(false);
}

}  // namespace windrow::detail
