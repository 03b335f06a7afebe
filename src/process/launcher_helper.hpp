#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>

#include "windrow/process/exit_status.hpp"
#include "windrow/process/fd.hpp"

/// What a Launcher and its helper say to each other, over a stream socket of one machine.
namespace windrow::detail {

enum class RequestType : std::uint32_t { run, stop };

/// A request: this, then `size` bytes. A stop names the run that it is for, so that one that comes late stops no other.
struct RequestHeader {
  RequestType type = RequestType::run;
  std::uint32_t reserved = 0;
  std::uint64_t run = 0;
  std::uint64_t size = 0;
};

/// Content of a run: this, then texts that end in a null character: directory, stdin, stdout, stderr, arguments,
/// variables.
struct RunHeader {
  std::int64_t timeout = -1;  ///< nanoseconds, or none if negative
  std::int64_t grace = 0;     ///< nanoseconds
  std::uint32_t arguments = 0;
  std::uint32_t variables = 0;
  std::uint32_t unbound = 0;  ///< 1: on all cores that the owner's launcher has
  std::uint32_t reserved = 0;
};

/// What was being done when a program could not be started.
enum class StartStep : std::int32_t {
  none,
  process,
  directory,
  standard_input,
  standard_output,
  standard_error,
  execute
};

struct Reply {
  std::uint64_t run = 0;
  ExitStatus status = ExitStatus::lost();
  StartStep step = StartStep::none;  ///< of a program that was not started, and its errno; else 0
  std::int32_t error_number = 0;
  double elapsed = 0.0;
  bool stopped = false;  ///< ended as asked, not by itself
};

/// The environment variable that marks the programs of a launcher; launchers inside each other append theirs.
inline constexpr const char* launcher_variable = "WINDROW_LAUNCHER";

/// The helper's life (HelperRole::serve).
void serve_launcher(const Fd& socket, const Fd& owner, pid_t owner_pid, const std::string& mark);

}  // namespace windrow::detail
