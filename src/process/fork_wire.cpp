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

/// What a message of the socket is made of: a request, and room for the descriptors that go with it.
struct OpenMessage {
  OpenRequest content;
  iovec part{&content, sizeof content};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(kDescriptors * sizeof(int))> control{};
  msghdr header{};

  explicit OpenMessage(const OpenRequest& request = {}) : content(request) {
    header.msg_iov = &part;
    header.msg_iovlen = 1;
    header.msg_control = control.data();
    header.msg_controllen = control.size();
  }
  OpenMessage(const OpenMessage&) = delete;
  OpenMessage& operator=(const OpenMessage&) = delete;
};

}  // namespace

void send_open(int socket, const OpenRequest& request, const Fd& session, const Fd& results) {
  OpenMessage message(request);
  cmsghdr* header = CMSG_FIRSTHDR(&message.header);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(kDescriptors * sizeof(int));
  const std::array<int, kDescriptors> descriptors = {session.get(), results.get()};
  std::memcpy(CMSG_DATA(header), descriptors.data(), sizeof descriptors);
  while (::sendmsg(socket, &message.header, MSG_NOSIGNAL) < 0) {
    if (errno == EINTR) continue;
    if (errno == EPIPE || errno == ECONNRESET || errno == EBADF) throw PeerLost("the fork server has ended");
    throw SystemError("cannot reach the fork server", errno);
  }
}

bool receive_open(int socket, OpenedSession& opened) {
  OpenMessage message;
  const ssize_t size = ::recvmsg(socket, &message.header, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
  if (size == 0) return false;
  opened = {};
  if (size < 0) return errno == EINTR || errno == EAGAIN;
  const cmsghdr* header = CMSG_FIRSTHDR(&message.header);
  if (header == nullptr || header->cmsg_type != SCM_RIGHTS) return true;
  std::array<int, kDescriptors> descriptors = {-1, -1};
  std::memcpy(descriptors.data(), CMSG_DATA(header),
              std::min<std::size_t>(sizeof descriptors, header->cmsg_len - CMSG_LEN(0)));
  opened = {message.content.owner, Fd(descriptors[0]), Fd(descriptors[1])};
  return true;
}

}  // namespace windrow::detail
