#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "windrow/base/byte_stream.hpp"
#include "windrow/parallel/outcome.hpp"
#include "windrow/process/byte_channel.hpp"

/// The byte level below executors.
namespace [[gnu::visibility("default")]] windrow {
namespace detail {

/// Code that evaluates an item. The address is translated on its way to another process.
using ItemInvoker = void (*)(std::span<const std::byte> item, ByteWriter& result);

/// Items that belong together, numbered in the order of submission, and their outcomes. Guarded by its driver.
struct Batch {
  bool ordered = true;
  std::uint64_t submitted = 0;
  std::uint64_t finished = 0;
  std::deque<std::optional<Outcome<Bytes>>> outcomes;  ///< ordered: of items `base` onwards
  std::uint64_t base = 0;                              ///< ordered: items before it have been taken
  std::deque<Outcome<Bytes>> ready;                    ///< not ordered: as they finished
  bool cancelled = false;
  std::shared_ptr<const void> function = {};  ///< keeps alive what its items call, if that is more than code
  /// Called after outcomes have come, by a driver that runs by itself (Driver::runs_by_itself), on its thread and
  /// without its locks: may submit and take, with no time to wait, and throws nothing. Set before the first item.
  std::function<void()> on_outcomes = {};
};

/// What runs an executor: takes items, gives outcomes. Thread-safe.
class Driver {
 public:
  virtual ~Driver() = default;
  virtual int worker_count() const = 0;
  /// Whether items advance whatever the callers do; otherwise only while one of them waits in a call.
  virtual bool runs_by_itself() const = 0;
  /// How many chunks are worth having submitted at once to keep all workers busy.
  virtual std::size_t chunks_ahead() const = 0;

  static std::shared_ptr<Batch> new_batch(bool ordered = true, std::shared_ptr<const void> function = {}) {
    auto batch = std::make_shared<Batch>();
    batch->ordered = ordered;
    batch->function = std::move(function);
    return batch;
  }
  /// @param chunk  how many items go to one worker together, at least 1
  /// @throws Error after close()
  virtual void submit(const std::shared_ptr<Batch>& batch, ItemInvoker invoke, std::vector<Bytes> items,
                      std::size_t chunk) = 0;

  /// Waits until item `item` has its outcome (or has been taken). @return whether it has
  virtual bool wait(Batch& batch, std::uint64_t item, std::chrono::nanoseconds limit) = 0;
  virtual bool wait_all(Batch& batch, std::chrono::nanoseconds limit) = 0;
  /// The outcome of an item that has one.
  virtual Outcome<Bytes> peek(Batch& batch, std::uint64_t item) = 0;
  /// Removes and returns the next outcome, in the order of submission or, if the batch is not ordered, of finishing;
  /// none at the time-out. @pre some item has not been taken
  virtual std::optional<Outcome<Bytes>> take(Batch& batch, std::chrono::nanoseconds limit) = 0;
  /// Forgets the items that have not begun; what comes of the others is dropped.
  virtual void cancel(Batch& batch) = 0;
  /// Whether LossPolicy says to leave this outcome out.
  virtual bool skips(const Outcome<Bytes>& outcome) const = 0;

  virtual void close() = 0;
  virtual void join() = 0;
  virtual void terminate() = 0;
};

}  // namespace detail
}  // namespace windrow
