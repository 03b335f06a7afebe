#include "process/fork_wire.hpp"

#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "windrow/error.hpp"

namespace windrow::detail {
namespace {

constexpr std::size_t kDescriptors = 2;

union ControlBuffer {
  cmsghdr alignment;
  std::array<char, CMSG_SPACE(kDescriptors * sizeof(int))> bytes;
};

}  // namespace

void send_open(int socket, const OpenRequest& request, const Fd& session, const Fd& results) {
  OpenRequest content = request;
  iovec part{&content, sizeof content};
  ControlBuffer control{};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control.bytes.data();
  message.msg_controllen = control.bytes.size();
  cmsghdr* header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(kDescriptors * sizeof(int));
  const std::array<int, kDescriptors> descriptors = {session.get(), results.get()};
  std::memcpy(CMSG_DATA(header), descriptors.data(), sizeof descriptors);
  while (::sendmsg(socket, &message, MSG_NOSIGNAL) < 0) {
    if (errno == EINTR) continue;
    if (errno == EPIPE || errno == ECONNRESET || errno == EBADF) throw PeerLost("the fork server has ended");
    throw SystemError("cannot reach the fork server", errno);
  }
}

bool receive_open(int socket, OpenedSession& opened) {
  OpenRequest content;
  iovec part{&content, sizeof content};
  ControlBuffer control{};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control.bytes.data();
  message.msg_controllen = control.bytes.size();
  const ssize_t size = ::recvmsg(socket, &message, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
  if (size == 0) return false;
  opened = {};
  if (size < 0) return errno == EINTR || errno == EAGAIN;
  const cmsghdr* header = CMSG_FIRSTHDR(&message);
  if (header == nullptr || header->cmsg_type != SCM_RIGHTS) return true;
  std::array<int, kDescriptors> descriptors = {-1, -1};
  std::memcpy(descriptors.data(), CMSG_DATA(header),
              std::min<std::size_t>(sizeof descriptors, header->cmsg_len - CMSG_LEN(0)));
  opened = {content.owner, Fd(descriptors[0]), Fd(descriptors[1])};
  return true;
}

}  // namespace windrow::detail
