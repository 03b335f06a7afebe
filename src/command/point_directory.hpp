#pragma once

#include <sys/types.h>

#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "windrow/command/command.hpp"

namespace windrow::detail {

/// The directories that points run in, one after another. To make one with its files and to remove it takes a quarter
/// of the time of a small program (and far longer on a file server), so the one of a point that leaves nothing behind
/// is put aside under another name, becomes the next point's, and its files are written anew in place. A program sees
/// no difference: what its predecessor made or changed is gone.
///
/// A copy that a forked child inherits has nothing ready there.
class PointDirectory {
 public:
  using Files = std::vector<TextFile>;

  PointDirectory() = default;
  ~PointDirectory() { give_up_prepared(); }
  PointDirectory(const PointDirectory&) = delete;
  PointDirectory& operator=(const PointDirectory&) = delete;

  /// Makes `directory`, which then holds these files alone, whatever an earlier try left there.
  /// @throws SystemError, std::filesystem::filesystem_error
  void enter(const std::filesystem::path& directory, const Files& files);
  /// `directory` is not to stay: it is removed, or put aside for the next. `files` as for enter().
  void leave(const std::filesystem::path& directory, const Files& files);
  /// Removes what was put aside.
  void give_up_prepared() noexcept;
  /// Removes what processes that were killed had put aside among these directories, and what others may use. It looks
  /// at what is in their register alone, however many points there are.
  static void tidy(const std::filesystem::path& points_directory) noexcept;
  /// The name of a file of a program's that leave() has removed, in whatever process, since tidy(); empty if there was
  /// none. It is told once.
  static std::string removed_file(const std::filesystem::path& points_directory) noexcept;
  /// What leave() finds beside `files` and is no program's: names in a point's directory.
  void expect(std::vector<std::string> names) { expected_ = std::move(names); }

 private:
  bool enter_in_register(const std::filesystem::path& points_directory);
  bool take_ready(const std::filesystem::path& directory);
  bool make_ready(const std::filesystem::path& directory, const Files& files);
  void note_removed(const std::filesystem::path& points_directory, std::string_view name);
  void make_new(const std::filesystem::path& directory);

  std::filesystem::path ready_;  // the name of what was put aside
  pid_t owner_ = 0;              // of that; 0: there is nothing
  std::filesystem::path entry_;  // of this process in the register
  pid_t registered_ = 0;         // whose entry it is; 0: there is none
  mode_t directory_mode_ = 0;    // as it was made
  mode_t file_mode_ = 0;
  std::vector<std::string> expected_;
  bool noted_removed_ = false;
};

}  // namespace windrow::detail
