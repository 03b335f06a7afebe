#include "windrow/run/interrupt.hpp"

#include <atomic>

namespace windrow {
namespace {

std::atomic<int> received{0};
std::atomic<int> guards{0};
static_assert(std::atomic<int>::is_always_lock_free);

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

InterruptGuard::InterruptGuard() : outermost_(guards.fetch_add(1) == 0) {
  if (!outermost_) return;
  received = 0;
  for (std::size_t i = 0; i < kSignals.size(); ++i) {
    ::sigaction(kSignals[i], nullptr, &earlier_[i]);
    if (earlier_[i].sa_handler == SIG_IGN) continue;
    struct sigaction action = {};
    action.sa_handler = on_signal;
    ::sigaction(kSignals[i], &action, nullptr);
  }
}

InterruptGuard::~InterruptGuard() {
  guards.fetch_sub(1);
  if (!outermost_) return;
  for (std::size_t i = 0; i < kSignals.size(); ++i) ::sigaction(kSignals[i], &earlier_[i], nullptr);
}

int InterruptGuard::signal() {
  return received;
}

}  // namespace windrow
