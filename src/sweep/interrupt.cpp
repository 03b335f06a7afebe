#include "windrow/sweep/interrupt.hpp"

#include <atomic>

namespace windrow {
namespace {

std::atomic<int> received{0};
std::atomic<int> guards{0};
static_assert(std::atomic<int>::is_always_lock_free);

void on_signal(int number) {
  if (received.exchange(number) != 0) {
    ::signal(number, SIG_DFL);
    ::raise(number);
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
