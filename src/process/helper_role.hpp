#pragma once

#include <sys/types.h>

#include <functional>
#include <initializer_list>
#include <string_view>
#include <vector>

#include "windrow/process/fd.hpp"

/// What the two helpers share that a process forks while it is small: the Launcher's and the ForkServer.
namespace windrow::detail {

/// What sets a helper apart.
struct HelperRole {
  const char* what;              ///< in messages: "the launcher"
  const char* name;              ///< of its process (comm)
  int socket_type;               ///< SOCK_STREAM or SOCK_SEQPACKET
  bool keeps_files = false;      ///< else it closes all descriptors but the socket and the standard streams
  bool keeps_directory = false;  ///< and stdout and stderr; else it is in / and these are on /dev/null, too
  /// How long the guardian may go on once the helper has ended, in ms; -1: as long as anything is left.
  int guardian_limit_ms = -1;
  std::vector<std::string_view> spared = {};  ///< names (comm) of orphans that are to end by themselves
  /// The helper's life, until the owner ends or closes its end of the socket. Entered with all signals blocked.
  /// `owner` is readable when the owner has ended.
  std::function<void(Fd socket, Fd owner)> serve;
};

/// The owner's side of a helper. The helper's parent is a guardian that ends what it leaves if it is killed; both are
/// subreapers and lead a process group of their own. Move-only; the copy that a forked child inherits ends nothing.
class HelperProcess {
 public:
  /// @throws SystemError if there is no room for it
  explicit HelperProcess(const HelperRole& role);
  /// Waits until both have ended.
  ~HelperProcess();
  HelperProcess(const HelperProcess&) = delete;
  HelperProcess& operator=(const HelperProcess&) = delete;

  int socket() const { return socket_.get(); }
  pid_t pid() const { return pid_; }
  /// Whether this process started it.
  bool is_own() const;
  bool is_alive() const;

 private:
  bool try_to_start(const HelperRole& role);

  Fd socket_;
  Fd pidfd_;
  pid_t pid_ = 0;
  pid_t guardian_ = 0;
  pid_t owner_;
  int guardian_limit_ms_;
};

/// From now on these signals alone are blocked, and make the descriptor readable. Ends the process if that cannot be.
Fd watch_signals(std::initializer_list<int> numbers);

/// Reaps children, and kills the processes below this one until only those below `is_spared` children are left. As the
/// nearest subreaper this process is the parent of every orphan below it, whatever session that moved to.
/// @param reaped  called for each child that has ended, with its status word. May be empty
/// @return false if something is left after 10 s: a process that hangs in the kernel (a dead file server)
bool kill_strays(const std::function<bool(pid_t)>& is_spared = {}, const std::function<void(pid_t, int)>& reaped = {});

}  // namespace windrow::detail
