#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <utility>

#include "windrow/base/serialize.hpp"
#include "windrow/base/type_name.hpp"
#include "windrow/error.hpp"
#include "windrow/process/byte_channel.hpp"

namespace [[gnu::visibility("default")]] windrow {

/// The other end of a channel is closed or its process has ended, or this end is closed.
class ChannelClosed : public PeerLost {
 public:
  using PeerLost::PeerLost;
};

namespace detail {

/// Bytes of one type over a ByteChannel. Throws ChannelClosed, and ParallelError for a message of another type.
void send_typed(ByteChannel& channel, std::uint64_t type, std::span<const std::byte> payload);
std::optional<Bytes> receive_typed(ByteChannel& channel, std::uint64_t type, const std::type_info& expected,
                                   std::chrono::nanoseconds limit);
[[noreturn]] void fail_unreadable(const std::type_info& expected);

}  // namespace detail

/// One end of a two-way stream of values between two processes of one machine: sends `Send`, receives `Receive`, each a
/// number, a vector of numbers, or anything else that can be sent (windrow/base/serialize.hpp).
///
/// Make a pair, then fork: each process uses one end and closes the other; an end that a process left open by mistake
/// keeps the other end from seeing that its peer is gone. (A Process closes what it was not handed.)
/// Move-only. Not for use by several threads at once.
template <typename Send, typename Receive = Send>
class Channel {
 public:
  Channel() = default;
  explicit Channel(ByteChannel bytes) : bytes_(std::move(bytes)) {}
  /// Both ends. The descriptors are not inherited through exec.
  static std::pair<Channel<Send, Receive>, Channel<Receive, Send>> pair() {
    auto [here, there] = ByteChannel::pair();
    return {Channel<Send, Receive>(std::move(here)), Channel<Receive, Send>(std::move(there))};
  }

  /// Readable when something has arrived or the peer is gone; for poll and Inherit. More than one value may have
  /// arrived by then: take them by try_receive() until there is none.
  int descriptor() const { return bytes_.descriptor(); }
  bool is_open() const { return bytes_.is_open(); }
  void close() { bytes_.close(); }

  /// Waits for room if need be, and meanwhile keeps what arrives.
  /// @throws ChannelClosed if the peer is gone
  void send(const Send& value) {
    const std::uint64_t type = detail::type_fingerprint<Send>();
    if constexpr (detail::is_number_vector<Send>) {
      detail::send_typed(bytes_, type, std::as_bytes(std::span(value)));
    } else {
      detail::send_typed(bytes_, type, detail::to_bytes(value));
    }
  }

  /// The next value; waits as long as the peer lives.
  /// @throws ChannelClosed  if the peer is gone and everything it sent has been received
  /// @throws ParallelError  if what arrives is not a `Receive`
  Receive receive() {
    for (;;) {
      if (auto value = receive_for(std::chrono::nanoseconds::max())) return *std::move(value);
    }
  }
  /// The next value, waiting at most `limit`; none at the time-out.
  std::optional<Receive> receive_for(std::chrono::nanoseconds limit) {
    const auto bytes = detail::receive_typed(bytes_, detail::type_fingerprint<Receive>(), typeid(Receive), limit);
    if (!bytes) return std::nullopt;
    try {
      return detail::from_bytes<Receive>(*bytes);
    } catch (const Error&) {
      throw;
    } catch (const std::exception&) {  // no room for a length that makes no sense
      detail::fail_unreadable(typeid(Receive));
    }
  }
  /// The next value if one has arrived.
  std::optional<Receive> try_receive() { return receive_for(std::chrono::nanoseconds(0)); }

 private:
  ByteChannel bytes_;
};

}  // namespace windrow
