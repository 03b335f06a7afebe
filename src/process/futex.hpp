#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>

/// Waiting for a word of shared memory to change.
namespace windrow::detail {

/// A point in time; kForever is none.
using Deadline = std::chrono::steady_clock::time_point;
inline constexpr Deadline kForever = Deadline::max();

/// Now + limit, kForever if that is beyond the clock.
Deadline deadline_in(std::chrono::nanoseconds limit);
bool is_past(Deadline deadline);

/// Sleeps while the word holds `expected`, at most until the deadline and at most 20 ms: a process killed between
/// changing a word and waking its waiters, or just after it was woken in place of another, delays the others by no more
/// than that. May return early; look at the word again.
void futex_wait(const std::uint32_t& word, std::uint32_t expected, Deadline deadline);
void futex_wake(const std::uint32_t& word, int waiters);
void futex_wake_all(const std::uint32_t& word);

/// Words in shared memory are plain integers, so that states can be copied into place; every access goes through this.
template <typename Word>
std::atomic_ref<Word> atomic(Word& word) {
  static_assert(std::atomic_ref<Word>::is_always_lock_free);
  return std::atomic_ref<Word>(word);
}

}  // namespace windrow::detail
