#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "windrow/base/serialize.hpp"
#include "windrow/error.hpp"
#include "windrow/process/fd.hpp"
#include "windrow/process/shared_memory.hpp"

namespace [[gnu::visibility("default")]] windrow {

/// Thrown by putting into a closed queue, and by getting from one that is closed and empty.
class QueueClosed : public ParallelError {
 public:
  QueueClosed() : ParallelError("the queue is closed") {}
};

namespace detail {

struct QueueState;
struct QueueSlot;

/// A queue of byte strings; Queue gives it types.
class ByteQueue {
 public:
  explicit ByteQueue(std::size_t capacity);

  bool put_for(std::span<const std::byte> item, std::chrono::nanoseconds limit);
  std::optional<Bytes> get_for(std::chrono::nanoseconds limit);
  void close();
  bool is_closed() const;
  std::size_t size() const;
  std::size_t capacity() const { return capacity_; }

 private:
  using Deadline = std::chrono::steady_clock::time_point;
  bool try_put(std::span<const std::byte> item, Deadline deadline, std::uint32_t& seen);
  bool try_get(Bytes& item, Deadline deadline);
  void store(std::uint64_t index, std::span<const std::byte> item, bool empty);
  void discard_after(std::uint64_t end);
  void fetch(QueueSlot& slot, Bytes& item);
  void free_payload(QueueSlot& slot);
  QueueSlot& slot(std::uint64_t index) const;

  std::size_t capacity_;
  SharedMemory memory_;
  SharedFd payloads_;  // a file in memory: the items too large for a slot
  QueueState* state_;
};

}  // namespace detail

/// A bounded queue between processes: this one and the children that it forks later, any number of them putting and
/// getting, threads included. First in, first out; each item is got exactly once.
///
/// A process killed at any moment neither corrupts the queue nor blocks it for the others. Lost is at most the item
/// that it was putting or had just got. Items may be of any size; those beyond 200 bytes or so are kept in memory
/// that the kernel gets back as soon as they are got. Waiting costs no CPU time.
///
/// Waits without a limit end when the queue is closed; nothing else tells that all who could put or get have died.
/// @tparam T  what can be sent (windrow/base/serialize.hpp); numbers and vectors of numbers travel as they are
template <typename T>
class Queue {
 public:
  /// @param capacity  how many items it holds before putting waits, 1 to 2^24
  /// @throws SpecError for another capacity, SystemError if there is no memory
  explicit Queue(std::size_t capacity) : queue_(capacity) {}

  /// Waits for room. @throws QueueClosed if it is or gets closed, SystemError if there is no memory for the item
  void put(const T& value) { put_for(value, std::chrono::nanoseconds::max()); }
  /// @return false if there was no room in time. @throws as put()
  bool put_for(const T& value, std::chrono::nanoseconds limit) {
    return queue_.put_for(detail::to_bytes(value), limit);
  }

  /// Waits for an item. @throws QueueClosed if there is none left and the queue is closed
  T get() { return *get_for(std::chrono::nanoseconds::max()); }
  /// @return none if there was no item in time. @throws as get()
  std::optional<T> get_for(std::chrono::nanoseconds limit) {
    const std::optional<Bytes> bytes = queue_.get_for(limit);
    if (!bytes) return std::nullopt;
    return detail::from_bytes<T>(*bytes);
  }

  /// Nothing can be put any more, by anybody; what is there can still be got.
  void close() { queue_.close(); }
  bool is_closed() const { return queue_.is_closed(); }
  /// Items in it now.
  std::size_t size() const { return queue_.size(); }
  std::size_t capacity() const { return queue_.capacity(); }

 private:
  detail::ByteQueue queue_;
};

}  // namespace windrow
