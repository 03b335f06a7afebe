#include "windrow/run/interrupt.hpp"

#include <signal.h>

#include <array>
#include <atomic>
#include <mutex>

namespace windrow {
namespace {

constexpr std::array<int, 4> kSignals = {SIGINT, SIGTERM, SIGHUP, SIGUSR1};

std::atomic<int> received{0};
static_assert(std::atomic<int>::is_always_lock_free);

// Of all living guards; sweeps in the background end in any order.
std::mutex guards_mutex;
int guards = 0;
std::array<struct sigaction, 4> earlier_actions{};

// Batch systems send SIGUSR1 and SIGTERM, one after the other, or the same one by several ways; people are impatient.
int urgency(int number) {
  return number == 0 ? 0 : number == SIGUSR1 ? 1 : number == SIGTERM ? 2 : 3;
}

void on_signal(int number) {
  int earlier = received;
  if (urgency(earlier) == 3) {
    ::signal(number, SIG_DFL);
    ::raise(number);
  }
  while (urgency(number) > urgency(earlier) && !received.compare_exchange_weak(earlier, number)) {
  }
}

}  // namespace

InterruptGuard::InterruptGuard() {
  const std::lock_guard lock(guards_mutex);
  if (guards++ > 0) return;
  received = 0;
  for (std::size_t i = 0; i < kSignals.size(); ++i) {
    ::sigaction(kSignals[i], nullptr, &earlier_actions[i]);
    if (earlier_actions[i].sa_handler == SIG_IGN) continue;
    struct sigaction action = {};
    action.sa_handler = on_signal;
    ::sigaction(kSignals[i], &action, nullptr);
  }
}

InterruptGuard::~InterruptGuard() {
  const std::lock_guard lock(guards_mutex);
  if (--guards > 0) return;
  for (std::size_t i = 0; i < kSignals.size(); ++i) ::sigaction(kSignals[i], &earlier_actions[i], nullptr);
}

int InterruptGuard::signal() {
  return received;
}

}  // namespace windrow
