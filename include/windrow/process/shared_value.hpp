#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <type_traits>
#include <utility>

#include "windrow/process/shared_memory.hpp"
#include "windrow/process/sync.hpp"

namespace [[gnu::visibility("default")]] windrow {

/// A value in memory shared with children forked later, with its lock.
///
/// A process killed while it changes the value leaves either the old or the new one: changes are made to a copy.
template <typename T>
class SharedValue {
  static_assert(std::is_trivially_copyable_v<T>, "other processes see only the bytes of a value");

 public:
  /// @throws SystemError if there is no memory
  explicit SharedValue(const T& initial = T{}) : memory_(sizeof(State)), state_(new (memory_.data()) State(initial)) {
    state_->mutex.initialize();
  }

  T get() const {
    const std::lock_guard lock(state_->mutex);
    return state_->copies[state_->current];
  }
  void set(const T& value) {
    update([&](T& current) { current = value; });
  }
  /// Changes the value by `change(T&)` while nobody else can read or change it. If `change` throws, nothing changes.
  /// @return the new value
  template <typename Change>
  T update(Change&& change) {
    const std::lock_guard lock(state_->mutex);
    const std::uint32_t other = 1 - state_->current;
    T& copy = state_->copies[other];
    copy = state_->copies[state_->current];
    std::forward<Change>(change)(copy);
    std::atomic_ref(state_->current).store(other);  // the one step that counts
    return copy;
  }

 private:
  struct State {
    explicit State(const T& initial) : copies{initial, initial} {}
    detail::MutexState mutex;
    std::uint32_t current = 0;
    T copies[2];
  };

  SharedMemory memory_;
  State* state_;
};

}  // namespace windrow
