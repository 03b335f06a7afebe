#include "windrow/process/channel.hpp"

#include <fmt/format.h>

#include <string>

namespace windrow::detail {
namespace {

ChannelClosed closed() {
  return ChannelClosed("the other end of a channel is closed, or its process has ended");
}

std::uint32_t tag_of(std::uint64_t type) {
  return static_cast<std::uint32_t>(type ^ (type >> 32));
}

}  // namespace

void send_typed(ByteChannel& channel, std::uint64_t type, std::span<const std::byte> payload) {
  try {
    channel.send(tag_of(type), payload);
  } catch (const PeerLost&) {
    throw closed();
  }
}

std::optional<Bytes> receive_typed(ByteChannel& channel, std::uint64_t type, const std::type_info& expected,
                                   std::chrono::nanoseconds limit) {
  std::optional<Frame> frame;
  try {
    frame = channel.receive(limit);
  } catch (const PeerLost&) {
    throw closed();
  }
  if (!frame) return std::nullopt;
  if (frame->tag != tag_of(type)) {
    throw ParallelError(
        fmt::format("a channel received something that is not a {}, as was expected", readable_type_name(expected)));
  }
  return std::move(frame->payload);
}

void fail_unreadable(const std::type_info& expected) {
  throw ParallelError(fmt::format("a message cannot be read as a {}", readable_type_name(expected)));
}

}  // namespace windrow::detail
