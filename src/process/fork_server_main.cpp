// The fork server's own process.
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <exception>
#include <map>
#include <utility>
#include <vector>

#include "process/fork_wire.hpp"
#include "process/helper_role.hpp"
#include "windrow/process/byte_channel.hpp"

namespace windrow::detail {
namespace {

/// Forks a process for each session, and ends what the processes of ended ones leave.
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
    kill_strays();
    for (auto& [channel, status] : std::exchange(ended_, {})) {
      try {
        channel.post(kGone, std::as_bytes(std::span(&status, 1)));
      } catch (const std::exception&) {  // its owner is gone
      }
    }
  }

  // Children that are no session's process.
  void kill_strays() {
    detail::kill_strays([this](pid_t pid) { return sessions_.contains(pid); },
                        [this](pid_t pid, int status) {
                          const auto session = sessions_.find(pid);
                          if (session == sessions_.end()) return;
                          ended_.emplace_back(std::move(session->second), status);
                          sessions_.erase(session);
                        });
  }

  Fd socket_;
  Fd owner_;
  Fd signals_;
  bool ending_ = false;
  std::map<pid_t, ByteChannel> sessions_;  // of living processes; the socket is theirs, too
  std::vector<std::pair<ByteChannel, int>> ended_;
};

}  // namespace

void serve_fork_server(Fd socket, Fd owner) {
  // Terminals and batch systems signal whole groups: what that means is for the owner to say. Handlers, so that
  // programs that an evaluation executes have the default.
  for (const int number : {SIGINT, SIGTERM, SIGHUP}) ::signal(number, [](int) {});
  ::signal(SIGTTOU, SIG_IGN);
  ForkServerProcess(std::move(socket), std::move(owner), watch_signals({SIGCHLD})).serve();
}

}  // namespace windrow::detail
