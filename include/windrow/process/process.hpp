#pragma once

#include <sys/types.h>

#include <chrono>
#include <concepts>
#include <functional>
#include <initializer_list>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "windrow/process/exit_status.hpp"
#include "windrow/process/fd.hpp"

namespace [[gnu::visibility("default")]] windrow {

/// Which of its parent's descriptors from 3 up a process keeps. The others are closed in it before it runs, so that it
/// holds open neither files nor channels that are not its business: no peer waits for an end-of-file that it withholds.
/// A Queue, a SharedArray and locks need not be named: they work in every process. A channel that is not named throws.
class Inherit {
 public:
  /// None.
  Inherit() = default;
  /// These, for example {channel.descriptor()}.
  Inherit(std::initializer_list<int> descriptors) : descriptors_(descriptors) {}
  explicit Inherit(std::vector<int> descriptors) : descriptors_(std::move(descriptors)) {}
  /// Every one: for functions that use what the parent has open.
  static Inherit all();

  bool is_all() const { return all_; }
  const std::vector<int>& descriptors() const { return descriptors_; }

 private:
  bool all_ = false;
  std::vector<int> descriptors_;
};

struct ProcessOptions {
  std::string name = "windrow";  ///< the first 15 characters are what ps and top show
  /// What the destructor does with a process that still runs: kills it (SIGKILL) if true, waits for its end if false.
  bool daemon = false;
  Inherit inherit = {};
  /// SIGINT, SIGTERM, SIGHUP and SIGUSR1, which terminals and batch systems send to whole groups, are left to the
  /// parent. Programs that the process executes get their default actions all the same.
  bool ignore_interrupts = false;
};

/// A forked process that runs a function and never outlives its parent, not even when that is killed by SIGKILL.
///
/// What the function starts on its own, by fork or system(), in whatever session, ends with the Process or its parent,
/// whichever ends first and however: within a second it has got SIGTERM, 100 ms later SIGKILL. That holds after a
/// normal end, too, as for what a program leaves that a Launcher runs. A guardian sees to it: two small processes
/// ("windrow-guard") that the first Process of a parent makes, that are nobody's children, and that end after the
/// parent. What belongs to a Process is known by its soft limit of file locks (RLIMIT_LOCKS, which Linux does not use):
/// what sets that limit itself, or starts where it may not be raised, is not found.
///
/// It may be started by any thread: it goes on when that thread ends. (One limit: if it replaces itself by another
/// program and was not started by the main thread, that program ends with the thread.) Its main thread is the only one
/// it has; what other threads of the parent held locked stays locked. It starts with SIGINT, SIGTERM and SIGHUP at
/// their default actions, whatever handlers the parent has, and with no signal blocked. It ends by _exit with the
/// function's result, flushing the standard streams but running no destructor of what the parent had. An exception that
/// leaves the function ends it with code 1 after one line on stderr.
///
/// Move-only. Not for use by several threads at once. A copy that another process inherits by fork is inert there.
class Process {
 public:
  Process() = default;
  /// Starts a process that runs `body`, a function without parameters that returns an exit code or nothing.
  /// @throws SystemError if there is no room for another process
  template <std::invocable F>
  requires(!std::same_as<std::remove_cvref_t<F>, Process>) explicit Process(F&& body,
                                                                            const ProcessOptions& options = {}) {
    static_assert(std::is_void_v<std::invoke_result_t<F&>> || std::is_convertible_v<std::invoke_result_t<F&>, int>,
                  "the function of a Process returns an exit code or nothing");
    start(
        [&body]() -> int {
          if constexpr (std::is_void_v<std::invoke_result_t<F&>>) {
            body();
            return 0;
          } else {
            return body();
          }
        },
        options);
  }
  ~Process();
  Process(Process&& other) noexcept;
  Process& operator=(Process&& other) noexcept;

  pid_t pid() const { return pid_; }
  const std::string& name() const { return name_; }
  /// Readable once the process has ended; for poll. -1 if there is none.
  int descriptor() const { return pidfd_.get(); }
  /// Whether there is a process that this object started and that has not been seen to end.
  bool joinable() const;

  /// How the process ended, or that it runs. Reaps it. If somebody else reaped it, its end is not known: exit code 255.
  ExitStatus status();
  bool is_alive() { return joinable() && status().is_running(); }
  /// Waits until it has ended.
  ExitStatus join();
  /// Waits at most `limit`. @return whether it has ended
  bool join_for(std::chrono::nanoseconds limit);

  /// Sends a signal; nothing to a process that has ended.
  void signal(int number);
  /// Asks it to end (SIGTERM).
  void terminate();
  /// Ends it (SIGKILL).
  void kill();
  /// Forgets the process without touching it (in a process that inherited this object by fork).
  void disown();

 private:
  void start(const std::function<int()>& body, const ProcessOptions& options);

  pid_t pid_ = -1;
  pid_t owner_ = -1;
  bool daemon_ = false;
  std::string name_;
  Fd pidfd_;
  ExitStatus status_ = ExitStatus::running();
};

/// The name that this process was started with by a Process, in full; else the program's name.
const std::string& process_name();

}  // namespace windrow
