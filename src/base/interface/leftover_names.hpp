#pragma once

#include <array>
#include <string_view>

/// Names of what windrow makes for a time in a results directory. What killed processes leave is found by them, so each
/// is used by who makes it and by who removes it. src/run/DESIGN.md tells of all of them.
namespace windrow::detail {

/// In `points`: a directory that a worker has put aside for its next point, `.ready-HOST-PID`.
inline constexpr std::string_view put_aside_prefix = ".ready-";
/// In `points`: the register of these, a directory with an empty file HOST-PID for each process that may have one.
inline constexpr std::string_view put_aside_register = ".ready";
/// In `points`: holds the name of a program's file that was removed with a point's directory.
inline constexpr std::string_view removed_note = ".removed";
/// In `points`: the directory of a point while it is copied from another store, `.incoming-INDEX`.
inline constexpr std::string_view copied_prefix = ".incoming-";
/// Beside `live.json`: what is to take its name.
inline constexpr std::string_view live_part = "live.json.part";
/// Behind the name of the results file: what is to be the file with its size and hash; and while it is recovered, a
/// copy that is read, and what is to take its name. SQLite makes files beside the last two.
inline constexpr std::string_view fresh_seal = ".sum.new";
inline constexpr std::string_view damaged_copy = ".copy";
inline constexpr std::string_view recovered_part = ".recovered";
/// What SQLite puts behind the name of a file for those beside it.
inline constexpr std::array<std::string_view, 3> journal_endings = {"-wal", "-journal", "-shm"};
/// Behind the name of a shard that is merged and being removed.
inline constexpr std::string_view merged_ending = ".merged";

/// Whether a name in `points` is one of these.
inline bool is_for_a_time(std::string_view name) {
  return name.starts_with(put_aside_prefix) || name == put_aside_register || name == removed_note ||
         name.starts_with(copied_prefix);
}

/// Whether what follows the name of the results file makes it one of these.
inline bool is_for_a_time_behind_results(std::string_view ending) {
  if (ending == fresh_seal) return true;
  for (const std::string_view journal : journal_endings) {
    if (ending.ends_with(journal)) ending.remove_suffix(journal.size());
  }
  return ending == damaged_copy || ending == recovered_part;
}

}  // namespace windrow::detail
