#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>

#include "generations.hpp"
#include "sqlite.hpp"
#include "windrow/store/store.hpp"

/// Outputs that outcomes of an earlier form of a study lack, read from the files that their programs left.
namespace windrow::detail {

/// Where arrays that were read wait until the study's arrays have followed their points (move_point_files).
inline constexpr const char* collected_name = "arrays.collected";

/// What the temporary table `collected` says of points, to be taken over with their rows: now, status, message, o0, ...
class CollectedOutputs {
 public:
  CollectedOutputs(Connection& connection, std::filesystem::path directory, const StudyIdentity& present);

  /// Reads what an outcome lacks.
  /// @param is_present  it is of the form that the study has had until now, whose directories have not followed yet
  /// @return whether it has a result now; none: it cannot be read here
  std::optional<bool> read(const Generation& generation, bool is_present, std::uint64_t now, std::uint64_t was,
                           const ReadOutputs& read);

 private:
  void insert(std::uint64_t now, const std::vector<std::size_t>& wanted, const Outcome<std::vector<Value>>& outcome);
  ArrayFile stage(const Column& output, std::uint64_t now, const Value& value);

  Connection& connection_;
  std::filesystem::path directory_;
  const StudyIdentity& present_;
};

/// Whether read() will find the files of an outcome, or needs none.
bool can_be_read(Connection& connection, const std::filesystem::path& directory, const Generation& generation,
                 bool is_present, std::uint64_t was, const StudyIdentity& present);

/// Copies an array that was read (see ReadOutputs) into a directory.
ArrayFile store_array(const Value& value, const std::filesystem::path& directory);

/// Gives the arrays that were read their places.
void place_collected(const std::filesystem::path& directory);

}  // namespace windrow::detail
