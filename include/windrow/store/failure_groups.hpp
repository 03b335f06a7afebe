#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "windrow/design/value.hpp"
#include "windrow/parallel/outcome.hpp"

namespace [[gnu::visibility("default")]] windrow {

struct Column;

/// Levels of a parameter that failed points have in common.
struct SharedLevels {
  std::string parameter;
  std::vector<Value> values;    ///< one, or two or three of more that other points have
  bool none_succeeded = false;  ///< there is one value, and no point that has it succeeded
};

/// Failed points whose failures are alike: of one kind and code, with one line that tells why, numbers in it aside.
struct FailureGroup {
  FailureKind kind = FailureKind::exception;
  int code = 0;               ///< as TaskFailure::code
  std::string line;           ///< of the example; empty: nothing was printed
  bool various = false;       ///< there are too many different lines to tell them apart: the rest of this kind
  std::uint64_t points = 0;   ///< how many
  TaskFailure example;        ///< the one of the lowest index
  std::vector<Value> values;  ///< its parameters
  std::vector<SharedLevels> shared;
};

/// The line of a failure that tells why: of a program that ended by itself what it printed, else what windrow says.
/// Empty if there is none.
std::string telling_line(const TaskFailure& failure);

/// "exited with code 3", "crashed: signal 11 (Segmentation fault)", "timed_out": a kind as it is recorded, and its
/// code.
std::string describe_kind(FailureKind kind, int code);

/// Lines of at most `width` columns for people, the most frequent group first: how many, of which kind, why, and an
/// example with its parameters; one that says how many groups are left out.
/// @param parameters  of the values; empty: examples are told without
/// @param lines_each  that the reason may take
std::vector<std::string> render(const std::vector<FailureGroup>& groups, const std::vector<Column>& parameters,
                                std::size_t most, std::size_t width, std::size_t lines_each = 2);

/// "all have x = 3, where no point succeeded; all have y = 1 or 2"; empty if they share nothing.
std::string render(const std::vector<SharedLevels>& shared, const std::vector<Column>& parameters);

}  // namespace windrow
