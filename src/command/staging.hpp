#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "windrow/command/command.hpp"

/// Files of the study's directory that points are given.
namespace windrow::detail {

/// The name in a point's directory of a file that is `path` in the study's: with its folder; of "a/./b" that is "b",
/// and of a path that leads out of the study's directory its last part.
std::string name_in_point(const std::filesystem::path& path);

/// A file that a path of the study stands for.
struct FoundFile {
  std::filesystem::path path;  ///< as it may be opened
  std::string name;            ///< in a point's directory
};

/// Whether there is something of this name; if not, it may be a pattern.
bool is_pattern(const std::filesystem::path& study_directory, const std::string& path);

/// What a file, a folder or a pattern stands for, sorted by name: of a folder all files in it, and folders that are
/// empty, but no results of a study.
/// @param what  "input", for messages
/// @throws SpecError if there is no such file
std::vector<FoundFile> find_files(const std::filesystem::path& study_directory, const std::string& path,
                                  const char* what);

/// What a file is known by, or all that a folder or a pattern stands for. @throws SpecError if one cannot be read
std::string content_known_by(const std::filesystem::path& study_directory, const std::string& path, const char* what);

/// All that is to be laid into each point's directory.
/// @param rendered  names that templates take: their files are left out of folders and of patterns
/// @throws SpecError for a file that is not there, and two of one name
std::vector<StagedFile> find_staged(const std::vector<StageSpec>& stage, const std::filesystem::path& study_directory,
                                    const std::vector<std::string>& rendered);

/// The same as one text, for other ranks, and back.
std::string encode(const std::vector<StagedFile>& staged, const std::filesystem::path& study_directory);
std::vector<StagedFile> decode_staged(std::string_view text, const std::filesystem::path& study_directory);

/// The state of the files that links lead to.
class StagedOriginals {
 public:
  /// Lays the files into a point's directory. @throws SystemError, std::filesystem::filesystem_error
  void lay(const std::vector<StagedFile>& staged, const std::filesystem::path& directory);
  /// The first of them that is not what it was; null if all are.
  const StagedFile* changed(const std::vector<StagedFile>& staged) const;

 private:
  struct State {
    std::int64_t size = 0;
    std::int64_t seconds = 0;
    std::int64_t nanoseconds = 0;
    bool operator==(const State&) const = default;
  };
  static State state_of(const StagedFile& file);
  std::vector<State> states_;
};

/// Whether a pattern of CommandSpec::keep_files matches a file. @param path  in the point's directory
bool matches_kept(const std::string& path, const std::vector<std::string>& patterns);
/// Removes the files below `directory` that none matches, and folders that then are empty.
void keep_matching(const std::filesystem::path& directory, const std::vector<std::string>& patterns) noexcept;

/// @throws SpecError for a pattern that matches nothing whatever there is
void check_keep_pattern(const std::string& pattern);

}  // namespace windrow::detail
