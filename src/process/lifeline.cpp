#include "process/interface/lifeline.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <sstream>

#include "windrow/error.hpp"

namespace windrow::detail {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kSecret = 32;                     // hexadecimal digits
constexpr auto kGreeting = std::chrono::seconds(2);     // for a message of a few bytes
constexpr auto kConnecting = std::chrono::seconds(10);  // for all addresses together

struct Greeting {
  std::array<char, kSecret> secret;
  std::int32_t number;
};

std::string make_secret() {
  std::array<unsigned char, kSecret / 2> bytes{};
  if (::getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size())) {
    throw SystemError("cannot make a random number", errno);
  }
  std::string text;
  for (const unsigned char byte : bytes) text += fmt::format("{:02x}", byte);
  return text;
}

// IPv4 addresses of interfaces that are up, those that only this machine knows last.
std::vector<std::string> own_addresses() {
  std::vector<std::string> far;
  std::vector<std::string> near;
  ifaddrs* all = nullptr;
  if (::getifaddrs(&all) != 0) return {"127.0.0.1"};
  for (const ifaddrs* i = all; i != nullptr; i = i->ifa_next) {
    if (i->ifa_addr == nullptr || i->ifa_addr->sa_family != AF_INET || (i->ifa_flags & IFF_UP) == 0) continue;
    std::array<char, INET_ADDRSTRLEN> text{};
    sockaddr_in address{};
    std::memcpy(&address, i->ifa_addr, sizeof address);
    if (::inet_ntop(AF_INET, &address.sin_addr, text.data(), text.size()) == nullptr) continue;
    ((i->ifa_flags & IFF_LOOPBACK) != 0 ? near : far).emplace_back(text.data());
  }
  ::freeifaddrs(all);
  far.insert(far.end(), near.begin(), near.end());
  return far;
}

// The kernel looks after the other end: after 10 s without a sign every 5 s, and gives up at 30 s.
void keep_alive(const Fd& connection) {
  const auto set = [&](int level, int name, int value) {
    ::setsockopt(connection.get(), level, name, &value, sizeof value);
  };
  set(SOL_SOCKET, SO_KEEPALIVE, 1);
  set(IPPROTO_TCP, TCP_KEEPIDLE, 10);
  set(IPPROTO_TCP, TCP_KEEPINTVL, 5);
  set(IPPROTO_TCP, TCP_KEEPCNT, 4);
  set(IPPROTO_TCP, TCP_USER_TIMEOUT, 30000);
}

bool wait_for(const Fd& fd, short what, Clock::time_point deadline) {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now()).count();
  pollfd entry{fd.get(), what, 0};
  return left > 0 && ::poll(&entry, 1, static_cast<int>(std::min<long long>(left, 60000))) > 0;
}

bool receive_all(const Fd& from, void* data, std::size_t size, Clock::time_point deadline) {
  auto* at = static_cast<char*>(data);
  while (size > 0) {
    if (!wait_for(from, POLLIN, deadline)) return false;
    const ssize_t got = ::recv(from.get(), at, size, MSG_DONTWAIT);
    if (got <= 0) return false;
    at += got;
    size -= static_cast<std::size_t>(got);
  }
  return true;
}

// A message so small that an empty socket takes it whole.
template <typename T>
bool send_whole(const Fd& to, const T& message) {
  return ::send(to.get(), &message, sizeof message, MSG_NOSIGNAL) == static_cast<ssize_t>(sizeof message);
}

Fd connect_to(const std::string& ip, std::uint16_t port, const Greeting& greeting, Clock::time_point deadline) {
  sockaddr_in host{};
  host.sin_family = AF_INET;
  host.sin_port = htons(port);
  if (::inet_pton(AF_INET, ip.c_str(), &host.sin_addr) != 1) return {};
  Fd connection(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!connection) return {};
  if (::connect(connection.get(), reinterpret_cast<const sockaddr*>(&host), sizeof host) != 0) {
    if (errno != EINPROGRESS || !wait_for(connection, POLLOUT, deadline)) return {};
    int error = 0;
    socklen_t length = sizeof error;
    if (::getsockopt(connection.get(), SOL_SOCKET, SO_ERROR, &error, &length) != 0 || error != 0) return {};
  }
  // Whoever listens there must know the secret, too: the address may be another machine's on this one's network.
  std::array<char, kSecret> answer{};
  if (!send_whole(connection, greeting) || !receive_all(connection, answer.data(), answer.size(), deadline)) return {};
  if (!std::equal(answer.begin(), answer.end(), greeting.secret.rbegin())) return {};
  keep_alive(connection);
  return connection;
}

}  // namespace

LifelineHost::LifelineHost()
    : listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)), secret_(make_secret()) {
  sockaddr_in any{};
  any.sin_family = AF_INET;
  any.sin_addr.s_addr = htonl(INADDR_ANY);
  socklen_t length = sizeof any;
  if (!listener_ || ::bind(listener_.get(), reinterpret_cast<const sockaddr*>(&any), sizeof any) != 0 ||
      ::listen(listener_.get(), SOMAXCONN) != 0 ||
      ::getsockname(listener_.get(), reinterpret_cast<sockaddr*>(&any), &length) != 0) {
    throw SystemError("cannot listen on a TCP port", errno);
  }
  address_ = fmt::format("{} {}", secret_, ntohs(any.sin_port));
  for (const std::string& ip : own_addresses()) address_ += fmt::format(" {}", ip);
}

std::optional<LifelineHost::Lifeline> LifelineHost::accept_until(Clock::time_point deadline) {
  while (wait_for(listener_, POLLIN, deadline)) {
    Fd connection(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (!connection) continue;
    if (auto lifeline = greet(std::move(connection))) return lifeline;
  }
  return std::nullopt;
}

std::optional<LifelineHost::Lifeline> LifelineHost::greet(Fd connection) const {
  Greeting greeting{};
  if (!receive_all(connection, &greeting, sizeof greeting, Clock::now() + kGreeting)) return std::nullopt;
  if (!std::equal(secret_.begin(), secret_.end(), greeting.secret.begin())) return std::nullopt;
  std::array<char, kSecret> answer{};
  std::copy(secret_.rbegin(), secret_.rend(), answer.begin());
  if (!send_whole(connection, answer)) return std::nullopt;
  keep_alive(connection);
  return Lifeline{greeting.number, std::move(connection)};
}

Fd connect_lifeline(const std::string& address, int number) {
  std::istringstream in(address);
  std::string secret;
  std::uint16_t port = 0;
  if (!(in >> secret >> port) || secret.size() != kSecret) return {};
  Greeting greeting{};
  std::copy(secret.begin(), secret.end(), greeting.secret.begin());
  greeting.number = number;
  const auto deadline = Clock::now() + kConnecting;
  for (std::string ip; in >> ip;) {
    if (Fd connection = connect_to(ip, port, greeting, std::min(deadline, Clock::now() + 2 * kGreeting))) {
      return connection;
    }
  }
  return {};
}

bool has_ended(const Fd& lifeline) {
  pollfd entry{lifeline.get(), POLLIN | POLLRDHUP, 0};
  return ::poll(&entry, 1, 0) > 0;
}

}  // namespace windrow::detail
