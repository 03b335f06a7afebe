#pragma once

#include <atomic>
#include <thread>

namespace windrow::detail {

/// A lock that its owner holds nearly always, and lends while it is busy with something that needs no protection, such
/// as an evaluation. To lend it and take it back costs the owner a few nanoseconds as long as nobody has borrowed it.
class BiasedLock {
 public:
  /// Owner: from now on it may be borrowed.
  void lend() { state_.store(State::lent, std::memory_order_release); }
  /// Owner: from now on it may not; waits for whoever has it. Nothing happens if it is not lent.
  void take_back() {
    State expected = State::lent;
    while (!state_.compare_exchange_weak(expected, State::owned, std::memory_order_acquire)) {
      if (expected == State::owned) return;
      if (expected == State::borrowed) std::this_thread::yield();
      expected = State::lent;
    }
  }
  /// Another thread: @return whether it has it now
  bool borrow() {
    State expected = State::lent;
    return state_.compare_exchange_strong(expected, State::borrowed, std::memory_order_acquire);
  }
  void give_back() { state_.store(State::lent, std::memory_order_release); }

 private:
  enum class State : int { owned, lent, borrowed };
  std::atomic<State> state_ = State::owned;
};

}  // namespace windrow::detail
