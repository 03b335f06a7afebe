#include "windrow/process/byte_channel.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "process/futex.hpp"
#include "windrow/error.hpp"

namespace windrow {
namespace {

constexpr std::uint32_t kMagic = 0x77726f77;  // "wrow"
constexpr std::size_t kInboxSize = 64 * 1024;
constexpr std::size_t kPart = 256 * 1024;  // a large payload grows by this much as it arrives

struct Header {
  std::uint32_t magic;
  std::uint32_t tag;
  std::uint64_t length;
};

PeerLost lost() {
  return PeerLost("the process at the other end of a channel is gone");
}

std::uint64_t physical_memory() {
  static const auto bytes =
      static_cast<std::uint64_t>(::sysconf(_SC_PHYS_PAGES)) * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  return bytes;
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

void ByteChannel::check_open() const {
  if (!socket_) throw lost();
  opened_in_.check(socket_.get(),
                   "this process closed its copy of the channel when it started: name the channel's descriptor() in "
                   "ProcessOptions::inherit");
}

void ByteChannel::wait(bool for_writing, int timeout_ms) const {
  pollfd entry{socket_.get(), static_cast<short>(POLLIN | (for_writing ? POLLOUT : 0)), 0};
  ::poll(&entry, 1, timeout_ms);
}

// Writes without SIGPIPE. @return bytes taken, 0 if there is no room now
std::size_t ByteChannel::write_some(std::span<const std::byte> header, std::span<const std::byte> payload) const {
  iovec parts[] = {{const_cast<std::byte*>(header.data()), header.size()},
                   {const_cast<std::byte*>(payload.data()), payload.size()}};
  msghdr message{};
  message.msg_iov = parts;
  message.msg_iovlen = 2;
  const ssize_t written = ::sendmsg(socket_.get(), &message, MSG_NOSIGNAL | MSG_DONTWAIT);
  if (written >= 0) return static_cast<std::size_t>(written);
  if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR) return 0;
  if (errno == EPIPE || errno == ECONNRESET) throw lost();
  throw SystemError("cannot write to a channel", errno);
}

void ByteChannel::post(std::uint32_t tag, std::span<const std::byte> payload) {
  check_open();
  flush();
  const Header content{kMagic, tag, payload.size()};
  const auto header = std::as_bytes(std::span(&content, 1));
  const std::size_t written = outbox_.empty() ? write_some(header, payload) : 0;
  if (written == header.size() + payload.size()) return;
  Bytes rest;
  rest.reserve(header.size() + payload.size() - written);
  if (written < header.size())
    rest.insert(rest.end(), header.begin() + static_cast<std::ptrdiff_t>(written), header.end());
  const auto from = written > header.size() ? written - header.size() : 0;
  rest.insert(rest.end(), payload.begin() + static_cast<std::ptrdiff_t>(from), payload.end());
  unsent_ += rest.size();
  outbox_.push_back(std::move(rest));
}

void ByteChannel::flush() {
  if (!outbox_.empty()) check_open();
  while (!outbox_.empty()) {
    const std::size_t written = write_some({}, std::span(outbox_.front()).subspan(outbox_offset_));
    if (written == 0) return;
    outbox_offset_ += written;
    unsent_ -= written;
    if (outbox_offset_ == outbox_.front().size()) {
      outbox_.pop_front();
      outbox_offset_ = 0;
    }
  }
}

// Reads meanwhile, so that a peer that does the same can go on.
void ByteChannel::wait_for_room() {
  wait(/*for_writing=*/true, 1000);
  read_available();
}

void ByteChannel::flush_all() {
  for (flush(); has_unsent(); flush()) wait_for_room();
}

void ByteChannel::send(std::uint32_t tag, std::span<const std::byte> payload) {
  check_open();
  flush_all();
  const Header content{kMagic, tag, payload.size()};
  auto header = std::as_bytes(std::span(&content, 1));
  for (;;) {
    const std::size_t written = write_some(header, payload);
    const std::size_t of_header = std::min(written, header.size());
    header = header.subspan(of_header);
    payload = payload.subspan(written - of_header);
    if (header.empty() && payload.empty()) return;
    if (written == 0) wait_for_room();
  }
}

// Takes what one call of the kernel gives. @return whether there may be more
bool ByteChannel::read_some() {
  if (peer_closed_ || garbled_ || !socket_) return false;
  std::byte* to = nullptr;
  std::size_t room = 0;
  Bytes* payload = partial_ ? &partial_->payload : nullptr;
  const std::size_t before = payload != nullptr ? payload->size() : inbox_used_;
  if (payload != nullptr) {
    room = static_cast<std::size_t>(std::min<std::uint64_t>(missing_, kPart));
    payload->resize(before + room);
    to = payload->data() + before;
  } else {
    if (inbox_.empty()) inbox_.resize(kInboxSize);
    room = inbox_.size() - inbox_used_;
    to = inbox_.data() + inbox_used_;
  }
  const ssize_t count = ::recv(socket_.get(), to, room, MSG_DONTWAIT);
  const int error = errno;
  const std::size_t taken = count > 0 ? static_cast<std::size_t>(count) : 0;
  if (payload != nullptr) {
    payload->resize(before + taken);
    missing_ -= taken;
    if (missing_ == 0) {
      ready_.push_back(*std::move(partial_));
      partial_.reset();
    }
  } else {
    inbox_used_ += taken;
    sort_inbox();
  }
  if (count > 0) return true;
  if (count == 0 || error == ECONNRESET) {
    peer_closed_ = true;
  } else if (error != EAGAIN && error != EWOULDBLOCK && error != EINTR) {
    throw SystemError("cannot read from a channel", error);
  }
  return count < 0 && error == EINTR;
}

void ByteChannel::read_available() {
  while (read_some()) {
  }
}

// Makes messages of what is in the inbox; of the last one, perhaps, only a part has arrived.
void ByteChannel::sort_inbox() {
  std::size_t at = 0;
  while (!partial_ && inbox_used_ - at >= sizeof(Header)) {
    Header header;
    std::memcpy(&header, inbox_.data() + at, sizeof header);
    if (header.magic != kMagic) {
      garbled_ = true;
      return;
    }
    at += sizeof header;
    const auto here = static_cast<std::size_t>(std::min<std::uint64_t>(header.length, inbox_used_ - at));
    Frame frame{header.tag, {}};
    // All of it at once, unless that is more than there can be: then as it arrives, if it ever does.
    if (header.length <= physical_memory()) frame.payload.reserve(static_cast<std::size_t>(header.length));
    const auto begin = inbox_.begin() + static_cast<std::ptrdiff_t>(at);
    frame.payload.insert(frame.payload.end(), begin, begin + static_cast<std::ptrdiff_t>(here));
    at += here;
    missing_ = header.length - here;
    if (missing_ == 0) {
      ready_.push_back(std::move(frame));
    } else {
      partial_ = std::move(frame);
    }
  }
  std::memmove(inbox_.data(), inbox_.data() + at, inbox_used_ - at);
  inbox_used_ -= at;
}

std::optional<Frame> ByteChannel::take_frame() {
  if (!ready_.empty()) {
    Frame frame = std::move(ready_.front());
    ready_.pop_front();
    return frame;
  }
  if (garbled_) throw ParallelError("a channel received something that is not a message");
  return std::nullopt;
}

std::optional<Frame> ByteChannel::receive(std::chrono::nanoseconds limit) {
  const detail::Deadline deadline = detail::deadline_in(limit);
  for (;;) {
    if (auto frame = take_frame()) return frame;
    check_open();
    // No further than the next message: what the peer sends faster than it is taken waits at the peer.
    while (ready_.empty() && read_some()) {
    }
    if (auto frame = take_frame()) return frame;
    if (peer_closed_) throw lost();
    const auto left = deadline - std::chrono::steady_clock::now();
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
