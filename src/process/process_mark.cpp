#include "process/process_mark.hpp"

#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include <atomic>

namespace windrow::detail {
namespace {

// Without a lock, which a fork by another thread could leave locked.
std::atomic<std::uint64_t> key_of_this_process = 0;

std::uint64_t random_number() {
  std::uint64_t number = 0;
  if (::getrandom(&number, sizeof number, GRND_NONBLOCK) == static_cast<ssize_t>(sizeof number)) return number;
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<std::uint64_t>(now.tv_sec) * 1'000'000'000U + static_cast<std::uint64_t>(now.tv_nsec);
}

}  // namespace

ProcessParent ProcessParent::this_process() {
  const auto pid = static_cast<std::uint64_t>(::getpid());
  std::uint64_t known = key_of_this_process.load();
  while ((known & kPidMask) != pid) {  // else it is that of the process that this one was forked from
    const std::uint64_t fresh = random_number() << kPidBits | pid;
    if (key_of_this_process.compare_exchange_strong(known, fresh)) return {fresh};
  }
  return {known};
}

bool ProcessMark::put_on_this_process() const {
  rlimit limit{};
  if (::getrlimit(RLIMIT_LOCKS, &limit) != 0) return false;
  limit.rlim_cur = word_;
  return ::setrlimit(RLIMIT_LOCKS, &limit) == 0;
}

void remove_process_mark() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_LOCKS, &limit) != 0 || limit.rlim_cur == limit.rlim_max) return;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_LOCKS, &limit);
}

}  // namespace windrow::detail
