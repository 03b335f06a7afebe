#include "process/helper_role.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <string>
#include <utility>

#include "process/interface/helper_process.hpp"
#include "process/process_mark.hpp"
#include "windrow/error.hpp"

namespace windrow::detail {
namespace {

constexpr int kStartAttempts = 3;  // one may be killed before it says who it is
constexpr int kKillRounds = 2000;
constexpr int kKillAgainMs = 5;
constexpr int kEndPatienceMs = 12'000;  // longer than a helper itself has with what cannot be killed

bool has_ended_within(const Fd& process, int limit_ms) {
  pollfd entry{process.get(), POLLIN, 0};
  return !process || ::poll(&entry, 1, limit_ms) > 0;
}

void wait_for(pid_t child) {
  while (::waitpid(child, nullptr, 0) < 0 && errno == EINTR) {
  }
}

std::string name_of(pid_t pid) {
  std::FILE* file = std::fopen(("/proc/" + std::to_string(pid) + "/comm").c_str(), "re");
  if (file == nullptr) return {};
  std::array<char, 32> name{};
  const std::size_t size = std::fread(name.data(), 1, name.size(), file);
  std::fclose(file);
  return {name.data(), size > 0 ? size - 1 : 0};  // without the end of the line
}

// mpirun, for one, waits as long as anybody holds its pipes.
void leave_standard_streams(int count) {
  const Fd null(::open("/dev/null", O_RDWR | O_CLOEXEC));
  if (!null) ::_exit(1);
  for (int fd = 0; fd < count; ++fd) {
    if (null.get() != fd) ::dup2(null.get(), fd);
  }
}

// Moves the socket to descriptor 3 and closes all others from there up.
Fd keep_only(Fd socket) {
  const int high = ::fcntl(socket.get(), F_DUPFD_CLOEXEC, 4);
  if (high < 0 || ::dup3(high, 3, O_CLOEXEC) < 0) ::_exit(1);
  if (::close_range(4, ~0U, 0) != 0) {
    for (int fd = 4; fd < 65536; ++fd) ::close(fd);
  }
  socket.release();
  return Fd(3);
}

// The rest of the guardian's life: waits for the helper's end, and kills what is left if it was killed, even if nobody
// else is there any more to do so. Ends when nothing is left.
[[noreturn]] void guard(pid_t helper, const std::vector<std::string_view>& spared) {
  ::prctl(PR_SET_NAME, "windrow-guard");
  while (::waitpid(helper, nullptr, 0) != helper) {
  }
  const auto is_spared = [&](pid_t pid) { return std::ranges::find(spared, name_of(pid)) != spared.end(); };
  while (kill_strays(is_spared) && ::waitpid(-1, nullptr, 0) > 0) {  // only the end of a child brings others
  }
  ::_exit(0);
}

// In the forked child, with all signals blocked: becomes the guardian.
[[noreturn]] void begin(Fd socket, pid_t owner, const HelperRole& role) noexcept {
  remove_process_mark();
  ::prctl(PR_SET_CHILD_SUBREAPER, 1);
  // Whoever kills the owner's group, as mpirun does, leaves this process and the helper to clean up: nothing else
  // reaches what has moved to a session of its own. Each leads a group, so that no such signal ends both.
  ::setpgid(0, 0);
  for (int number = 1; number < NSIG; ++number) ::signal(number, SIG_DFL);
  leave_standard_streams(role.keeps_directory ? 1 : 3);
  if (!role.keeps_directory && ::chdir("/") != 0) ::_exit(1);
  if (!role.keeps_files) socket = keep_only(std::move(socket));
  // A descriptor of the owner, not PR_SET_PDEATHSIG: that fires when the thread that forked ends, and the owner lives
  // on.
  Fd owner_end = open_process(owner);
  if (!owner_end || ::getppid() != owner) ::_exit(1);
  const pid_t helper = ::fork();
  if (helper < 0) ::_exit(1);
  if (helper > 0) {
    socket.reset();
    owner_end.reset();
    ::close_range(3, ~0U, 0);
    guard(helper, role.spared);
  }
  ::prctl(PR_SET_NAME, role.name);
  ::prctl(PR_SET_CHILD_SUBREAPER, 1);
  ::setpgid(0, 0);
  const pid_t self = ::getpid();
  if (::send(socket.get(), &self, sizeof self, MSG_NOSIGNAL) != sizeof self) ::_exit(1);
  role.serve(std::move(socket), std::move(owner_end));
  ::_exit(0);
}

}  // namespace

HelperProcess::HelperProcess(const HelperRole& role) : owner_(::getpid()), guardian_limit_ms_(role.guardian_limit_ms) {
  for (int attempt = 1; !try_to_start(role); ++attempt) {
    if (attempt == kStartAttempts) throw SystemError(std::string("cannot start ") + role.what, EAGAIN);
  }
}

bool HelperProcess::try_to_start(const HelperRole& role) {
  int ends[2];
  if (::socketpair(AF_UNIX, role.socket_type | SOCK_CLOEXEC, 0, ends) != 0) {
    throw SystemError(std::string("cannot make a socket for ") + role.what, errno);
  }
  Fd ours(ends[0]);
  Fd theirs(ends[1]);
  {
    const SignalsBlocked blocked;
    guardian_ = ::fork();
    if (guardian_ == 0) {
      ours.reset();
      begin(std::move(theirs), owner_, role);
    }
  }
  if (guardian_ < 0) throw SystemError(std::string("cannot start ") + role.what, errno);
  theirs.reset();
  ssize_t received = 0;
  while ((received = ::recv(ours.get(), &pid_, sizeof pid_, MSG_WAITALL)) < 0 && errno == EINTR) {
  }
  if (received != sizeof pid_) {
    wait_for(guardian_);
    return false;
  }
  socket_ = std::move(ours);
  pidfd_ = open_process(pid_);
  return true;
}

HelperProcess::~HelperProcess() {
  if (!is_own()) return;
  ::shutdown(socket_.get(), SHUT_RDWR);  // unlike close(), it also reaches past the copies that forked children hold
  has_ended_within(pidfd_, kEndPatienceMs);
  if (guardian_limit_ms_ >= 0 && !has_ended_within(open_process(guardian_), guardian_limit_ms_)) {
    ::kill(guardian_, SIGKILL);
  }
  wait_for(guardian_);
}

bool HelperProcess::is_own() const {
  return owner_ == ::getpid();
}

bool HelperProcess::is_alive() const {
  return !has_ended_within(pidfd_, 0);
}

Fd watch_signals(std::initializer_list<int> numbers) {
  sigset_t watched;
  ::sigemptyset(&watched);
  for (const int number : numbers) ::sigaddset(&watched, number);
  Fd signals(::signalfd(-1, &watched, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!signals) ::_exit(1);
  ::sigprocmask(SIG_SETMASK, &watched, nullptr);
  return signals;
}

bool kill_strays(const std::function<bool(pid_t)>& is_spared, const std::function<void(pid_t, int)>& reaped) {
  for (int round = 0; round < kKillRounds; ++round) {
    int status = 0;
    pid_t pid = 0;
    while ((pid = ::waitpid(-1, &status, WNOHANG)) > 0) {
      if (reaped) reaped(pid, status);
    }
    if (pid < 0) return true;  // no child is left
    std::vector<pid_t> strays = children_of(::getpid());
    if (is_spared) std::erase_if(strays, is_spared);
    if (is_spared && strays.empty()) return true;
    for (const pid_t stray : with_descendants(std::move(strays))) ::kill(stray, SIGKILL);
    ::poll(nullptr, 0, round == 0 ? 1 : kKillAgainMs);
  }
  return false;
}

}  // namespace windrow::detail
