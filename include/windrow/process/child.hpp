#pragma once

#include <sys/types.h>

#include <chrono>
#include <functional>
#include <string>

#include "windrow/process/exit_status.hpp"
#include "windrow/process/fd.hpp"

namespace windrow {

/// A forked child process that runs a function and never outlives this process.
///
/// Move-only; the destructor kills (SIGKILL) and reaps a child that still runs. A copy of the object that a later child
/// inherits by fork is inert.
class Child {
 public:
  Child() = default;
  /// Forks. In the child: named `name` (shown by ps and top, at most 15 characters), killed when the thread that made it
  /// ends; SIGINT, SIGTERM and SIGHUP, which terminals and batch systems send to whole groups, are left to the parent,
  /// though not by programs that the child executes. Runs `body` and ends with its result by _exit, flushing only what it
  /// wrote itself. An exception that leaves `body` ends the child with code 1 after one line on stderr.
  /// @throws SystemError if there is no room for another process
  Child(const std::string& name, const std::function<int()>& body);
  ~Child();
  Child(Child&& other) noexcept;
  Child& operator=(Child&& other) noexcept;

  pid_t pid() const { return pid_; }
  /// Readable once the child has ended; for poll.
  int descriptor() const { return pidfd_.get(); }
  bool joinable() const;

  /// How the child ended, or that it runs. Reaps it.
  ExitStatus status();
  /// Waits until it has ended.
  ExitStatus join();
  /// Waits at most `limit`. @return whether it has ended
  bool join_for(std::chrono::nanoseconds limit);
  void signal(int number);
  /// Forgets the child without touching it (in a process that inherited this object by fork).
  void disown();

 private:
  pid_t pid_ = -1;
  pid_t owner_ = -1;
  Fd pidfd_;
  ExitStatus status_ = ExitStatus::running();
};

}  // namespace windrow
