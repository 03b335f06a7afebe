#pragma once

#include <chrono>
#include <functional>
#include <memory>

namespace [[gnu::visibility("default")]] windrow {
namespace detail {

/// An action that goes on beside its caller, on a thread of its own; or, where that may not be, is done by the first
/// caller who waits for it.
class Background {
 public:
  /// @throws std::system_error if there is no room for another thread
  Background(std::function<void()> action, bool on_own_thread);
  /// Waits. What the action threw is dropped.
  ~Background();
  Background(Background&& other) noexcept;
  Background& operator=(Background&&) = delete;

  void wait() const;
  /// @return whether it has ended; without a thread of its own it has, whatever the limit
  bool wait_for(std::chrono::nanoseconds limit) const;
  /// Waits. @throws what the action threw
  void get() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;  // null after a move
};

}  // namespace detail
}  // namespace windrow
