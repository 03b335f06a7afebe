#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "windrow/error.hpp"
#include "windrow/process/shared_memory.hpp"

namespace [[gnu::visibility("default")]] windrow {

/// What the writer of a FrameRing does when the next frame would overwrite one that a reader has not read.
enum class WhenFull {
  drop,  ///< overwrites it: the reader loses frames, and is told how many
  wait   ///< waits for the reader, as long as that lives
};

struct FrameRingOptions {
  std::size_t capacity = 8;  ///< frames in memory, 2 to 2^20
  WhenFull when_full = WhenFull::drop;
};

/// Which frame was read.
struct FrameInfo {
  std::uint64_t sequence = 0;  ///< 0 for the first that was ever written, then 1, 2, ...
  std::uint64_t lost = 0;      ///< frames between the one read before and this one that this reader could not get
};

/// Thrown to readers that have read everything from a writer that has ended its stream.
class StreamEnded : public ParallelError {
 public:
  StreamEnded() : ParallelError("the stream of frames has ended") {}
};

namespace detail {

struct FrameRingState;

class ByteFrameRing {
 public:
  static std::shared_ptr<ByteFrameRing> make(std::optional<std::string_view> name, std::size_t frame_bytes,
                                             FrameRingOptions options);
  static std::shared_ptr<ByteFrameRing> open(const std::string& full_name);
  explicit ByteFrameRing(SharedMemory memory);

  std::size_t frame_bytes() const;
  std::size_t capacity() const;
  WhenFull when_full() const;
  std::uint64_t written() const;
  const std::string& full_name() const { return memory_.full_name(); }
  FrameRingState& state() const { return *state_; }

 private:
  SharedMemory memory_;
  FrameRingState* state_;
};

class ByteFrameWriter {
 public:
  explicit ByteFrameWriter(std::shared_ptr<ByteFrameRing> ring);
  ~ByteFrameWriter();
  ByteFrameWriter(ByteFrameWriter&&) noexcept = default;
  ByteFrameWriter& operator=(ByteFrameWriter&& other) noexcept;

  /// Where the next frame goes; null if there was no room in time.
  std::byte* next_for(std::chrono::nanoseconds limit);
  std::uint64_t publish();
  bool write_for(std::span<const std::byte> frame, std::chrono::nanoseconds limit);
  void end();
  std::size_t frame_bytes() const { return ring_->frame_bytes(); }
  std::uint64_t written() const { return next_; }

 private:
  bool wait_for_room(std::chrono::nanoseconds limit);
  void find_limit();
  void drop_dead_readers();

  std::shared_ptr<ByteFrameRing> ring_;
  std::uint64_t mark_ = 0;   // of this process, while it writes
  std::uint64_t next_ = 0;   // frame
  std::uint64_t limit_ = 0;  // frames below may be written without looking at the readers
  std::chrono::steady_clock::time_point checked_{};
};

class ByteFrameReader {
 public:
  explicit ByteFrameReader(std::shared_ptr<ByteFrameRing> ring);
  ~ByteFrameReader();
  ByteFrameReader(ByteFrameReader&& other) noexcept;
  ByteFrameReader& operator=(ByteFrameReader&& other) noexcept;

  std::optional<FrameInfo> read_for(std::span<std::byte> into, std::chrono::nanoseconds limit);
  std::uint64_t skip_to_newest();
  std::uint64_t lost() const { return lost_; }
  std::size_t frame_bytes() const { return ring_->frame_bytes(); }

 private:
  bool take(std::span<std::byte> into);
  void fall_back();
  void advance(std::uint64_t to);
  void check_writer(std::uint64_t seen);

  std::shared_ptr<ByteFrameRing> ring_;
  std::size_t entry_ = 0;        // among the readers that the writer waits for
  std::uint64_t mark_ = 0;       // of this process, if it has an entry
  std::uint64_t position_ = 0;   // the frame to read next
  std::uint64_t lost_ = 0;       // ever
  std::uint64_t told_lost_ = 0;  // of them with a frame
  std::chrono::steady_clock::time_point checked_{};
};

}  // namespace detail

template <typename T>
class FrameRing;

/// The one who writes to a FrameRing. Frames are numbered on from the writer before it, if there was one. The stream
/// ends with this object; a process that is killed leaves it open for another writer.
///
/// Move-only. For one thread at a time, in the process that made it.
template <typename T>
class FrameWriter {
 public:
  /// Writes a frame. Waits for readers if the ring does (WhenFull::wait). @return its number
  /// @throws SpecError if it has not as many elements as a frame
  std::uint64_t write(std::span<const T> frame) {
    write_for(frame, std::chrono::nanoseconds::max());
    return writer_.written() - 1;
  }
  /// The same for at most `limit`. @return whether there was room in time
  bool write_for(std::span<const T> frame, std::chrono::nanoseconds limit) {
    return writer_.write_for(std::as_bytes(frame), limit);
  }

  /// Where the next frame goes, for those who make it in place: one copy less. What is there is some earlier frame.
  /// Nobody sees it before publish(). Waits as write() does.
  std::span<T> next() { return next_for(std::chrono::nanoseconds::max()); }
  /// The same for at most `limit`; empty if there was no room in time.
  std::span<T> next_for(std::chrono::nanoseconds limit) {
    std::byte* const place = writer_.next_for(limit);
    if (place == nullptr) return {};
    return {reinterpret_cast<T*>(place), writer_.frame_bytes() / sizeof(T)};
  }
  /// Shows readers the frame that next() gave. @return its number
  /// @throws SpecError if there is none
  std::uint64_t publish() { return writer_.publish(); }

  /// Ends the stream: readers get what is there, then StreamEnded. Idempotent; nothing can be written any more.
  void end() { writer_.end(); }

 private:
  friend class FrameRing<T>;
  explicit FrameWriter(std::shared_ptr<detail::ByteFrameRing> ring) : writer_(std::move(ring)) {}

  detail::ByteFrameWriter writer_;
};

/// One who reads every frame of a FrameRing that was written since it joined, or as many as it can.
///
/// Move-only. For one thread at a time, in the process that made it.
template <typename T>
class FrameReader {
 public:
  /// Copies the next frame. Waits for it as long as there is a writer, and for a first or another writer.
  /// @throws StreamEnded if the writer has ended the stream and everything has been read
  /// @throws PeerLost    if the writer died and everything has been read, until there is another one
  /// @throws SpecError   if `into` has not as many elements as a frame
  FrameInfo read(std::span<T> into) { return *read_for(into, std::chrono::nanoseconds::max()); }
  /// The same for at most `limit`. @return none if there was no frame in time
  std::optional<FrameInfo> read_for(std::span<T> into, std::chrono::nanoseconds limit) {
    return reader_.read_for(std::as_writable_bytes(into), limit);
  }
  std::optional<FrameInfo> try_read(std::span<T> into) { return read_for(into, std::chrono::nanoseconds(0)); }

  /// Goes on with the newest frame, for those who show what is now. @return how many it left out; they are not lost
  std::uint64_t skip_to_newest() { return reader_.skip_to_newest(); }
  /// Frames that this reader could not get so far.
  std::uint64_t lost() const { return reader_.lost(); }

 private:
  friend class FrameRing<T>;
  explicit FrameReader(std::shared_ptr<detail::ByteFrameRing> ring) : reader_(std::move(ring)) {}

  detail::ByteFrameReader reader_;
};

/// A stream of frames of one size through memory that processes share: one writes, several read, at the speed of
/// memory. Anonymous: shared with children forked later. Named: also opened by other processes, see SharedMemory.
/// Nothing of either stays behind, however the processes end.
///
/// Readers may join and leave at any time, and see frames from then on. With WhenFull::drop the writer knows nothing of
/// its readers, and there may be any number; one that is overtaken goes on half a ring behind the writer. With
/// WhenFull::wait there may be 64 readers, none of which loses a frame; without a reader the writer does not wait.
///
/// A process killed at any moment holds up nobody: frames count once they are whole, a dead reader is not waited for,
/// and readers hear of a dead writer (all that within a second, unless they have other things to do). Waiting costs
/// no CPU time to speak of. A ring can be moved, and may go before its writer and readers.
template <typename T>
class FrameRing {
  static_assert(std::is_trivially_copyable_v<T>, "other processes see only the bytes of an element");
  static_assert(alignof(T) <= 64);

 public:
  /// @param elements  of a frame, at least 1
  /// @throws SpecError for sizes that make no sense, SystemError if there is no memory
  explicit FrameRing(std::size_t elements, FrameRingOptions options = {})
      : FrameRing(detail::ByteFrameRing::make(std::nullopt, bytes_of(elements), options)) {}
  /// Named, owned by this process. Errors as above and in SharedMemory::create.
  static FrameRing create(std::string_view name, std::size_t elements, FrameRingOptions options = {}) {
    return FrameRing(detail::ByteFrameRing::make(name, bytes_of(elements), options));
  }
  /// The ring that another process (or this one) created. @param full_name  as full_name() or shared_name() give it
  /// @throws SpecError if the owner has no such ring, or its frames do not fit this type; PeerLost if it has ended
  static FrameRing open(const std::string& full_name) {
    FrameRing ring(detail::ByteFrameRing::open(full_name));
    if (ring.ring_->frame_bytes() % sizeof(T) != 0) {
      throw SpecError("the frames of " + full_name + " have " + std::to_string(ring.ring_->frame_bytes()) +
                      " bytes, which is no multiple of an element's");
    }
    return ring;
  }

  /// Elements of a frame.
  std::size_t frame_size() const { return ring_->frame_bytes() / sizeof(T); }
  std::size_t capacity() const { return ring_->capacity(); }
  /// Frames written so far.
  std::uint64_t written() const { return ring_->written(); }
  /// What another process opens it by, or empty for an anonymous ring.
  const std::string& full_name() const { return ring_->full_name(); }

  /// Makes this process the writer. @throws SpecError if a process that lives is
  FrameWriter<T> writer() { return FrameWriter<T>(ring_); }
  /// A reader of what is written from now on. @throws SpecError if the writer waits for 64 readers already
  FrameReader<T> reader() { return FrameReader<T>(ring_); }

 private:
  explicit FrameRing(std::shared_ptr<detail::ByteFrameRing> ring) : ring_(std::move(ring)) {}
  static std::size_t bytes_of(std::size_t elements) {
    constexpr std::size_t most = (std::size_t{1} << 48) / sizeof(T);
    if (elements > most) throw SpecError("a frame of a ring is larger than any memory");
    return elements * sizeof(T);
  }

  std::shared_ptr<detail::ByteFrameRing> ring_;
};

}  // namespace windrow
