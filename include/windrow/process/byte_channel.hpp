#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "windrow/base/bytes.hpp"
#include "windrow/process/fd.hpp"

namespace [[gnu::visibility("default")]] windrow {

/// A message as it travels: what it is, and its content.
struct Frame {
  std::uint32_t tag = 0;
  Bytes payload;
};

/// One end of a two-way stream of framed messages between two processes of one machine.
///
/// A Process closes its copies of what it does not inherit: there, an end whose descriptor() is not named in
/// ProcessOptions::inherit throws SpecError.
///
/// Sending never deadlocks against a peer that sends at the same time: what arrives meanwhile is kept for receive().
/// A large message is in memory once at either end: sent from where it lies, received into its own payload.
class ByteChannel {
 public:
  ByteChannel() = default;
  explicit ByteChannel(Fd socket);
  /// Both ends. The descriptors are not inherited through exec.
  static std::pair<ByteChannel, ByteChannel> pair();

  /// Readable when something has arrived or the peer is gone; for poll.
  int descriptor() const { return socket_.get(); }
  bool is_open() const { return static_cast<bool>(socket_); }
  void close() { socket_.reset(); }

  /// Sends a message, waiting for room if need be. @throws PeerLost if the peer is gone
  void send(std::uint32_t tag, std::span<const std::byte> payload);
  /// Queues a message and writes what the kernel takes now. @throws PeerLost if the peer is gone
  void post(std::uint32_t tag, std::span<const std::byte> payload);
  /// Whether posted messages still wait for room; then poll for writing and call flush().
  bool has_unsent() const { return !outbox_.empty(); }
  /// Bytes that do.
  std::size_t unsent() const { return unsent_; }
  /// Writes what the kernel takes now.
  void flush();
  /// Writes all that was posted, waiting for room if need be. @throws PeerLost if the peer is gone
  void flush_all();

  /// The next message, waiting at most `limit`; none at the time-out.
  /// @throws PeerLost       if the peer is gone and everything it sent has been received
  /// @throws ParallelError  if what arrives is not a message
  std::optional<Frame> receive(std::chrono::nanoseconds limit);
  /// The next message if one has arrived.
  std::optional<Frame> try_receive() { return receive(std::chrono::nanoseconds(0)); }
  /// Whether try_receive() has something to say that the descriptor does not show: it was read with an earlier message.
  bool has_received() const { return !ready_.empty() || garbled_; }
  /// The next message. Waits as long as the peer lives.
  Frame receive();

 private:
  void check_open() const;
  std::size_t write_some(std::span<const std::byte> header, std::span<const std::byte> payload) const;
  bool read_some();
  void read_available();
  void sort_inbox();
  std::optional<Frame> take_frame();
  void wait(bool for_writing, int timeout_ms) const;
  void wait_for_room();

  Fd socket_;
  detail::OpenedIn opened_in_;
  std::deque<Bytes> outbox_;
  std::size_t outbox_offset_ = 0;
  std::size_t unsent_ = 0;
  std::deque<Frame> ready_;       // whole messages, not yet handed out
  std::optional<Frame> partial_;  // the message whose content is arriving, straight into its own payload
  std::uint64_t missing_ = 0;     // bytes of it still to come
  Bytes inbox_;                   // headers and small messages on their way into ready_
  std::size_t inbox_used_ = 0;    // bytes of inbox_ that hold data
  bool garbled_ = false;          // after what is ready came something that is not a message
  bool peer_closed_ = false;
};

}  // namespace windrow
