#include "windrow/process/fork_server.hpp"

#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "process/fork_wire.hpp"
#include "process/helper_role.hpp"
#include "process/process_child.hpp"
#include "process/result_memory.hpp"
#include "windrow/error.hpp"

namespace windrow {

namespace {

// Of sessions of other processes that are left when the server was killed: they end with those, and the guardian after
// them; what else was left it has killed by then.
constexpr int kClearingMs = 200;

detail::HelperRole role(ForkServerFiles files) {
  return {.what = "the fork server",
          .name = detail::kServerName,
          .socket_type = SOCK_SEQPACKET,
          .keeps_files = files == ForkServerFiles::all,
          .keeps_directory = true,
          .guardian_limit_ms = kClearingMs,
          .spared = {detail::kModelName, detail::kServerName},
          .serve = detail::serve_fork_server};
}

}  // namespace

ForkServer::ForkServer(ForkServerFiles files) {
  detail::flush_standard_streams();  // or evaluations would flush this process's text again
  helper_ = std::make_unique<detail::HelperProcess>(role(files));
}

ForkServer::~ForkServer() = default;
ForkServer::ForkServer(ForkServer&& other) noexcept = default;
ForkServer& ForkServer::operator=(ForkServer&& other) noexcept = default;

pid_t ForkServer::pid() const {
  return helper_ ? helper_->pid() : 0;
}

bool ForkServer::is_alive() const {
  return helper_ && helper_->is_alive();
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
  detail::send_open(helper_->socket(), {session.owner_}, theirs, session.results_->file());
  theirs.reset();  // or the end of the model's process would go unnoticed
  session.expect_hello();
  session.build(make, argument, limits);
  return session;
}

}  // namespace windrow
