#include "windrow/process/fork_server.hpp"

#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "process/fork_wire.hpp"
#include "process/interface/helper_process.hpp"
#include "process/process_child.hpp"
#include "process/result_memory.hpp"
#include "windrow/error.hpp"

namespace windrow {

namespace {

constexpr int kStartAttempts = 3;
constexpr int kClearingMs = 200;
constexpr int kEndPatienceMs = 12'000;  // longer than the server itself has with what cannot be killed

bool has_ended_within(const Fd& process, int limit_ms) {
  pollfd entry{process.get(), POLLIN, 0};
  return !process || ::poll(&entry, 1, limit_ms) > 0;
}

}  // namespace

ForkServer::ForkServer(ForkServerFiles files) : owner_(::getpid()) {
  for (int attempt = 1; !try_to_start(files); ++attempt) {  // it may be killed before it says who it is
    if (attempt == kStartAttempts) throw SystemError("cannot start the fork server", EAGAIN);
  }
}

bool ForkServer::try_to_start(ForkServerFiles files) {
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) {
    throw SystemError("cannot make a socket for the fork server", errno);
  }
  Fd ours(ends[0]);
  Fd theirs(ends[1]);
  detail::flush_standard_streams();  // or evaluations would flush this process's text again
  {
    const detail::SignalsBlocked blocked;
    guardian_ = ::fork();
    if (guardian_ == 0) {
      ours.reset();
      detail::serve_fork_server(std::move(theirs), owner_, files);
    }
  }
  if (guardian_ < 0) throw SystemError("cannot start the fork server", errno);
  theirs.reset();
  ssize_t received = 0;
  while ((received = ::recv(ours.get(), &server_, sizeof server_, 0)) < 0 && errno == EINTR) {
  }
  if (received != sizeof server_) {
    wait_for_guardian();
    return false;
  }
  socket_ = std::move(ours);
  pidfd_ = detail::open_process(server_);
  return true;
}

ForkServer::~ForkServer() {
  end();
}

ForkServer::ForkServer(ForkServer&& other) noexcept
    : socket_(std::move(other.socket_)),
      pidfd_(std::move(other.pidfd_)),
      server_(std::exchange(other.server_, 0)),
      guardian_(std::exchange(other.guardian_, 0)),
      owner_(std::exchange(other.owner_, 0)) {}

ForkServer& ForkServer::operator=(ForkServer&& other) noexcept {
  if (this != &other) {
    end();
    socket_ = std::move(other.socket_);
    pidfd_ = std::move(other.pidfd_);
    server_ = std::exchange(other.server_, 0);
    guardian_ = std::exchange(other.guardian_, 0);
    owner_ = std::exchange(other.owner_, 0);
  }
  return *this;
}

bool ForkServer::is_alive() const {
  return !has_ended_within(pidfd_, 0);
}

void ForkServer::end() {
  if (owner_ == ::getpid() && server_ > 0) {
    ::shutdown(socket_.get(), SHUT_RDWR);  // unlike close(), it also reaches past the copies that forked children hold
    has_ended_within(pidfd_, kEndPatienceMs);
    // If the server was killed, sessions of other processes may be left. They end with those, and the guardian after
    // them; what else was left it has killed by now.
    if (!has_ended_within(detail::open_process(guardian_), kClearingMs)) ::kill(guardian_, SIGKILL);
    wait_for_guardian();
  }
  server_ = 0;
}

void ForkServer::wait_for_guardian() const {
  while (::waitpid(guardian_, nullptr, 0) < 0 && errno == EINTR) {
  }
}

ForkSession ForkServer::open(MakeForkedModel make, std::span<const std::byte> argument,
                             const ForkLimits& limits) const {
  if (limits.evaluations_per_process < 1) throw SpecError("a forked process makes at least 1 evaluation");
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
    throw SystemError("cannot make a socket for a forked model", errno);
  }
  ForkSession session;
  session.channel_ = ByteChannel(Fd(ends[0]));
  Fd theirs(ends[1]);
  session.results_ = std::make_unique<detail::ResultMemory>();
  session.owner_ = ::getpid();
  detail::send_open(socket_.get(), {session.owner_}, theirs, session.results_->file());
  theirs.reset();  // or the end of the model's process would go unnoticed
  session.expect_hello();
  session.build(make, argument, limits);
  return session;
}

}  // namespace windrow
