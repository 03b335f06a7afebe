#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "windrow/process/exit_status.hpp"

namespace [[gnu::visibility("default")]] windrow {

namespace detail {
class HelperProcess;
}

/// A program to run.
struct ProgramSpec {
  std::vector<std::string> argv;       ///< the program (searched for in PATH if it holds no slash) and its arguments
  std::filesystem::path directory;     ///< where it runs; empty: this process's directory
  std::filesystem::path stdout_file;   ///< created or emptied; relative to `directory`; empty: /dev/null
  std::filesystem::path stderr_file;   ///< the same; may be the same file as stdout_file
  std::filesystem::path stdin_file{};  ///< read from; relative to `directory`; empty: /dev/null
  /// "NAME=value", in place of what the launcher inherited: the environment that it was started with, less the
  /// variables of an outer MPI launcher, so that the program may itself be an MPI program. Open MPI's settings that
  /// concern an inner job as well (networks, oversubscription, how hosts are reached) stay.
  std::vector<std::string> environment;
  /// Whether it may use all cores that this process's launcher has: mpirun binds each of its ranks to one core, and all
  /// processes of an MPI program that such a rank starts would crowd on that.
  bool unbound = false;
  std::optional<std::chrono::nanoseconds> timeout;
  std::chrono::nanoseconds grace = std::chrono::seconds(2);  ///< between SIGTERM and SIGKILL
};

/// How a program ended, or why it was not started.
struct ProgramEnd {
  /// Of one that was not started: the exit code that a shell gives, 127 if it was not found, else 126.
  ExitStatus status = ExitStatus::lost();
  int error_number = 0;  ///< not started: the errno of what failed (ENOENT, EACCES, ENOEXEC, ...); else 0
  std::string message;   ///< not started: what failed, for a user to read
  double elapsed = 0.0;  ///< seconds, until the program itself ended

  bool was_started() const { return error_number == 0; }
};

/// Runs programs one at a time in a small helper process, so that nothing that they start outlives them, the caller, or
/// the helper: not when they time out, are told to stop, leave something in the background, or move it to another
/// session, and not when this process is killed by SIGKILL (everything is gone within 1 s). Waiting costs no CPU time.
///
/// The helper, and a guardian that ends what it leaves if it is killed, are forked by start(), or by the first run():
/// start() early where the process is still small, and before MPI_Init. A copy that a forked child inherits is inert
/// there: the child's first run() starts a helper of its own.
class Launcher {
 public:
  Launcher();
  ~Launcher();
  Launcher(Launcher&& other) noexcept;
  Launcher& operator=(Launcher&& other) noexcept;

  /// Starts the helper if this process has none. @throws SystemError if there is no room for another process
  void start();
  /// The helper of this process, or 0.
  pid_t helper() const;

  /// Runs a program to its end, and ends whatever it left behind.
  /// @param stop_requested  polled every 50 ms; when it returns true (or throws) the program is ended. May be empty
  /// @throws Interrupted    after everything has ended, if asked to stop
  /// @throws PeerLost       if the helper was killed meanwhile; the program has ended, and the next run() works
  /// @throws SpecError      for no program, or a null character in an argument
  ProgramEnd run(const ProgramSpec& spec, const std::function<bool()>& stop_requested = {});

 private:
  void send_run(const std::string& request);
  ProgramEnd wait_for_end(const ProgramSpec& spec, const std::function<bool()>& stop_requested);
  [[noreturn]] void fail_lost(const std::string& program);

  std::unique_ptr<detail::HelperProcess> helper_;
  std::string mark_;  // in the environment of every program: finds what a killed helper leaves
  std::uint64_t run_ = 0;
};

}  // namespace windrow
