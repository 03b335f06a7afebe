#include "windrow/process/sync.hpp"

#include <algorithm>
#include <bit>
#include <cerrno>
#include <ctime>
#include <optional>
#include <string>

#include "futex.hpp"

namespace windrow {

using std::chrono::nanoseconds;

namespace detail {

namespace {

// glibc's robust mutexes have had wake-ups that got lost with a killed waiter: never sleep for long in one go.
constexpr std::chrono::milliseconds kLongestLock{50};

// @param got  what a pthread function that locks returned
LockState settle(MutexState& state, int got) {
  switch (got) {
    case 0:
      return LockState::acquired;
    case EOWNERDEAD:
      ::pthread_mutex_consistent(&state.mutex);
      return LockState::owner_died;
    case EBUSY:
    case ETIMEDOUT:
      return LockState::not_acquired;
    default:
      throw SystemError("cannot lock a mutex", got);
  }
}

}  // namespace

void MutexState::initialize(bool recursive) {
  pthread_mutexattr_t attributes;
  ::pthread_mutexattr_init(&attributes);
  ::pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
  ::pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
  ::pthread_mutexattr_settype(&attributes, recursive ? PTHREAD_MUTEX_RECURSIVE : PTHREAD_MUTEX_ERRORCHECK);
  const int error = ::pthread_mutex_init(&mutex, &attributes);
  ::pthread_mutexattr_destroy(&attributes);
  if (error != 0) throw SystemError("cannot create a mutex", error);
}

LockState MutexState::lock() {
  return try_lock_until(kForever);
}

LockState MutexState::try_lock() {
  const int got = ::pthread_mutex_trylock(&mutex);
  return settle(*this, got == EDEADLK ? EBUSY : got);
}

LockState MutexState::try_lock_until(Deadline deadline) {
  int got = ::pthread_mutex_trylock(&mutex);
  while (got == EBUSY || got == ETIMEDOUT) {
    const Deadline now = std::chrono::steady_clock::now();
    if (now >= deadline) break;
    const nanoseconds until = std::min<Deadline>(deadline, now + kLongestLock).time_since_epoch();
    const auto seconds = std::chrono::floor<std::chrono::seconds>(until);
    const timespec time{static_cast<time_t>(seconds.count()), static_cast<long>((until - seconds).count())};
    got = ::pthread_mutex_clocklock(&mutex, CLOCK_MONOTONIC, &time);
  }
  return settle(*this, got);
}

void MutexState::unlock() {
  const int error = ::pthread_mutex_unlock(&mutex);
  if (error != 0) throw SystemError("cannot unlock a mutex", error);
}

void SemaphoreState::initialize(std::uint32_t initial, std::uint32_t most_ever) {
  if (initial > most_ever) throw SpecError("a semaphore has more permits than it may have");
  count = initial;
  waiters = 0;
  most = most_ever;
}

std::uint32_t SemaphoreState::value() const {
  return atomic(const_cast<std::uint32_t&>(count)).load();
}

bool SemaphoreState::try_acquire_for(nanoseconds limit) {
  std::optional<Deadline> deadline;  // read the clock only if there is something to wait for
  for (;;) {
    std::uint32_t free = atomic(count).load();
    while (free > 0) {
      if (atomic(count).compare_exchange_weak(free, free - 1)) return true;
    }
    if (!deadline) deadline = deadline_in(limit);
    if (is_past(*deadline)) return false;
    ++atomic(waiters);
    futex_wait(count, 0, *deadline);
    --atomic(waiters);
  }
}

void SemaphoreState::release(std::uint32_t n) {
  std::uint32_t free = atomic(count).load();
  do {
    if (n > most - free) throw SpecError("more permits of a semaphore are released than it may have");
  } while (!atomic(count).compare_exchange_weak(free, free + n));
  if (atomic(waiters).load() != 0) futex_wake(count, static_cast<int>(std::min<std::uint32_t>(n, 1U << 30)));
}

void ConditionState::initialize() {
  notices = 0;
  waiters = 0;
}

std::uint32_t ConditionState::seen() const {
  return atomic(const_cast<std::uint32_t&>(notices)).load();
}

void ConditionState::notify(int most) {
  ++atomic(notices);
  if (atomic(waiters).load() != 0) futex_wake(notices, most);
}

bool ConditionState::wait_for(std::uint32_t seen, nanoseconds limit) {
  const Deadline deadline = deadline_in(limit);
  while (atomic(notices).load() == seen) {
    if (is_past(deadline)) return false;
    ++atomic(waiters);
    futex_wait(notices, seen, deadline);
    --atomic(waiters);
  }
  return true;
}

void EventState::set() {
  std::uint32_t seen = atomic(changes).load();
  if (seen % 2 == 0 && atomic(changes).compare_exchange_strong(seen, seen + 1)) futex_wake_all(changes);
}

void EventState::clear() {
  std::uint32_t seen = atomic(changes).load();
  if (seen % 2 == 1) atomic(changes).compare_exchange_strong(seen, seen + 1);
}

bool EventState::is_set() const {
  return atomic(const_cast<std::uint32_t&>(changes)).load() % 2 == 1;
}

bool EventState::wait_for(nanoseconds limit) {
  const std::uint32_t before = atomic(changes).load();
  if (before % 2 == 1) return true;
  const Deadline deadline = deadline_in(limit);
  while (atomic(changes).load() == before) {
    if (is_past(deadline)) return false;
    futex_wait(changes, before, deadline);
  }
  return true;  // the first change from "not set" was set()
}

namespace {

// The whole barrier in one word, so that a party that is killed has either arrived or not. The low half, the one that
// waiters sleep on, changes when a round ends or breaks.
struct Rounds {
  static constexpr std::uint32_t kRoundMask = (1U << 31) - 1;
  std::uint32_t round = 0;   // 31 bits
  bool broken = false;       // this round
  std::uint16_t passed = 0;  // bit k: round - 1 - k ended with all there; else by reset()
  std::uint16_t arrived = 0;

  static Rounds from(std::uint64_t word) {
    const auto low = static_cast<std::uint32_t>(word);
    return {low >> 1, (low & 1) != 0, static_cast<std::uint16_t>(word >> 48), static_cast<std::uint16_t>(word >> 32)};
  }
  std::uint32_t low() const { return (round << 1) | (broken ? 1U : 0U); }
  std::uint64_t word() const {
    return (std::uint64_t{passed} << 48) | (std::uint64_t{arrived} << 32) | std::uint64_t{low()};
  }
  Rounds next(bool all_there) const {
    const auto history = static_cast<std::uint16_t>((passed << 1) | (all_there ? 1 : 0));
    return {(round + 1) & kRoundMask, false, history, 0};
  }
  // How a round before this one ended. One that nobody remembers took part with all there: resets are rare.
  bool passed_in(std::uint32_t earlier) const {
    const std::uint32_t ago = (round - earlier) & kRoundMask;
    return ago > 16 || ((passed >> (ago - 1)) & 1) != 0;
  }
};

const std::uint32_t& low_half(const std::uint64_t& word) {
  static_assert(std::endian::native == std::endian::little);
  return reinterpret_cast<const std::uint32_t&>(word);
}

}  // namespace

void BarrierState::initialize(std::size_t parties_of_a_round) {
  if (parties_of_a_round == 0 || parties_of_a_round > 65535) {
    throw SpecError("a barrier is for 1 to 65535 parties, not " + std::to_string(parties_of_a_round));
  }
  word = 0;
  parties = static_cast<std::uint32_t>(parties_of_a_round);
}

bool BarrierState::wait_for(nanoseconds limit) {
  const Deadline deadline = deadline_in(limit);
  std::uint64_t seen = atomic(word).load();
  Rounds rounds = Rounds::from(seen);
  for (;; rounds = Rounds::from(seen)) {
    if (rounds.broken) return false;
    const bool last = rounds.arrived + 1U >= parties;
    Rounds after = last ? rounds.next(true) : rounds;
    if (!last) ++after.arrived;
    if (!atomic(word).compare_exchange_weak(seen, after.word())) continue;
    if (!last) break;
    futex_wake_all(low_half(word));
    return true;
  }
  const std::uint32_t mine = rounds.round;
  for (;;) {
    seen = atomic(word).load();
    rounds = Rounds::from(seen);
    if (rounds.round != mine) return rounds.passed_in(mine);
    if (rounds.broken) return false;
    if (is_past(deadline)) {
      rounds.broken = true;
      if (atomic(word).compare_exchange_strong(seen, rounds.word())) futex_wake_all(low_half(word));
    } else {
      futex_wait(low_half(word), rounds.low(), deadline);
    }
  }
}

bool BarrierState::is_broken() const {
  return Rounds::from(atomic(const_cast<std::uint64_t&>(word)).load()).broken;
}

void BarrierState::reset() {
  std::uint64_t seen = atomic(word).load();
  while (!atomic(word).compare_exchange_weak(seen, Rounds::from(seen).next(false).word())) continue;
  futex_wake_all(low_half(word));
}

}  // namespace detail

LockState Mutex::try_lock_for(nanoseconds limit) {
  return try_lock_until(detail::deadline_in(limit));
}

LockState RecursiveMutex::try_lock_for(nanoseconds limit) {
  return state_->try_lock_until(detail::deadline_in(limit));
}

void Semaphore::acquire() {
  state_->try_acquire_for(nanoseconds::max());
}

void Event::wait() {
  state_->wait_for(nanoseconds::max());
}

void Barrier::wait() {
  if (!state_->wait_for(nanoseconds::max())) throw BarrierBroken();
}

}  // namespace windrow
