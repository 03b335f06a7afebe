#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>

#include "generations.hpp"
#include "readings.hpp"
#include "sqlite.hpp"
#include "windrow/store/store.hpp"

/// Outputs that outcomes of an earlier form of a study lack, read from the files that their programs left.
namespace windrow::detail {

/// Where arrays that were read wait until the study's arrays have followed their points (move_point_files).
inline constexpr const char* collected_name = "arrays.collected";

struct Match;

/// What the temporary table `collected` says of points, to be taken over with their rows: now, status, message, o0, ...
class CollectedOutputs {
 public:
  CollectedOutputs(Connection& connection, std::filesystem::path directory, const StudyIdentity& present);

  /// Reads what an outcome lacks, and judges it.
  /// @param found  counts it
  /// @return whether it is a result now; none: that cannot be told here
  std::optional<bool> read(const Match& match, const Generation& generation, const ReadOutputs& read,
                           Resumption& found);

 private:
  void insert(const UnreadOutcome& unread, const Outcome<std::vector<Value>>& outcome);
  ArrayFile stage(const Column& output, std::uint64_t now, const Value& value);

  Connection& connection_;
  std::filesystem::path directory_;
  const StudyIdentity& present_;
  std::map<std::int64_t, UnreadOutcomes> unread_;  // by generation
};

/// Copies an array that was read (see ReadOutputs) into a directory.
ArrayFile store_array(const Value& value, const std::filesystem::path& directory);

/// Gives the arrays that were read their places.
void place_collected(const std::filesystem::path& directory);

}  // namespace windrow::detail
