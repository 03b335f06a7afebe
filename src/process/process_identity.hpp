#pragma once

#include <cstdint>
#include <optional>

/// Which process this is, in words of shared memory: for memory that must not wait for a process that is gone.
namespace windrow::detail {

struct ProcessTimes {
  char state = 'X';
  std::uint64_t start = 0;  // clock ticks since the machine started
};
/// From the directory /proc/<pid>. None if the process is gone.
std::optional<ProcessTimes> times_of(int process_directory);

/// Names a process among all that there have been since the machine started: its pid and its start. 0 is nobody.
using ProcessIdentity = std::uint64_t;
/// @throws SystemError if /proc cannot be read
ProcessIdentity own_identity();
int pid_of(ProcessIdentity mark);
/// Whether it runs, as far as this process can see; one that has ended and was not reaped does not.
bool is_running(ProcessIdentity mark);

}  // namespace windrow::detail
