// The fork server's own process.
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <exception>
#include <map>
#include <utility>
#include <vector>

#include "process/fork_wire.hpp"
#include "process/interface/helper_process.hpp"
#include "windrow/process/byte_channel.hpp"

namespace windrow::detail {
namespace {

/// Forks a process for each session, and ends what the processes of ended ones leave: as the nearest subreaper it is
/// the parent of their orphans, whatever session those moved to.
class ForkServerProcess {
 public:
  ForkServerProcess(Fd socket, Fd owner, Fd signals)
      : socket_(std::move(socket)), owner_(std::move(owner)), signals_(std::move(signals)) {}

  void serve() {
    while (!ending_) {
      pollfd entries[] = {{signals_.get(), POLLIN, 0}, {socket_.get(), POLLIN, 0}, {owner_.get(), POLLIN, 0}};
      if (::poll(entries, 3, -1) < 0) continue;
      if (entries[0].revents != 0) children_ended();
      if (entries[2].revents != 0) ending_ = true;
      if (entries[1].revents != 0 && !ending_) open();
    }
    sessions_.clear();
    kill_strays();
  }

 private:
  void open() {
    OpenedSession opened;
    if (!receive_open(socket_.get(), opened)) {
      ending_ = true;
      return;
    }
    if (!opened.socket || !opened.results) return;
    const pid_t pid = ::fork();
    if (pid == 0) become_model(std::move(opened));
    if (pid > 0) sessions_.emplace(pid, ByteChannel(std::move(opened.socket)));
  }

  [[noreturn]] void become_model(OpenedSession opened) {
    sessions_.clear();
    socket_.reset();
    owner_.reset();
    signals_.reset();
    sigset_t none;
    ::sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    serve_model(std::move(opened));
  }

  void children_ended() {
    signalfd_siginfo info[8];
    while (::read(signals_.get(), info, sizeof info) > 0) {
    }
    reap();
    if (ended_.empty()) return;
    kill_strays();
    for (auto& [channel, status] : std::exchange(ended_, {})) {
      try {
        channel.post(kGone, std::as_bytes(std::span(&status, 1)));
      } catch (const std::exception&) {  // its owner is gone
      }
    }
  }

  void reap() {
    int status = 0;
    for (pid_t pid = 0; (pid = ::waitpid(-1, &status, WNOHANG)) > 0;) {
      const auto session = sessions_.find(pid);
      if (session == sessions_.end()) continue;
      ended_.emplace_back(std::move(session->second), status);
      sessions_.erase(session);
    }
  }

  // Children that are no session's process.
  void kill_strays() {
    for (int round = 0; round < kKillEndedRounds; ++round) {
      std::vector<pid_t> strays = children_of(::getpid());
      std::erase_if(strays, [this](pid_t pid) { return sessions_.contains(pid); });
      if (strays.empty()) return;
      for (const pid_t pid : with_descendants(std::move(strays))) ::kill(pid, SIGKILL);
      ::poll(nullptr, 0, round == 0 ? 1 : kKillEndedAgainMs);
      reap();
    }
  }

  Fd socket_;
  Fd owner_;
  Fd signals_;
  bool ending_ = false;
  std::map<pid_t, ByteChannel> sessions_;  // of living processes; the socket is theirs, too
  std::vector<std::pair<ByteChannel, int>> ended_;
};

void reset_signals() {
  for (int number = 1; number < NSIG; ++number) ::signal(number, SIG_DFL);
  // Terminals and batch systems signal whole groups: what that means is for the owner to say. Handlers, so that
  // programs that an evaluation executes have the default.
  for (const int number : {SIGINT, SIGTERM, SIGHUP}) ::signal(number, [](int) {});
  ::signal(SIGTTOU, SIG_IGN);
}

// Moves the socket to descriptor 3 and closes all others from there up.
Fd keep_only(Fd socket) {
  const int high = ::fcntl(socket.get(), F_DUPFD_CLOEXEC, 4);
  if (high < 0 || ::dup3(high, 3, O_CLOEXEC) < 0) ::_exit(1);
  if (socket.get() == 3) socket.release();
  if (::close_range(4, ~0U, 0) != 0) {
    for (int fd = 4; fd < 65536; ++fd) ::close(fd);
  }
  socket.release();
  return Fd(3);
}

/// The server itself, below the guardian.
[[noreturn]] void serve(Fd socket, Fd owner) {
  ::prctl(PR_SET_NAME, kServerName);
  ::prctl(PR_SET_CHILD_SUBREAPER, 1);
  ::setpgid(0, 0);
  sigset_t watched;
  ::sigemptyset(&watched);
  ::sigaddset(&watched, SIGCHLD);
  Fd signals(::signalfd(-1, &watched, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!signals) ::_exit(1);
  ::sigprocmask(SIG_SETMASK, &watched, nullptr);
  const pid_t self = ::getpid();
  if (::send(socket.get(), &self, sizeof self, MSG_NOSIGNAL) != sizeof self) ::_exit(1);
  ForkServerProcess(std::move(socket), std::move(owner), std::move(signals)).serve();
  ::_exit(0);
}

}  // namespace

void serve_fork_server(Fd socket, pid_t owner, ForkServerFiles files) noexcept {
  ::prctl(PR_SET_CHILD_SUBREAPER, 1);
  // Whoever kills the owner's group, as mpirun does, leaves this process and the server to clean up: nothing else
  // reaches what an evaluation has moved to a session of its own. Each leads a group, so that no such signal ends both.
  ::setpgid(0, 0);
  reset_signals();
  if (const Fd null(::open("/dev/null", O_RDONLY | O_CLOEXEC)); null) ::dup2(null.get(), STDIN_FILENO);
  if (files == ForkServerFiles::none) socket = keep_only(std::move(socket));
  Fd owner_fd = open_process(owner);
  if (!owner_fd || ::getppid() != owner) ::_exit(1);
  const pid_t server = ::fork();
  if (server < 0) ::_exit(1);
  if (server == 0) serve(std::move(socket), std::move(owner_fd));
  ::close_range(3, ~0U, 0);
  guard(server, {kModelName, kServerName});
}

}  // namespace windrow::detail
