#include "windrow/process/process.hpp"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>

#include "process/futex.hpp"
#include "process/inherited.hpp"
#include "process/interface/helper_process.hpp"
#include "process/process_child.hpp"
#include "windrow/error.hpp"

namespace windrow {

using Clock = std::chrono::steady_clock;

Inherit Inherit::all() {
  Inherit inherit;
  inherit.all_ = true;
  return inherit;
}

const std::string& process_name() {
  return detail::name_of_this_process();
}

void Process::start(const std::function<int()>& body, const ProcessOptions& options) {
  name_ = options.name;
  daemon_ = options.daemon;
  owner_ = ::getpid();
  ProcessOptions in_child = options;
  in_child.inherit = detail::with_shared(options.inherit);
  detail::flush_standard_streams();  // or the child would flush the parent's text again
  const auto as_parent = detail::ProcessParent::this_process();
  const bool by_main_thread = ::gettid() == owner_;
  {
    // No handler of the parent runs in the child before the child has put its own actions in place.
    const detail::SignalsBlocked blocked;
    pid_ = ::fork();
    if (pid_ == 0) detail::run_child(body, in_child, as_parent, by_main_thread);
  }
  if (pid_ < 0) throw SystemError("cannot fork a process", errno);
  pidfd_ = detail::open_process(pid_);
  if (!pidfd_) {
    const int why = errno;
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
    throw SystemError("cannot watch a process (pidfd_open)", why);
  }
}

Process::~Process() {
  if (!joinable()) return;
  if (daemon_) kill();
  join();
}

Process::Process(Process&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)),
      owner_(std::exchange(other.owner_, -1)),
      daemon_(other.daemon_),
      name_(std::move(other.name_)),
      pidfd_(std::move(other.pidfd_)),
      status_(std::exchange(other.status_, ExitStatus::running())) {}

Process& Process::operator=(Process&& other) noexcept {
  if (this == &other) return *this;
  Process before(std::move(*this));  // ends here, as its destructor says
  pid_ = std::exchange(other.pid_, -1);
  owner_ = std::exchange(other.owner_, -1);
  daemon_ = other.daemon_;
  name_ = std::move(other.name_);
  pidfd_ = std::move(other.pidfd_);
  status_ = std::exchange(other.status_, ExitStatus::running());
  return *this;
}

bool Process::joinable() const {
  return pid_ > 0 && owner_ == ::getpid() && status_.is_running();
}

ExitStatus Process::status() {
  if (!joinable()) return status_;
  int word = 0;
  pid_t reaped = 0;
  do {
    reaped = ::waitpid(pid_, &word, WNOHANG);
  } while (reaped < 0 && errno == EINTR);
  if (reaped == pid_) status_ = ExitStatus::from_wait(word);
  if (reaped < 0) status_ = ExitStatus::exited(255);
  return status_;
}

ExitStatus Process::join() {
  join_for(std::chrono::nanoseconds::max());
  return status_;
}

bool Process::join_for(std::chrono::nanoseconds limit) {
  const auto deadline = detail::deadline_in(limit);
  while (joinable() && status().is_running()) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now()).count();
    if (left <= 0) return false;
    pollfd entry{pidfd_.get(), POLLIN, 0};
    ::poll(&entry, 1, static_cast<int>(std::min<long long>(left, 60'000)));
  }
  return true;
}

void Process::signal(int number) {
  // By descriptor: the number of a process that somebody else reaped may be another's by now.
  if (joinable()) ::syscall(SYS_pidfd_send_signal, pidfd_.get(), number, nullptr, 0);
}

void Process::terminate() {
  signal(SIGTERM);
}

void Process::kill() {
  signal(SIGKILL);
}

void Process::disown() {
  pid_ = -1;
  pidfd_.reset();
}

}  // namespace windrow
