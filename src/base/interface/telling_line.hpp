#pragma once

#include <string>
#include <string_view>

namespace windrow::detail {

/// How much a line of a failed program's output says of the reason.
enum class Tells {
  nothing,  ///< there is no line, or only rules, backtraces and what follows from the failure
  last,     ///< it is the last line, no more
  hint,     ///< it has a word as "cannot" or "not found"
  abort,    ///< it says that MPI or the system ended the program
  error,    ///< it calls itself an error
  runtime   ///< a language's runtime or a sanitizer reports: Fortran, Python, C++, an assertion
};

/// The line of a program's output that tells why it failed.
struct Telling {
  std::string line;   ///< trimmed, without colours and without the mark of an mpirun ("[1,0]<stderr>:")
  std::string where;  ///< the line that says where, if a runtime gives one ("At line 12 of file model.f90"); or empty
  Tells weight = Tells::nothing;
};

/// Of lines that tell equally much it is the first one; the last one of Python's exceptions, which are chained, of
/// hints and where nothing tells more.
Telling telling_line(std::string_view text);

/// What lines that differ only in numbers and blanks have in common: "no convergence at step #" of step 17 and 18.
std::string without_numbers(std::string_view line);

}  // namespace windrow::detail
