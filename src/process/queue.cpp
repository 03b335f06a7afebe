// A ring of slots with one lock for those who put and one for those who get. Whatever happens under a lock counts only
// once a single store has been made (to `tail` or `head`), so a process killed before it has done nothing, and one
// killed after it has done everything, but for memory that the next one frees.
#include "windrow/process/queue.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <mutex>
#include <new>
#include <string>

#include "futex.hpp"
#include "windrow/process/sync.hpp"

namespace windrow::detail {

using std::chrono::nanoseconds;

namespace {

constexpr std::size_t kMostItems = std::size_t{1} << 24;
constexpr std::size_t kInlineBytes = 224;
constexpr std::uint64_t kPage = 4096;
// Locks are held for moments, never while waiting for an item or for room: a caller that does not want to wait for
// those still waits for them.
constexpr std::chrono::milliseconds kPatience{100};

}  // namespace

struct QueueSlot {
  std::uint64_t size;
  std::uint64_t offset;  // of a payload in the file
  std::uint64_t end;     // of the payloads of all items up to this one: where the next one may go
  std::uint32_t taken;   // got by somebody, but its payload may not be freed yet
  std::byte content[kInlineBytes];
};

struct QueueState {
  MutexState putting;
  MutexState getting;
  alignas(64) std::uint64_t tail;  // 2 * items ever put, + 1 if closed; changed under `putting`
  std::uint32_t getters;           // waiting, or killed while waiting
  alignas(64) std::uint64_t head;  // items ever got; changed under `getting`
  std::uint32_t putters;

  bool is_closed() { return atomic(tail).load() % 2 == 1; }
  std::uint64_t put_count() { return atomic(tail).load() / 2; }
};

namespace {

// The half of a counter that changes with every step, for waiting.
const std::uint32_t& low_half(const std::uint64_t& word) {
  return reinterpret_cast<const std::uint32_t&>(word);
}

std::size_t checked_capacity(std::size_t capacity) {
  if (capacity == 0 || capacity > kMostItems) {
    throw SpecError("a queue holds 1 to 2^24 items, not " + std::to_string(capacity));
  }
  return capacity;
}

Fd payload_file() {
  Fd file(::memfd_create("windrow-queue", MFD_CLOEXEC));
  if (!file) throw SystemError("cannot create a queue", errno);
  return file;
}

constexpr std::size_t kSlotsBegin = (sizeof(QueueState) + 63) / 64 * 64;

void write_all(int file, std::span<const std::byte> bytes, std::uint64_t offset) {
  while (!bytes.empty()) {
    const ssize_t written = ::pwrite(file, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) throw SystemError("cannot put an item into a queue", errno);
    bytes = bytes.subspan(static_cast<std::size_t>(written));
    offset += static_cast<std::uint64_t>(written);
  }
}

void read_all(int file, std::span<std::byte> bytes, std::uint64_t offset) {
  while (!bytes.empty()) {
    const ssize_t count = ::pread(file, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) throw SystemError("cannot get an item from a queue", count == 0 ? EIO : errno);
    bytes = bytes.subspan(static_cast<std::size_t>(count));
    offset += static_cast<std::uint64_t>(count);
  }
}

std::uint64_t whole_pages(std::uint64_t bytes) {
  return (bytes + kPage - 1) / kPage * kPage;
}

// Waits for a word to change, and counts as a waiter meanwhile.
void wait_counted(const std::uint64_t& word, std::uint32_t seen, std::uint32_t& waiters, Deadline deadline) {
  ++atomic(waiters);
  futex_wait(low_half(word), seen, deadline);
  --atomic(waiters);
}

// One more item or place: for one waiter.
void wake_counted(const std::uint64_t& word, std::uint32_t& waiters) {
  if (atomic(waiters).load() != 0) futex_wake(low_half(word), 1);
}

}  // namespace

ByteQueue::ByteQueue(std::size_t capacity)
    : capacity_(checked_capacity(capacity)),
      memory_(kSlotsBegin + capacity * sizeof(QueueSlot)),
      payloads_(payload_file()),
      state_(new (memory_.data()) QueueState{}) {
  state_->putting.initialize();
  state_->getting.initialize();
}

QueueSlot& ByteQueue::slot(std::uint64_t index) const {
  auto* slots = reinterpret_cast<QueueSlot*>(static_cast<std::byte*>(memory_.data()) + kSlotsBegin);
  return slots[index % capacity_];
}

bool ByteQueue::put_for(std::span<const std::byte> item, nanoseconds limit) {
  const Deadline deadline = deadline_in(limit);
  std::uint32_t seen = 0;
  while (!try_put(item, deadline, seen)) {
    if (is_past(deadline)) return false;
    wait_counted(state_->head, seen, state_->putters, deadline);
  }
  wake_counted(state_->tail, state_->getters);
  return true;
}

// @param seen  set to the half of `head` that has to change before there is room
bool ByteQueue::try_put(std::span<const std::byte> item, Deadline deadline, std::uint32_t& seen) {
  const LockState locked = state_->putting.try_lock_until(std::max(deadline, deadline_in(kPatience)));
  if (!locked) return false;
  const std::lock_guard guard(state_->putting, std::adopt_lock);
  const std::uint64_t head = atomic(state_->head).load();
  const std::uint64_t tail = state_->put_count();
  seen = static_cast<std::uint32_t>(head);
  if (state_->is_closed()) throw QueueClosed();
  const bool empty = tail == head;
  if (locked == LockState::owner_died) discard_after(empty ? 0 : slot(tail - 1).end);
  if (tail - head >= capacity_) return false;
  store(tail, item, empty);
  atomic(state_->tail).store((tail + 1) * 2);
  return true;
}

// Writes the slot of the next item. Payloads follow each other in the file, whose pages are given back one by one, and
// start from its beginning whenever the queue was empty.
void ByteQueue::store(std::uint64_t index, std::span<const std::byte> item, bool empty) {
  QueueSlot& next = slot(index);
  next.size = item.size();
  next.taken = 0;
  next.offset = empty ? 0 : slot(index - 1).end;
  next.end = next.offset;
  if (item.size() <= kInlineBytes) {
    std::copy(item.begin(), item.end(), next.content);
    return;
  }
  try {
    write_all(payloads_.get(), item, next.offset);
  } catch (const SystemError&) {
    discard_after(next.offset);
    throw;
  }
  next.end += whole_pages(item.size());
}

// Frees what was written of a payload whose item does not count.
void ByteQueue::discard_after(std::uint64_t end) {
  if (::ftruncate(payloads_.get(), static_cast<off_t>(end)) != 0) throw SystemError("cannot free memory", errno);
}

std::optional<Bytes> ByteQueue::get_for(nanoseconds limit) {
  const Deadline deadline = deadline_in(limit);
  for (;;) {
    const std::uint64_t tail = atomic(state_->tail).load();  // before `head`: not closed and empty by mistake
    if (tail / 2 == atomic(state_->head).load()) {
      if (tail % 2 == 1) throw QueueClosed();
      if (is_past(deadline)) return std::nullopt;
      wait_counted(state_->tail, static_cast<std::uint32_t>(tail), state_->getters, deadline);
      continue;
    }
    Bytes item;
    if (try_get(item, deadline)) {
      wake_counted(state_->head, state_->putters);
      return item;
    }
    if (is_past(deadline)) return std::nullopt;
  }
}

bool ByteQueue::try_get(Bytes& item, Deadline deadline) {
  const LockState locked = state_->getting.try_lock_until(std::max(deadline, deadline_in(kPatience)));
  if (!locked) return false;
  const std::lock_guard guard(state_->getting, std::adopt_lock);
  for (std::uint64_t head = atomic(state_->head).load(); head != state_->put_count(); ++head) {
    QueueSlot& first = slot(head);
    const bool got = first.taken == 0;  // or by somebody who was killed before it could free the payload
    if (got) fetch(first, item);
    if (first.size > kInlineBytes) free_payload(first);
    atomic(state_->head).store(head + 1);
    if (got) return true;
  }
  return false;
}

void ByteQueue::fetch(QueueSlot& from, Bytes& item) {
  item.resize(from.size);
  if (from.size <= kInlineBytes) {
    std::copy_n(from.content, from.size, item.begin());
  } else {
    read_all(payloads_.get(), item, from.offset);
  }
}

// Before the slot is free, since a payload may start at the beginning of the file again as soon as all slots are.
void ByteQueue::free_payload(QueueSlot& from) {
  atomic(from.taken).store(1);
  ::fallocate(payloads_.get(), FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, static_cast<off_t>(from.offset),
              static_cast<off_t>(from.end - from.offset));
}

void ByteQueue::close() {
  {
    const std::lock_guard guard(state_->putting);  // so that nothing is put once this returns
    const std::uint64_t tail = atomic(state_->tail).load();
    atomic(state_->tail).store(tail | 1);
  }
  futex_wake_all(low_half(state_->tail));
  futex_wake_all(low_half(state_->head));
}

bool ByteQueue::is_closed() const {
  return state_->is_closed();
}

std::size_t ByteQueue::size() const {
  const std::uint64_t head = atomic(state_->head).load();  // before `tail`, which is never behind it
  return static_cast<std::size_t>(std::min<std::uint64_t>(state_->put_count() - head, capacity_));
}

}  // namespace windrow::detail
