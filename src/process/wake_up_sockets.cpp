#include "process/interface/wake_up_sockets.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cmath>
#include <cstddef>
#include <cstring>
#include <utility>

#include "windrow/error.hpp"

namespace windrow::detail {

// An abstract address, which the kernel chooses and which leaves nothing behind.
WakeUpSockets::WakeUpSockets() : socket_(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) {
  if (!socket_) throw SystemError("cannot create a socket", errno);
  sockaddr_un own{};
  own.sun_family = AF_UNIX;
  if (::bind(socket_.get(), reinterpret_cast<const sockaddr*>(&own), sizeof own.sun_family) != 0) {
    throw SystemError("cannot name a socket", errno);
  }
  socklen_t length = sizeof own;
  if (::getsockname(socket_.get(), reinterpret_cast<sockaddr*>(&own), &length) != 0) {
    throw SystemError("cannot find a socket's name", errno);
  }
  address_.assign(own.sun_path, length - offsetof(sockaddr_un, sun_path));
}

void WakeUpSockets::know(std::vector<std::string> addresses) {
  addresses_ = std::move(addresses);
  all_reachable_ = std::none_of(addresses_.begin(), addresses_.end(), [](const auto& a) { return a.empty(); });
}

void WakeUpSockets::wake(int rank) const {
  const auto to = static_cast<std::size_t>(rank);
  if (to >= addresses_.size() || addresses_[to].empty()) return;
  sockaddr_un peer{};
  peer.sun_family = AF_UNIX;
  std::memcpy(peer.sun_path, addresses_[to].data(), std::min(addresses_[to].size(), sizeof peer.sun_path));
  const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + addresses_[to].size());
  // Whatever goes wrong: the receiver looks by itself, a little later.
  ::sendto(socket_.get(), "", 1, MSG_DONTWAIT | MSG_NOSIGNAL, reinterpret_cast<const sockaddr*>(&peer), length);
}

bool WakeUpSockets::clear() const {
  std::array<char, 8> ignored{};
  bool woken = false;
  while (::recv(socket_.get(), ignored.data(), ignored.size(), MSG_DONTWAIT) >= 0) woken = true;
  return woken;
}

void WakeUpSockets::wait(double seconds, int other, int another) const {
  std::array<pollfd, 3> entries = {{{socket_.get(), POLLIN, 0}, {other, POLLIN, 0}, {another, POLLIN, 0}}};
  const double whole = std::floor(seconds);
  const timespec limit{static_cast<time_t>(whole), static_cast<long>((seconds - whole) * 1e9)};
  ::ppoll(entries.data(), entries.size(), &limit, nullptr);
}

}  // namespace windrow::detail
