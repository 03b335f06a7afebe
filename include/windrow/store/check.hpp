#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "windrow/parallel/index_set.hpp"

namespace [[gnu::visibility("default")]] windrow {

/// Whether a store is as it was written.
struct StoreCheck {
  std::uint64_t points = 0;
  std::uint64_t outcomes = 0;         ///< that are right
  IndexSet damaged;                   ///< points whose rows are not as they were written; the next run evaluates them
  std::vector<std::string> problems;  ///< what is wrong beside, in words: recover_store() is wanted
  std::vector<std::string> arrays;    ///< files of arrays that are missing or damaged, in words
  bool has_checksums = true;          ///< false: an older windrow wrote it; the next run makes them

  bool sound() const { return damaged.empty() && problems.empty() && arrays.empty(); }
};

/// Reads all of a store, arrays included.
/// @param directory  the store's
/// @throws StoreError if there is none, or it cannot be read for a reason that is no damage
StoreCheck check_store(const std::filesystem::path& directory);

/// What recover_store() has done.
struct Recovery {
  bool was_sound = false;              ///< nothing was wrong, and nothing has been done
  std::uint64_t points = 0;            ///< of the study
  std::uint64_t outcomes = 0;          ///< that are in the new file
  std::uint64_t earlier = 0;           ///< of these, and beside them, outcomes of earlier forms of the study
  std::filesystem::path damaged = {};  ///< where the damaged file is now
  std::vector<std::string> notes;      ///< what beside outcomes could not be kept
};

/// Makes a new file of the rows of a damaged one that fit their checksums, wherever they are found in it, and puts it
/// in its place. The damaged file is kept under another name. Points without a right row are evaluated by the next run.
/// @throws StoreError if there is no file, another process writes it, nothing says what it is of, or an older windrow
///         wrote it, which knew no checksums
Recovery recover_store(const std::filesystem::path& directory);

}  // namespace windrow
