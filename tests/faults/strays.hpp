#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <functional>

#include "faults/support.hpp"
#include "windrow/process/shared_memory.hpp"

/// Processes that a simulation code starts on its own, and what starts Processes.
namespace windrow::test {

/// Processes that do what they can to be left behind. Known in every process that is forked later.
class Strays {
 public:
  Strays() = default;
  /// What a failed test leaves would hold its output open.
  ~Strays() {
    for (std::size_t i = 0; i < kKinds; ++i) {
      if (owner_ == ::getpid() && pids()[i] > 0) ::kill(pids()[i], SIGKILL);
    }
  }
  Strays(const Strays&) = delete;
  Strays& operator=(const Strays&) = delete;

  /// Forks them, below this process; returns when all are what they are to be.
  void make() {
    start(0, [] {});
    start(1, [] { shun_all_signals(); });
    start(2, [] { ::raise(SIGSTOP); });
    start(3, [] {
      ::close_range(3, ~0U, 0);
      const char* nothing[] = {nullptr};
      ::execle("/bin/sleep", "sleep", "1000", nullptr, nothing);
    });
    const pid_t between = ::fork();
    if (between == 0) {
      ::setsid();
      start(4, [] { shun_all_signals(); });
      ::_exit(0);
    }
    ::waitpid(between, nullptr, 0);
    word(kKinds) = ::getpid();
  }

  bool are_made() const { return word(kKinds) != 0; }
  /// The process that made them.
  pid_t maker() const { return word(kKinds); }
  bool are_there() const {
    return std::none_of(pids(), pids() + kKinds, [](pid_t pid) { return pid == 0 || is_gone(pid); });
  }
  bool are_gone() const { return std::all_of(pids(), pids() + kKinds, is_gone); }

 private:
  static constexpr std::size_t kKinds = 5;

  static void shun_all_signals() {
    sigset_t all;
    ::sigfillset(&all);
    ::sigprocmask(SIG_SETMASK, &all, nullptr);
    for (int number = 1; number < NSIG; ++number) ::signal(number, SIG_IGN);
  }

  void start(std::size_t kind, void (*become)()) {
    const pid_t pid = ::fork();
    if (pid == 0) {
      ::setsid();
      word(kind) = ::getpid();
      become();
      for (;;) ::pause();
    }
    while (word(kind) == 0) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }

  pid_t* pids() const { return static_cast<pid_t*>(memory_.data()); }
  volatile pid_t& word(std::size_t i) const { return pids()[i]; }

  SharedMemory memory_{(kKinds + 1) * sizeof(pid_t)};
  pid_t owner_ = ::getpid();
};

/// A process that is to start Processes. Forked by hand: it is none itself, and nobody guards it.
class Front {
 public:
  explicit Front(const std::function<void()>& body) : pid_(::fork()) {
    if (pid_ != 0) return;
    body();
    ::_exit(0);
  }
  ~Front() {
    kill();
    ::waitpid(pid_, nullptr, 0);
  }
  Front(const Front&) = delete;
  Front& operator=(const Front&) = delete;

  pid_t pid() const { return pid_; }
  void kill() const { ::kill(pid_, SIGKILL); }

 private:
  pid_t pid_;
};

}  // namespace windrow::test
