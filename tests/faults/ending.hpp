#pragma once

#include <sys/resource.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <ostream>
#include <string>

#include "windrow/parallel/outcome.hpp"

namespace windrow::test {

/// A way in which an evaluation takes its whole process with it.
struct Ending {
  const char* name;
  FailureKind kind;  ///< what is to be said about it
  int code;

  [[noreturn]] void happen() const {
    const rlimit no_core{0, 0};
    ::setrlimit(RLIMIT_CORE, &no_core);
    if (kind == FailureKind::crashed) {
      ::signal(-code, SIG_DFL);
      ::raise(-code);
    }
    if (std::string(name) == "underscore_exit") ::_exit(code);
    std::exit(code);
  }
  friend std::ostream& operator<<(std::ostream& out, const Ending& ending) { return out << ending.name; }
};

inline constexpr Ending endings[] = {
    {"kill", FailureKind::crashed, -SIGKILL},
    {"abort", FailureKind::crashed, -SIGABRT},
    {"segfault", FailureKind::crashed, -SIGSEGV},
    {"underscore_exit", FailureKind::exited, 7},
    {"exit", FailureKind::exited, 3},
    {"silent_exit", FailureKind::exited, 0},
};

}  // namespace windrow::test
