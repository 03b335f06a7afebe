#pragma once

#include <string>

namespace bench {

/// Seconds per point.
struct Cost {
  double clock = 0.0;
  double cpu = 0.0;  ///< of all processes
};

/// Whether a program of this name is found in PATH; of `parallel`, whether it is GNU's.
bool is_installed(const std::string& program);

/// Runs a program at each of some points, two at a time. What it measures includes the start of whatever runs them.
/// @param what       "bare", "windrow", "mpi", "xargs", "make" or "parallel"
/// @param program    "true" or "echo", in /bin; given the number of the point
/// @param directory  where a directory for results and logs is made, and removed
/// @throws std::runtime_error if something failed
Cost measure_programs(const std::string& what, const std::string& program, int points, const std::string& directory);

}  // namespace bench
