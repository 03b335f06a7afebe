#pragma once

#include <string_view>

namespace windrow::app {

/// The exit code where all went well but who read standard output ended first: as of a program that SIGPIPE ends.
inline constexpr int kNobodyReads = 141;

/// Once, first of all: gives descriptors 0, 1 and 2 that are closed to /dev/null, so that no file of the results gets
/// one of these numbers, and what is printed to it fails. A pipe that nobody reads any more, and a file that is larger
/// than `ulimit -f` allows, are errors like a full disk from here on, not the end of this process. (Programs that are
/// launched have default signals.)
void take_standard_streams();

/// Prints to standard output. What cannot be written is told by end_of_output(). @return whether it was written, or
/// kept to be
bool put(std::string_view text);
/// Prints to standard error. If that cannot be written, there is nobody to tell.
void put_aside(std::string_view text);

/// Writes what is left for standard output. @return 0, or the number of the first error since the program began
int flush_output();

/// At the end: complains if something of standard output was lost. @return `code`, or that of wrong usage in place of
/// success
int end_of_output(int code);

}  // namespace windrow::app
