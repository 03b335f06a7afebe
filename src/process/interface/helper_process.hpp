#pragma once

#include <signal.h>
#include <sys/types.h>

#include <vector>

#include "windrow/process/fd.hpp"

/// Other processes, and children just forked.
namespace [[gnu::visibility("default")]] windrow {
namespace detail {

/// Blocks every signal for a while, so that no handler of this process runs in a child just forked.
class SignalsBlocked {
 public:
  SignalsBlocked() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  ~SignalsBlocked() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  SignalsBlocked(const SignalsBlocked&) = delete;
  SignalsBlocked& operator=(const SignalsBlocked&) = delete;

 private:
  sigset_t before_;
};

/// Readable once that process has ended; empty if there is none. Close-on-exec.
Fd open_process(pid_t pid);

/// Children of a process, whichever of its threads made them.
std::vector<pid_t> children_of(pid_t pid);
/// These processes and every process below them. Some may have ended meanwhile.
std::vector<pid_t> with_descendants(std::vector<pid_t> pids);
/// Every process below this one.
std::vector<pid_t> descendants();

}  // namespace detail
}  // namespace windrow
