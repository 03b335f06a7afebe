// What a Process does about its parent's guardian.
#include "process/guardian.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdio>

#include "process/interface/helper_process.hpp"
#include "windrow/error.hpp"

namespace windrow::detail {
namespace {

constexpr int kGuardianAttempts = 50;  // one may be killed while it is made, and another be about to take its place
constexpr int kAttemptsAtOnce = 2;
constexpr int kAttemptRestMs = 10;

// The guardian takes the pid from the connection, which the kernel keeps even if this process is killed right now.
bool tell_guardian(ProcessParent parent) {
  sockaddr_un address{};
  const unsigned length = guardian_address(parent, address);
  const Fd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!socket || ::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), length) != 0) return false;
  ucred peer{};
  socklen_t size = sizeof peer;
  return ::getsockopt(socket.get(), SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 && peer.uid == ::geteuid();
}

// Returns when it listens, or has failed.
void make_guardian(ProcessParent parent) {
  const Fd parent_end = open_process(parent.pid());
  if (!parent_end || ::getppid() != parent.pid()) ::_exit(1);  // the parent has ended
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) throw SystemError("cannot make a pipe for the guardian of processes", errno);
  const Fd ready(ends[0]);
  Fd theirs(ends[1]);
  spawn_guardian({parent, parent_end.get(), theirs.get()});
  theirs.reset();
  char byte = 0;
  while (::read(ready.get(), &byte, 1) < 0 && errno == EINTR) {
  }
}

}  // namespace

unsigned guardian_address(ProcessParent parent, sockaddr_un& address) {
  address.sun_family = AF_UNIX;
  address.sun_path[0] = '\0';  // abstract
  const int size = std::snprintf(address.sun_path + 1, sizeof address.sun_path - 1, "windrow-guard-%llx",
                                 static_cast<unsigned long long>(parent.key));
  return static_cast<unsigned>(offsetof(sockaddr_un, sun_path)) + 1U + static_cast<unsigned>(size);
}

void be_guarded(ProcessParent parent) {
  if (!ProcessMark(parent, ::getpid()).put_on_this_process()) return;  // a guardian would find nothing
  for (int attempt = 1; !tell_guardian(parent); ++attempt) {
    if (attempt > kGuardianAttempts) throw SystemError("cannot start the guardian of processes", EAGAIN);
    if (attempt > kAttemptsAtOnce) ::poll(nullptr, 0, kAttemptRestMs);
    make_guardian(parent);
  }
}

}  // namespace windrow::detail
