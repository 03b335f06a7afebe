#include "windrow/process/exit_status.hpp"

#include <fmt/format.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>

namespace windrow {

ExitStatus ExitStatus::from_wait(int status) {
  if (WIFEXITED(status)) return exited(WEXITSTATUS(status));
  if (WIFSIGNALED(status)) return signalled(WTERMSIG(status));
  return running();
}

std::string ExitStatus::describe() const {
  switch (kind_) {
    case Kind::running:
      return "running";
    case Kind::exited:
      return fmt::format("exit code {}", number_);
    case Kind::signalled:
      return fmt::format("signal {} ({})", number_, describe_signal(number_));
    case Kind::timed_out:
      return "its time limit";
    case Kind::lost:
      return "something unknown";
  }
  return {};
}

std::string describe_signal(int number) {
  if (number >= SIGRTMIN && number <= SIGRTMAX) return fmt::format("Real-time signal {}", number - SIGRTMIN);
  const char* text = sigdescr_np(number);
  return text != nullptr ? text : "Unknown signal";
}

}  // namespace windrow
