#include "windrow/process/child.hpp"

#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <exception>
#include <iostream>
#include <utility>

#include "windrow/error.hpp"

namespace windrow {
namespace {

// A handler that does nothing, rather than SIG_IGN: programs that the child executes start with the default action, so
// that timeout(1) and the like can end them.
void leave_to_parent(int number) {
  struct sigaction action {};
  action.sa_handler = [](int) {};
  action.sa_flags = SA_RESTART;
  ::sigaction(number, &action, nullptr);
}

[[noreturn]] void run_child(const std::string& name, const std::function<int()>& body, pid_t parent) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(1);  // the parent died before the line above
  ::prctl(PR_SET_NAME, name.c_str());
  for (const int number : {SIGINT, SIGTERM, SIGHUP}) leave_to_parent(number);
  int code = 1;
  try {
    code = body();
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s: %s\n", name.c_str(), error.what());
  } catch (...) {
    std::fprintf(stderr, "%s: unknown exception\n", name.c_str());
  }
  std::cout.flush();
  std::fflush(nullptr);
  ::_exit(code);
}

}  // namespace

Child::Child(const std::string& name, const std::function<int()>& body) : owner_(::getpid()) {
  std::cout.flush();  // or the child would flush the parent's text again
  std::fflush(nullptr);
  pid_ = ::fork();
  if (pid_ < 0) throw SystemError("cannot fork a process", errno);
  if (pid_ == 0) run_child(name, body, owner_);
  pidfd_ = Fd(static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0)));
  if (!pidfd_) {
    const int error = errno;
    signal(SIGKILL);
    join();
    throw SystemError("cannot watch a child process (pidfd_open)", error);
  }
}

Child::~Child() {
  if (!joinable()) return;
  signal(SIGKILL);
  join();
}

Child::Child(Child&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)),
      owner_(std::exchange(other.owner_, -1)),
      pidfd_(std::move(other.pidfd_)),
      status_(std::exchange(other.status_, ExitStatus::running())) {}

Child& Child::operator=(Child&& other) noexcept {
  std::swap(pid_, other.pid_);
  std::swap(owner_, other.owner_);
  std::swap(pidfd_, other.pidfd_);
  std::swap(status_, other.status_);
  return *this;
}

bool Child::joinable() const {
  return pid_ > 0 && owner_ == ::getpid() && status_.is_running();
}

ExitStatus Child::status() {
  if (!joinable()) return status_;
  int word = 0;
  const pid_t reaped = ::waitpid(pid_, &word, WNOHANG);
  if (reaped == pid_) status_ = ExitStatus::from_wait(word);
  if (reaped < 0 && errno == ECHILD) status_ = ExitStatus::exited(255);  // somebody else reaped it
  return status_;
}

ExitStatus Child::join() {
  join_for(std::chrono::nanoseconds::max());
  return status_;
}

bool Child::join_for(std::chrono::nanoseconds limit) {
  using Clock = std::chrono::steady_clock;
  const bool for_ever = limit == std::chrono::nanoseconds::max();
  const auto deadline = for_ever ? Clock::time_point::max() : Clock::now() + limit;
  while (joinable() && status().is_running()) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now()).count();
    if (!for_ever && left <= 0) return false;
    pollfd entry{pidfd_.get(), POLLIN, 0};
    // Without a pidfd (it could not be opened) fall back to a short sleep.
    ::poll(&entry, pidfd_ ? 1 : 0, pidfd_ ? (for_ever ? 1000 : static_cast<int>(std::min<long long>(left, 1000))) : 1);
  }
  return true;
}

void Child::signal(int number) {
  if (joinable()) ::kill(pid_, number);
}

void Child::disown() {
  pid_ = -1;
  pidfd_.reset();
}

}  // namespace windrow
