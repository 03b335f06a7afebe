// A ring of slots, each with the number of the frame in it (a sequence lock): odd while it is written, so that a reader
// that copies a frame while it is overwritten notices. A frame counts once `tail` says so, by one store.
#include "windrow/process/frame_ring.hpp"

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <new>
#include <string>

#include "process/futex.hpp"
#include "process/process_identity.hpp"

namespace windrow::detail {

using std::chrono::nanoseconds;

struct alignas(64) FrameReaderEntry {
  std::uint64_t mark;      // of the reader's process, 0 for none
  std::uint64_t position;  // the frame that it reads next; never moves back
};

struct FrameRingState {
  std::uint64_t magic;
  std::uint64_t frame_bytes;
  std::uint64_t capacity;
  std::uint64_t when_full;
  alignas(64) std::uint64_t tail;      // 2 * frames ever written, + 1 if the stream has ended
  std::uint64_t writer;                // mark of its process, 0 for none
  std::uint32_t waiting_readers;       // at least as many as there are: one that was killed stays counted
  alignas(64) std::uint32_t advances;  // changes when a reader that the writer may wait for goes on
  std::uint32_t writer_waits;
  FrameReaderEntry readers[64];  // with WhenFull::wait
};

namespace {

constexpr std::uint64_t kRingMagic = 0x31676e69726d7266;  // "frmring1"
constexpr std::size_t kRingLine = 64;                     // of the cache; also the largest alignment of an element
constexpr std::size_t kFramesBegin = (sizeof(FrameRingState) + kRingLine - 1) / kRingLine * kRingLine;
constexpr std::size_t kMostRingFrames = std::size_t{1} << 20;
constexpr std::size_t kMostRingBytes = std::size_t{1} << 48;
constexpr int kMostTries = 3;
constexpr std::chrono::milliseconds kBetweenChecks{100};  // of whether those who are waited for live

std::size_t stride_of(std::size_t frame_bytes) {
  return kRingLine + (frame_bytes + kRingLine - 1) / kRingLine * kRingLine;
}

struct FrameSlot {
  std::uint64_t& sequence;  // 2 * frame + 2 if that frame is there, odd while one is written
  std::byte* content;
};

FrameSlot frame_slot(FrameRingState& state, std::uint64_t frame) {
  std::byte* const at = reinterpret_cast<std::byte*>(&state) + kFramesBegin +
                        frame % state.capacity * stride_of(static_cast<std::size_t>(state.frame_bytes));
  return {*reinterpret_cast<std::uint64_t*>(at), at + kRingLine};
}

std::uint64_t frames_written(FrameRingState& state) {
  return atomic(state.tail).load() / 2;
}

const std::uint32_t& changing_half(const std::uint64_t& word) {
  return reinterpret_cast<const std::uint32_t&>(word);
}

void check_frame_size(std::size_t given, std::size_t frame_bytes) {
  if (given != frame_bytes) {
    throw SpecError("a frame of " + std::to_string(given) + " bytes does not fit a ring whose frames have " +
                    std::to_string(frame_bytes));
  }
}

}  // namespace

std::shared_ptr<ByteFrameRing> ByteFrameRing::make(std::optional<std::string_view> name, std::size_t frame_bytes,
                                                   FrameRingOptions options) {
  if (options.capacity < 2 || options.capacity > kMostRingFrames) {
    throw SpecError("a ring holds 2 to 2^20 frames, not " + std::to_string(options.capacity));
  }
  if (frame_bytes == 0) throw SpecError("the frames of a ring have no elements");
  if (frame_bytes > kMostRingBytes / options.capacity) throw SpecError("a ring of frames is larger than any memory");
  const std::size_t bytes = kFramesBegin + options.capacity * stride_of(frame_bytes);
  const auto prepare = [&](void* memory) {
    auto* state = new (memory) FrameRingState{};
    state->magic = kRingMagic;
    state->frame_bytes = frame_bytes;
    state->capacity = options.capacity;
    state->when_full = static_cast<std::uint64_t>(options.when_full);
  };
  if (name) return std::make_shared<ByteFrameRing>(SharedMemory::create(*name, bytes, prepare));
  SharedMemory memory(bytes);
  prepare(memory.data());
  return std::make_shared<ByteFrameRing>(std::move(memory));
}

std::shared_ptr<ByteFrameRing> ByteFrameRing::open(const std::string& full_name) {
  SharedMemory memory = SharedMemory::open(full_name);
  const auto* state = static_cast<const FrameRingState*>(memory.data());
  if (memory.size() < kFramesBegin || state->magic != kRingMagic || state->capacity == 0 ||
      (memory.size() - kFramesBegin) / state->capacity < stride_of(static_cast<std::size_t>(state->frame_bytes))) {
    throw SpecError("the shared memory " + full_name + " does not hold a ring of frames");
  }
  return std::make_shared<ByteFrameRing>(std::move(memory));
}

ByteFrameRing::ByteFrameRing(SharedMemory memory)
    : memory_(std::move(memory)), state_(static_cast<FrameRingState*>(memory_.data())) {}

std::size_t ByteFrameRing::frame_bytes() const {
  return static_cast<std::size_t>(state_->frame_bytes);
}
std::size_t ByteFrameRing::capacity() const {
  return static_cast<std::size_t>(state_->capacity);
}
WhenFull ByteFrameRing::when_full() const {
  return static_cast<WhenFull>(state_->when_full);
}
std::uint64_t ByteFrameRing::written() const {
  return frames_written(*state_);
}

ByteFrameWriter::ByteFrameWriter(std::shared_ptr<ByteFrameRing> ring) : ring_(std::move(ring)) {
  FrameRingState& state = ring_->state();
  const ProcessIdentity own = own_identity();
  ProcessIdentity before = 0;
  while (!atomic(state.writer).compare_exchange_strong(before, own)) {
    if (before != 0 && is_running(before)) {
      throw SpecError("process " + std::to_string(pid_of(before)) + " writes to this ring of frames");
    }
  }
  mark_ = own;
  next_ = limit_ = atomic(state.tail).fetch_and(~std::uint64_t{1}) / 2;
}

ByteFrameWriter::~ByteFrameWriter() {
  if (ring_) end();
}

ByteFrameWriter& ByteFrameWriter::operator=(ByteFrameWriter&& other) noexcept {
  const ByteFrameWriter before(std::move(*this));  // ends here
  ring_ = std::move(other.ring_);
  mark_ = other.mark_;
  next_ = other.next_;
  limit_ = other.limit_;
  checked_ = other.checked_;
  return *this;
}

void ByteFrameWriter::end() {
  if (mark_ == 0 || pid_of(mark_) != ::getpid()) return;  // a copy in a forked process ends nothing
  FrameRingState& state = ring_->state();
  atomic(state.tail).fetch_or(1);
  ProcessIdentity own = mark_;
  atomic(state.writer).compare_exchange_strong(own, 0);
  mark_ = 0;
  futex_wake_all(changing_half(state.tail));
}

std::byte* ByteFrameWriter::next_for(nanoseconds limit) {
  if (mark_ == 0) throw SpecError("the stream of frames was ended by its writer");
  FrameRingState& state = ring_->state();
  if (ring_->when_full() == WhenFull::wait && next_ >= limit_ && !wait_for_room(limit)) return nullptr;
  const FrameSlot slot = frame_slot(state, next_);
  atomic(slot.sequence).store(2 * next_ + 1, std::memory_order_relaxed);
  std::atomic_thread_fence(std::memory_order_release);  // before anything of the frame
  return slot.content;
}

std::uint64_t ByteFrameWriter::publish() {
  if (mark_ == 0) throw SpecError("the stream of frames was ended by its writer");
  FrameRingState& state = ring_->state();
  const FrameSlot slot = frame_slot(state, next_);
  if (atomic(slot.sequence).load() != 2 * next_ + 1) throw SpecError("there is no frame to publish: ask for it first");
  atomic(slot.sequence).store(2 * next_ + 2, std::memory_order_release);
  atomic(state.tail).store(2 * ++next_);
  if (atomic(state.waiting_readers).load() != 0) futex_wake_all(changing_half(state.tail));
  return next_ - 1;
}

bool ByteFrameWriter::write_for(std::span<const std::byte> frame, nanoseconds limit) {
  check_frame_size(frame.size(), ring_->frame_bytes());
  std::byte* const place = next_for(limit);
  if (place == nullptr) return false;
  std::memcpy(place, frame.data(), frame.size());
  publish();
  return true;
}

// A reader that joins meanwhile is either seen here, or looks at `tail` after that was stored for the last frame.
void ByteFrameWriter::find_limit() {
  FrameRingState& state = ring_->state();
  std::uint64_t slowest = next_;
  for (FrameReaderEntry& reader : state.readers) {
    if (atomic(reader.mark).load() != 0) slowest = std::min(slowest, atomic(reader.position).load());
  }
  limit_ = slowest + state.capacity;
}

void ByteFrameWriter::drop_dead_readers() {
  const auto now = std::chrono::steady_clock::now();
  if (now - checked_ < kBetweenChecks) return;
  checked_ = now;
  FrameRingState& state = ring_->state();
  for (FrameReaderEntry& reader : state.readers) {
    ProcessIdentity mark = atomic(reader.mark).load();
    const bool is_in_the_way = mark != 0 && atomic(reader.position).load() + state.capacity <= next_;
    if (is_in_the_way && !is_running(mark)) atomic(reader.mark).compare_exchange_strong(mark, 0);
  }
}

bool ByteFrameWriter::wait_for_room(nanoseconds limit) {
  find_limit();
  if (next_ < limit_) return true;
  FrameRingState& state = ring_->state();
  const Deadline deadline = deadline_in(limit);
  atomic(state.writer_waits).store(1);
  for (;;) {
    const std::uint32_t seen = atomic(state.advances).load();
    drop_dead_readers();
    find_limit();
    if (next_ < limit_ || is_past(deadline)) break;
    futex_wait(state.advances, seen, deadline);
  }
  atomic(state.writer_waits).store(0);
  return next_ < limit_;
}

// Whoever claims an entry may find an old position in it: the writer then waits until it is set below.
ByteFrameReader::ByteFrameReader(std::shared_ptr<ByteFrameRing> ring) : ring_(std::move(ring)) {
  FrameRingState& state = ring_->state();
  if (ring_->when_full() == WhenFull::wait) {
    const ProcessIdentity own = own_identity();
    const auto claim = [&](bool of_the_dead) {
      return std::find_if(std::begin(state.readers), std::end(state.readers), [&](FrameReaderEntry& entry) {
        ProcessIdentity before = of_the_dead ? atomic(entry.mark).load() : 0;
        if (before != 0 && is_running(before)) return false;
        return atomic(entry.mark).compare_exchange_strong(before, own);
      });
    };
    auto* entry = claim(false);
    if (entry == std::end(state.readers)) entry = claim(true);
    if (entry == std::end(state.readers)) throw SpecError("a ring that waits for its readers has room for 64");
    entry_ = static_cast<std::size_t>(entry - std::begin(state.readers));
    mark_ = own;
  }
  advance(frames_written(state));
}

ByteFrameReader::~ByteFrameReader() {
  if (!ring_ || mark_ == 0 || pid_of(mark_) != ::getpid()) return;
  atomic(ring_->state().readers[entry_].mark).compare_exchange_strong(mark_, 0);
  advance(position_);
}

ByteFrameReader::ByteFrameReader(ByteFrameReader&& other) noexcept
    : ring_(std::move(other.ring_)),
      entry_(other.entry_),
      mark_(std::exchange(other.mark_, 0)),
      position_(other.position_),
      lost_(other.lost_),
      told_lost_(other.told_lost_),
      checked_(other.checked_) {}

ByteFrameReader& ByteFrameReader::operator=(ByteFrameReader&& other) noexcept {
  ByteFrameReader before(std::move(other));
  std::swap(ring_, before.ring_);
  std::swap(entry_, before.entry_);
  std::swap(mark_, before.mark_);
  std::swap(position_, before.position_);
  std::swap(lost_, before.lost_);
  std::swap(told_lost_, before.told_lost_);
  std::swap(checked_, before.checked_);
  return *this;
}

void ByteFrameReader::advance(std::uint64_t to) {
  position_ = to;
  if (mark_ == 0) return;
  FrameRingState& state = ring_->state();
  atomic(state.readers[entry_].position).store(to);
  if (atomic(state.writer_waits).load() == 0) return;
  ++atomic(state.advances);
  futex_wake(state.advances, 1);
}

std::optional<FrameInfo> ByteFrameReader::read_for(std::span<std::byte> into, nanoseconds limit) {
  check_frame_size(into.size(), ring_->frame_bytes());
  FrameRingState& state = ring_->state();
  const Deadline deadline = deadline_in(limit);
  int overtaken = 0;
  for (;;) {
    const std::uint64_t tail = atomic(state.tail).load();
    if (position_ < tail / 2) {
      if (take(into)) return FrameInfo{position_ - 1, lost_ - std::exchange(told_lost_, lost_)};
      // A writer that is faster than one copy overtakes again and again.
      if (++overtaken > kMostTries && is_past(deadline)) return std::nullopt;
      continue;
    }
    if (tail % 2 == 1) throw StreamEnded();
    check_writer(tail);
    if (is_past(deadline)) return std::nullopt;
    ++atomic(state.waiting_readers);
    futex_wait(changing_half(state.tail), static_cast<std::uint32_t>(tail), deadline);
    --atomic(state.waiting_readers);
  }
}

// @return whether the frame was there from the beginning of the copy to its end
bool ByteFrameReader::take(std::span<std::byte> into) {
  const FrameSlot slot = frame_slot(ring_->state(), position_);
  const std::uint64_t wanted = 2 * position_ + 2;
  if (atomic(slot.sequence).load(std::memory_order_acquire) == wanted) {
    std::memcpy(into.data(), slot.content, into.size());
    std::atomic_thread_fence(std::memory_order_acquire);
    if (atomic(slot.sequence).load(std::memory_order_relaxed) == wanted) {
      advance(position_ + 1);
      return true;
    }
  }
  fall_back();
  return false;
}

// The writer has overtaken this reader: on with the middle of the ring, or the oldest would be gone at once again.
void ByteFrameReader::fall_back() {
  FrameRingState& state = ring_->state();
  const std::uint64_t written = frames_written(state);
  const std::uint64_t behind = (state.capacity + 1) / 2;
  const std::uint64_t to = std::max(position_ + 1, written > behind ? written - behind : 0);
  lost_ += to - position_;
  advance(to);
}

std::uint64_t ByteFrameReader::skip_to_newest() {
  const std::uint64_t written = frames_written(ring_->state());
  if (position_ + 1 >= written) return 0;
  const std::uint64_t skipped = written - 1 - position_;
  advance(written - 1);
  return skipped;
}

// @param seen  `tail` of which everything has been read
void ByteFrameReader::check_writer(std::uint64_t seen) {
  const auto now = std::chrono::steady_clock::now();
  if (now - checked_ < kBetweenChecks) return;
  FrameRingState& state = ring_->state();
  const ProcessIdentity writer = atomic(state.writer).load();
  if (writer != 0 && !is_running(writer) && atomic(state.writer).load() == writer &&
      atomic(state.tail).load() == seen) {
    throw PeerLost("process " + std::to_string(pid_of(writer)) + ", which wrote to a ring of frames, has ended");
  }
  checked_ = now;
}

}  // namespace windrow::detail
