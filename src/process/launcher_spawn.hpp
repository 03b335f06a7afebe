#pragma once

#include <sched.h>
#include <sys/types.h>

#include <string>
#include <vector>

#include "launcher_helper.hpp"

namespace windrow::detail {

/// What a program needs to be started, and what stopped it.
struct ProgramStart {
  const char* directory = nullptr;
  const char* input = nullptr;   ///< "" for /dev/null
  const char* output = nullptr;  ///< the same
  const char* error = nullptr;
  char* const* argv = nullptr;
  char* const* environment = nullptr;
  pid_t starter = 0;
  const cpu_set_t* cores = nullptr;                  ///< that it may use; null: those of this process
  volatile StartStep failed_step = StartStep::none;  // written by the child, which shares this memory until it execs
  volatile int error_number = 0;
};

/// Starts a program by vfork and exec, so that it costs the same however large this process is. The program is killed
/// when this thread ends, leads its own process group (so that its `kill 0` reaches nobody else), and has default
/// signals.
/// @return its pid, also if it failed before or in exec (then failed_step says where, and it has ended), or -1
pid_t spawn_program(ProgramStart& start);

/// This process's environment less what an outer MPI launcher set for its own ranks, marked as `mark`.
std::vector<std::string> program_environment(const std::string& mark);

}  // namespace windrow::detail
