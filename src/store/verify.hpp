#pragma once

#include <string>
#include <vector>

#include "sqlite.hpp"
#include "windrow/parallel/index_set.hpp"

namespace windrow::detail {

/// What is wrong with a file.
struct Soundness {
  std::vector<std::string> structure;  ///< what makes it unsafe to write to it: a sentence each
  IndexSet points;                     ///< whose rows are damaged, with the rest of the file as it was
  std::uint64_t attempts = 0;          ///< damaged rows of attempts
  std::uint64_t earlier = 0;           ///< of earlier forms of the study
  bool index = false;                  ///< the index of failures is damaged, or may be: it is made of the rows
  bool has_sums = true;                ///< false: an older windrow wrote it; only its structure has been looked at

  bool sound() const { return structure.empty() && points.empty() && attempts == 0 && earlier == 0 && !index; }
  /// To be read; the points are named up to so many. @param then  follows what is said of points
  std::vector<std::string> lines(std::size_t most, const std::string& then = {}) const;
};

/// Reads all of the file. Errors of SQLite that tell of damage are a part of the answer, others are thrown.
Soundness verify(Connection& connection);
/// Removes the rows that are damaged, in one transaction. @pre verify() has found the structure sound
void remove_damaged(Connection& connection);

}  // namespace windrow::detail
