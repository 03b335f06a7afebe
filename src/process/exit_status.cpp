#include "windrow/process/exit_status.hpp"

#include <fmt/format.h>
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
    case Kind::signalled: {
      const char* text = sigdescr_np(number_);
      return fmt::format("signal {} ({})", number_, text != nullptr ? text : "unknown");
    }
  }
  return {};
}

}  // namespace windrow
