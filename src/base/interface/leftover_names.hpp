#pragma once

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
/// Behind the name of a shard that is merged and being removed.
inline constexpr std::string_view merged_ending = ".merged";

/// Whether a name in `points` is one of these.
inline bool is_for_a_time(std::string_view name) {
  return name.starts_with(put_aside_prefix) || name == put_aside_register || name == removed_note ||
         name.starts_with(copied_prefix);
}

}  // namespace windrow::detail
