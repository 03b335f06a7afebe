#pragma once

#include <pthread.h>

#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <new>
#include <type_traits>

#include "windrow/error.hpp"
#include "windrow/process/shared_memory.hpp"

/// Synchronization between processes and between threads. An object is shared by the process that made it and the
/// children that it forks later. A process killed at any instruction neither corrupts one for the others nor blocks
/// them. Waiting costs no CPU time. Objects can be moved, but not while another thread of this process uses them.
namespace [[gnu::visibility("default")]] windrow {

/// What came of asking for a mutex. True as a bool if the caller holds it.
class LockState {
 public:
  enum Value {
    not_acquired,
    acquired,
    owner_died  ///< acquired, and the one who held it before died doing so: what it guards may be half-changed
  };
  constexpr LockState(Value value) : value_(value) {}                 // NOLINT: a value is a state
  constexpr operator bool() const { return value_ != not_acquired; }  // NOLINT: as std::unique_lock takes it
  friend constexpr bool operator==(LockState a, LockState b) { return a.value_ == b.value_; }
  friend constexpr bool operator==(LockState a, Value b) { return a.value_ == b; }

 private:
  Value value_;
};

/// Thrown by an untimed wait at a barrier that is or gets broken.
class BarrierBroken : public ParallelError {
 public:
  BarrierBroken() : ParallelError("a barrier is broken: not everybody arrived in time") {}
};

/// The states, for callers that place them in shared memory of their own (at an address for their alignment, and
/// initialized once by their initialize()). All durations are limits; one below or at 0 tries without waiting.
namespace detail {

struct MutexState {
  pthread_mutex_t mutex;

  void initialize(bool recursive = false);
  LockState lock();
  LockState try_lock();
  LockState try_lock_until(std::chrono::steady_clock::time_point deadline);
  void unlock();
};

struct SemaphoreState {
  std::uint32_t count;
  std::uint32_t waiters;  // at least as many as there are: one that was killed stays counted
  std::uint32_t most;     // permits

  void initialize(std::uint32_t initial, std::uint32_t most_ever);
  bool try_acquire_for(std::chrono::nanoseconds limit);
  void release(std::uint32_t n);
  std::uint32_t value() const;
};

struct ConditionState {
  std::uint32_t notices;  // so far
  std::uint32_t waiters;  // as above

  void initialize();
  std::uint32_t seen() const;
  void notify(int most);
  bool wait_for(std::uint32_t seen, std::chrono::nanoseconds limit);
};

struct EventState {
  std::uint32_t changes;  // odd while set

  void initialize() { changes = 0; }
  void set();
  void clear();
  bool is_set() const;
  bool wait_for(std::chrono::nanoseconds limit);
};

struct BarrierState {
  std::uint64_t word;
  std::uint32_t parties;

  void initialize(std::size_t parties_of_a_round);
  bool wait_for(std::chrono::nanoseconds limit);
  bool is_broken() const;
  void reset();
};

/// A state in a page of its own, or in a place that the caller keeps.
template <typename State>
class Placed {
 public:
  template <typename... Arguments>
  explicit Placed(Arguments... arguments) : memory_(sizeof(State)), state_(new (memory_.data()) State) {
    state_->initialize(arguments...);
  }
  explicit Placed(State* state) : state_(state) {}
  State* operator->() const { return state_; }

 private:
  SharedMemory memory_;
  State* state_;
};

}  // namespace detail

/// Mutual exclusion that survives its holders. Fits std::lock_guard, std::unique_lock and std::scoped_lock.
class Mutex {
 public:
  /// @throws SystemError if there is no memory
  Mutex() = default;
  /// One that the caller keeps in shared memory and has initialized.
  explicit Mutex(detail::MutexState& state) : state_(&state) {}

  /// Waits for it. @throws SystemError (EDEADLK) if this thread holds it already
  LockState lock() { return state_->lock(); }
  LockState try_lock() { return state_->try_lock(); }
  LockState try_lock_for(std::chrono::nanoseconds limit);
  LockState try_lock_until(std::chrono::steady_clock::time_point deadline) { return state_->try_lock_until(deadline); }
  /// @throws SystemError (EPERM) if this thread does not hold it
  void unlock() { state_->unlock(); }

 private:
  detail::Placed<detail::MutexState> state_;
};

/// The same for one that its holder may lock again, and unlocks as often.
class RecursiveMutex {
 public:
  /// @throws SystemError if there is no memory
  RecursiveMutex() = default;

  LockState lock() { return state_->lock(); }
  LockState try_lock() { return state_->try_lock(); }
  LockState try_lock_for(std::chrono::nanoseconds limit);
  /// @throws SystemError (EPERM) if this thread does not hold it
  void unlock() { state_->unlock(); }

 private:
  detail::Placed<detail::MutexState> state_{true};
};

/// Waiting until something is true that a mutex guards: whoever makes it true notifies. A wait may end without a
/// notice, and one notice may end several, so say what is waited for.
class Condition {
 public:
  static constexpr std::chrono::nanoseconds for_ever = std::chrono::nanoseconds::max();

  /// @throws SystemError if there is no memory
  Condition() = default;

  void notify_one() { state_->notify(1); }
  void notify_all() { state_->notify(most_waiters); }

  /// Unlocks, waits for a notice, locks. @param lock  held: a Mutex, or a std::unique_lock of one
  template <typename Lock>
  void wait(Lock& lock) {
    const std::uint32_t seen = state_->seen();
    lock.unlock();
    state_->wait_for(seen, for_ever);
    lock.lock();
  }
  /// Waits until `is_true()`, which is asked with the lock held.
  template <typename Lock, std::predicate Predicate>
  void wait(Lock& lock, Predicate is_true) {
    while (!is_true()) wait(lock);
  }
  /// The same for at most `limit`. @return what `is_true()` said last
  template <typename Lock, std::predicate Predicate>
  bool wait_for(Lock& lock, std::chrono::nanoseconds limit, Predicate is_true) {
    const auto begin = std::chrono::steady_clock::now();
    while (!is_true()) {
      const std::chrono::nanoseconds waited = std::chrono::steady_clock::now() - begin;
      if (waited >= limit) return false;
      const std::uint32_t seen = state_->seen();
      lock.unlock();
      state_->wait_for(seen, limit - waited);
      lock.lock();
    }
    return true;
  }

 private:
  static constexpr int most_waiters = 1 << 30;
  detail::Placed<detail::ConditionState> state_;
};

/// A count of permits. A permit held by a process that dies stays taken.
class Semaphore {
 public:
  static constexpr std::uint32_t any_number = ~std::uint32_t{0};

  /// @param most  permits that there may ever be; `Semaphore(3, 3)` notices who releases more than was acquired
  /// @throws SpecError for more permits than that, SystemError if there is no memory
  explicit Semaphore(std::uint32_t permits = 0, std::uint32_t most = any_number) : state_(permits, most) {}
  explicit Semaphore(detail::SemaphoreState& state) : state_(&state) {}

  void acquire();
  bool try_acquire() { return try_acquire_for(std::chrono::nanoseconds(0)); }
  /// @return whether a permit was taken
  bool try_acquire_for(std::chrono::nanoseconds limit) { return state_->try_acquire_for(limit); }
  /// @throws SpecError if that makes more permits than there may be
  void release(std::uint32_t n = 1) { state_->release(n); }
  /// Permits that are free now.
  std::uint32_t value() const { return state_->value(); }

 private:
  detail::Placed<detail::SemaphoreState> state_;
};

/// Something that has happened, or not yet.
class Event {
 public:
  /// Not set. @throws SystemError if there is no memory
  Event() = default;
  explicit Event(detail::EventState& state) : state_(&state) {}

  void set() { state_->set(); }
  void clear() { state_->clear(); }
  bool is_set() const { return state_->is_set(); }
  /// @return whether it was set, if only for a moment that ended while this process was waking up
  bool wait_for(std::chrono::nanoseconds limit) { return state_->wait_for(limit); }
  void wait();

 private:
  detail::Placed<detail::EventState> state_;
};

/// A point that nobody passes before all have reached it, round after round.
class Barrier {
 public:
  /// @param parties  1 to 65535, who arrive in each round
  /// @throws SpecError for another number, SystemError if there is no memory
  explicit Barrier(std::size_t parties) : state_(parties) {}
  explicit Barrier(detail::BarrierState& state) : state_(&state) {}

  /// Arrives. True if all did in time. If this or another party runs out of time first, the barrier is broken: false
  /// for all who wait and, at once, for all who come later, until reset(). A party that dies before it arrives is
  /// noticed by that alone.
  bool wait_for(std::chrono::nanoseconds limit) { return state_->wait_for(limit); }
  /// Arrives and waits until all have. @throws BarrierBroken if another party runs out of time
  void wait();
  bool is_broken() const { return state_->is_broken(); }
  /// Mends it: nobody has arrived. For those who wait now it counts as broken.
  void reset() { state_->reset(); }

 private:
  detail::Placed<detail::BarrierState> state_;
};

}  // namespace windrow
