#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>

namespace [[gnu::visibility("default")]] windrow {

class Process;

/// What to wait for on a descriptor, or what has happened to it. A peer that is gone makes it readable.
enum class Events : std::uint32_t { none = 0, readable = 1, writable = 2, both = 3 };
constexpr bool includes(Events set, Events one) {
  return (static_cast<std::uint32_t>(set) & static_cast<std::uint32_t>(one)) != 0;
}

/// Waits for many things at once and calls back when one happens: descriptors, ends of processes, times, signals, and
/// functions posted by other threads. Sleeps (epoll) when there is nothing to do.
///
/// Callbacks run in the thread that runs the loop, one at a time. A callback may add and remove anything, itself
/// included, destroy what is watched, and stop the loop. An exception that leaves it leaves run() too; the loop stays
/// whole, what else was due comes next time, and run() may be called again.
///
/// Only post(), stop() and the thread functions may be called by other threads than the one that runs the loop.
/// Move it nowhere. In a Process, a loop of the parent throws SpecError.
class EventLoop {
 public:
  using Callback = std::function<void()>;
  /// Names what was asked for, for cancel(). Never used twice by one loop.
  using Id = std::uint64_t;

  EventLoop();
  /// Ends the loop's own thread, if there is one.
  ~EventLoop();
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;

  /// Calls back as long as the descriptor is ready (level-triggered), with what it is ready for. Replaces what was
  /// asked for the same descriptor before. Unwatch a descriptor before, or in the same callback as, closing it.
  /// @throws SystemError if the descriptor is not open or cannot be waited for (a regular file)
  void watch(int descriptor, Events events, std::function<void(Events)> callback);
  /// Nothing if it is not watched.
  void unwatch(int descriptor);
  bool is_watched(int descriptor) const;

  /// Calls back once, when the process has ended; Process::status() says how. The Process may be moved meanwhile.
  /// @throws SystemError if there is no process
  Id on_exit(const Process& process, Callback callback);
  /// Calls back once.
  Id after(std::chrono::nanoseconds delay, Callback callback);
  /// Calls back again and again; ticks that a busy loop missed are left out, not made up for.
  /// @throws SpecError unless the period is positive
  Id every(std::chrono::nanoseconds period, Callback callback);
  /// Calls back, outside the signal handler, when a signal has come; signals that come in quick succession count once.
  /// The action that the process had for it comes back when it is cancelled or the loop ends.
  /// @throws SpecError if the number is no signal that can be caught, or another loop waits for it
  Id on_signal(int number, Callback callback);
  /// Nothing if it is over. @return whether it was still to come
  bool cancel(Id id);

  /// Calls `callback` in the loop's thread, soon. Any thread may post; order is kept.
  void post(Callback callback);
  /// Runs until stop().
  void run();
  /// Waits at most `limit` (for ever if none) until something happens, and calls back. @return whether anything did
  bool run_once(std::optional<std::chrono::nanoseconds> limit = std::nullopt);
  /// Makes run() or run_once() return after the callback at hand; if none is running, the next one returns at once.
  void stop();

  /// Runs in a thread of its own until stop(). @throws SpecError if it has one
  void run_in_thread();
  /// Waits until that thread has ended, and throws what a callback threw in it. Nothing if there is none.
  void join();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace windrow
