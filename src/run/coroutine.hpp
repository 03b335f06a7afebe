#pragma once

#include <functional>
#include <memory>

namespace windrow::detail {

/// Two flows of control of which one runs at a time: the caller's, and another one that it lets run now and then.
class Coroutine {
 public:
  virtual ~Coroutine() = default;
  /// From the caller: the other runs, from where it was, until it hands over or has ended. @pre it has not ended
  virtual void resume() = 0;
  /// From the other: the caller runs until its next resume().
  virtual void hand_over() = 0;
  virtual bool ended() const = 0;
};

/// On the caller's own thread, with a stack of its own: what belongs to the caller's thread (MPI_THREAD_FUNNELED) is at
/// the other's service, too.
/// @param other  must not throw, and must have ended before the object does
std::unique_ptr<Coroutine> coroutine_on_one_thread(std::function<void()> other);

/// On a thread of its own: what the other has started goes on while the caller runs. hand_over() may come from any
/// thread. @param other  as above
std::unique_ptr<Coroutine> coroutine_on_two_threads(std::function<void()> other);

}  // namespace windrow::detail
