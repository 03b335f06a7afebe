#include "windrow/process/byte_channel.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "windrow/error.hpp"

namespace windrow {
namespace {

constexpr std::uint32_t kMagic = 0x77726f77;  // "wrow"
constexpr std::size_t kReadSize = 64 * 1024;

struct Header {
  std::uint32_t magic;
  std::uint32_t tag;
  std::uint64_t length;
};

PeerLost lost() {
  return PeerLost("the process at the other end of a channel is gone");
}

// Writes without SIGPIPE. @return bytes taken, 0 if there is no room now
std::size_t write_some(int fd, const std::byte* data, std::size_t size) {
  const ssize_t written = ::send(fd, data, size, MSG_NOSIGNAL | MSG_DONTWAIT);
  if (written >= 0) return static_cast<std::size_t>(written);
  if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR) return 0;
  if (errno == EPIPE || errno == ECONNRESET) throw lost();
  throw SystemError("cannot write to a channel", errno);
}

}  // namespace

ByteChannel::ByteChannel(Fd socket) : socket_(std::move(socket)) {}

std::pair<ByteChannel, ByteChannel> ByteChannel::pair() {
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
    throw SystemError("cannot create a channel", errno);
  }
  return {ByteChannel(Fd(ends[0])), ByteChannel(Fd(ends[1]))};
}

void ByteChannel::wait(bool for_writing, int timeout_ms) const {
  pollfd entry{socket_.get(), static_cast<short>(POLLIN | (for_writing ? POLLOUT : 0)), 0};
  ::poll(&entry, 1, timeout_ms);
}

void ByteChannel::post(std::uint32_t tag, std::span<const std::byte> payload) {
  if (!socket_) throw lost();
  const Header header{kMagic, tag, payload.size()};
  Bytes message(sizeof header + payload.size());
  std::memcpy(message.data(), &header, sizeof header);
  if (!payload.empty()) std::memcpy(message.data() + sizeof header, payload.data(), payload.size());
  outbox_.push_back(std::move(message));
  flush();
}

void ByteChannel::flush() {
  while (!outbox_.empty()) {
    const Bytes& message = outbox_.front();
    const std::size_t written =
        write_some(socket_.get(), message.data() + outbox_offset_, message.size() - outbox_offset_);
    if (written == 0) return;
    outbox_offset_ += written;
    if (outbox_offset_ == message.size()) {
      outbox_.pop_front();
      outbox_offset_ = 0;
    }
  }
}

void ByteChannel::send(std::uint32_t tag, std::span<const std::byte> payload) {
  post(tag, payload);
  while (has_unsent()) {
    wait(/*for_writing=*/true, 1000);
    read_available();
    flush();
  }
}

void ByteChannel::read_available() {
  while (!peer_closed_ && socket_) {
    if (inbox_taken_ > inbox_used_ / 2) {  // move what is left to the front: each byte moves at most once on average
      std::memmove(inbox_.data(), inbox_.data() + inbox_taken_, inbox_used_ - inbox_taken_);
      inbox_used_ -= inbox_taken_;
      inbox_taken_ = 0;
    }
    if (inbox_.size() - inbox_used_ < kReadSize) inbox_.resize(std::max(inbox_.size() * 2, inbox_used_ + kReadSize));
    const std::size_t room = inbox_.size() - inbox_used_;
    const ssize_t count = ::recv(socket_.get(), inbox_.data() + inbox_used_, room, MSG_DONTWAIT);
    if (count > 0) {
      inbox_used_ += static_cast<std::size_t>(count);
      if (static_cast<std::size_t>(count) < room) return;
    } else if (count == 0 || errno == ECONNRESET) {
      peer_closed_ = true;
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      return;
    } else if (errno != EINTR) {
      throw SystemError("cannot read from a channel", errno);
    }
  }
}

std::optional<Frame> ByteChannel::take_frame() {
  const std::size_t available = inbox_used_ - inbox_taken_;
  Header header;
  if (available < sizeof header) return std::nullopt;
  std::memcpy(&header, inbox_.data() + inbox_taken_, sizeof header);
  if (header.magic != kMagic) throw ParallelError("a channel received something that is not a message");
  if (available - sizeof header < header.length) return std::nullopt;
  const std::byte* begin = inbox_.data() + inbox_taken_ + sizeof header;
  Frame frame{header.tag, Bytes(begin, begin + header.length)};
  inbox_taken_ += sizeof header + header.length;
  return frame;
}

std::optional<Frame> ByteChannel::receive(std::chrono::nanoseconds limit) {
  using Clock = std::chrono::steady_clock;
  const auto now = Clock::now();
  const auto deadline = limit < Clock::time_point::max() - now ? now + limit : Clock::time_point::max();
  for (;;) {
    if (auto frame = take_frame()) return frame;
    if (!socket_) throw lost();
    read_available();
    if (auto frame = take_frame()) return frame;
    if (peer_closed_) throw lost();
    const auto left = deadline - Clock::now();
    if (left <= left.zero()) return std::nullopt;
    const auto left_ms = std::chrono::ceil<std::chrono::milliseconds>(left).count();
    wait(has_unsent(), static_cast<int>(std::min<long long>(left_ms, 1000)));
    try {
      flush();
    } catch (const PeerLost&) {  // known in the next round, after what it sent before it went
    }
  }
}

Frame ByteChannel::receive() {
  for (;;) {
    if (auto frame = receive(std::chrono::seconds(60))) return *std::move(frame);
  }
}

}  // namespace windrow
