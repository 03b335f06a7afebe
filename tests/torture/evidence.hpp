#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "windrow/parallel/outcome.hpp"

namespace windrow::test {

/// What a store holds of a point.
struct Stored {
  bool ok;
  double value;         ///< if ok
  TaskFailure failure;  ///< if not
};
using Outcomes = std::map<std::uint64_t, Stored>;

/// What went wrong, in words.
using Violations = std::vector<std::string>;

/// The outcomes in a store that nobody has open. They are read from a copy, since opening it would mend what a kill
/// left and the next run is to find that as it is; the copy must pass `PRAGMA integrity_check`.
/// @param copy  a directory that is made anew
Outcomes read_store(const std::filesystem::path& results, const std::filesystem::path& copy, Violations& violations);

/// The indices of evaluations, in the order in which they began.
std::vector<std::uint64_t> read_log(const std::filesystem::path& log);

/// Waits until no process with this variable in its environment is left. Those that are left after `limit` seconds are
/// violations, which say for how long, and are killed in the end.
/// @return seconds that it took
double expect_no_process(const std::string& variable, double limit, Violations& violations);

/// Files of a directory, less Open MPI's own, which it leaves when it is killed.
void expect_no_files(const std::filesystem::path& directory, Violations& violations);

}  // namespace windrow::test
