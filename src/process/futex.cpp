#include "futex.hpp"

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <climits>
#include <ctime>

namespace windrow::detail {

namespace {
constexpr std::chrono::milliseconds kLongestSleep{20};
}

Deadline deadline_in(std::chrono::nanoseconds limit) {
  const Deadline now = std::chrono::steady_clock::now();
  return limit >= kForever - now ? kForever : now + limit;
}

bool is_past(Deadline deadline) {
  return deadline != kForever && std::chrono::steady_clock::now() >= deadline;
}

void futex_wait(const std::uint32_t& word, std::uint32_t expected, Deadline deadline) {
  const auto until = std::min(deadline, std::chrono::steady_clock::now() + kLongestSleep).time_since_epoch();
  const auto seconds = std::chrono::floor<std::chrono::seconds>(until);
  const timespec time{static_cast<time_t>(seconds.count()), static_cast<long>((until - seconds).count())};
  ::syscall(SYS_futex, &word, FUTEX_WAIT_BITSET, expected, &time, nullptr, FUTEX_BITSET_MATCH_ANY);
}

void futex_wake(const std::uint32_t& word, int waiters) {
  ::syscall(SYS_futex, &word, FUTEX_WAKE, waiters, nullptr, nullptr, 0);
}

void futex_wake_all(const std::uint32_t& word) {
  futex_wake(word, INT_MAX);
}

}  // namespace windrow::detail
