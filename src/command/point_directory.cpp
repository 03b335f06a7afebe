#include "point_directory.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <string_view>
#include <utility>

#include "base/interface/leftover_names.hpp"
#include "windrow/base/files.hpp"
#include "windrow/base/machine.hpp"
#include "windrow/error.hpp"
#include "windrow/process/fd.hpp"

namespace windrow::detail {

namespace fs = std::filesystem;

namespace {

constexpr int kTries = 3;  // to make the register, which others remove when they leave it empty

/// The names in a directory. (opendir asks the kernel for four things more, which is felt at each point.)
class DirectoryNames {
 public:
  explicit DirectoryNames(int directory) : directory_(directory) {}

  /// @return the next one, valid until the next call; null at the end or after an error
  const char* next() {
    if (at_ == end_) {
      const ssize_t count = getdents64(directory_, buffer_.data(), buffer_.size());
      if (count <= 0) {
        has_failed_ = count < 0;
        return nullptr;
      }
      at_ = 0;
      end_ = static_cast<std::size_t>(count);
    }
    const auto* const entry = reinterpret_cast<const dirent64*>(buffer_.data() + at_);
    at_ += entry->d_reclen;
    return entry->d_name;
  }
  bool has_failed() const { return has_failed_; }

 private:
  int directory_;
  std::size_t at_ = 0;
  std::size_t end_ = 0;
  bool has_failed_ = false;
  alignas(dirent64) std::array<char, 4096> buffer_;
};

bool is_stream(std::string_view name) {
  return name == "stdout" || name == "stderr";
}

/// Writes a file that is new or of that length at most afterwards. @return its mode
mode_t write_file(const fs::path& path, std::string_view content) {
  const Fd file(open(path.c_str(), O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0666));
  struct stat status {};
  if (!file || fstat(file.get(), &status) != 0) throw SystemError("cannot write " + path.string(), errno);
  // Not by O_TRUNC: some file systems write at once to disk what replaces a truncated file.
  const bool too_long = status.st_size > static_cast<off_t>(content.size());
  if (too_long && ftruncate(file.get(), static_cast<off_t>(content.size())) != 0) {
    throw SystemError("cannot write " + path.string(), errno);
  }
  while (!content.empty()) {
    const ssize_t n = write(file.get(), content.data(), content.size());
    if (n < 0 && errno != EINTR) throw SystemError("cannot write " + path.string(), errno);
    if (n > 0) content.remove_prefix(static_cast<std::size_t>(n));
  }
  return status.st_mode;
}

void remove_quietly(const fs::path& directory) noexcept {
  std::error_code ignored;  // a file server may still hold names; the next try removes them
  remove_tree(directory, ignored);
}

void remove_or_throw(const fs::path& path) {
  std::error_code error;
  remove_tree(path, error);
  if (error) throw fs::filesystem_error("cannot remove what an earlier try left", path, error);
}

}  // namespace

void PointDirectory::enter(const fs::path& directory, const Files& files) {
  if (!take_ready(directory)) make_new(directory);
  for (const auto& [name, content] : files) {
    if (name.find('/') != std::string::npos) fs::create_directories((directory / name).parent_path());
    file_mode_ = write_file(directory / name, content);
  }
}

void PointDirectory::leave(const fs::path& directory, const Files& files) {
  if (owner_ != 0 && std::exchange(owner_, 0) == getpid()) remove_quietly(ready_);
  const bool is_put_aside = make_ready(directory, files) && enter_in_register(directory.parent_path()) &&
                            std::rename(directory.c_str(), ready_.c_str()) == 0;
  if (!is_put_aside) return remove_quietly(directory);
  owner_ = registered_;
}

void PointDirectory::give_up_prepared() noexcept {
  const pid_t self = getpid();
  if (std::exchange(owner_, 0) == self) remove_quietly(ready_);
  if (std::exchange(registered_, 0) != self) return;
  unlink(entry_.c_str());
  rmdir(entry_.parent_path().c_str());  // refused while others are in it
}

void PointDirectory::tidy(const fs::path& points_directory) noexcept {
  const fs::path entries = points_directory / put_aside_register;
  std::error_code error;
  for (fs::directory_iterator entry(entries, error), end; !error && entry != end; entry.increment(error)) {
    remove_quietly(points_directory / (std::string(put_aside_prefix) + entry->path().filename().string()));
  }
  remove_quietly(entries);
  unlink((points_directory / removed_note).c_str());
}

std::string PointDirectory::removed_file(const fs::path& points_directory) noexcept {
  const fs::path file = points_directory / removed_note;
  std::string name = read_file(file).value_or("");
  if (!name.empty()) unlink(file.c_str());
  return name;
}

void PointDirectory::note_removed(const fs::path& points_directory, std::string_view name) {
  if (std::exchange(noted_removed_, true)) return;
  const fs::path file = points_directory / removed_note;
  const Fd note(open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666));
  if (note) static_cast<void>(write(note.get(), name.data(), name.size()) == 0);  // nothing depends on it
}

// Before anything is put aside: of a killed process that is found by its entry, without a look at all points.
bool PointDirectory::enter_in_register(const fs::path& points_directory) {
  const pid_t self = getpid();
  if (registered_ == self) return true;
  const std::string name = fmt::format("{}-{}", host_name(), self);
  ready_ = points_directory / (std::string(put_aside_prefix) + name);
  entry_ = points_directory / put_aside_register / name;
  for (int tries = 0; tries < kTries; ++tries) {
    if (Fd(open(entry_.c_str(), O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0666))) {
      registered_ = self;
      return true;
    }
    if (errno != ENOENT) return false;
    mkdir(entry_.parent_path().c_str(), 0777);
  }
  return false;
}

// @return whether there was a directory put aside, which now is the point's
bool PointDirectory::take_ready(const fs::path& directory) {
  if (std::exchange(owner_, 0) != getpid()) return false;
  if (std::rename(ready_.c_str(), directory.c_str()) == 0) return true;
  const bool something_is_there = errno == EEXIST || errno == ENOTEMPTY || errno == ENOTDIR;
  if (something_is_there) remove_or_throw(directory);
  if (something_is_there && std::rename(ready_.c_str(), directory.c_str()) == 0) return true;
  remove_quietly(ready_);
  return false;
}

void PointDirectory::make_new(const fs::path& directory) {
  if (mkdir(directory.c_str(), 0777) != 0) {  // the usual case costs one system call
    if (errno == EEXIST) remove_or_throw(directory);
    fs::create_directories(directory);
  }
  struct stat status {};
  if (stat(directory.c_str(), &status) != 0) throw SystemError("cannot use " + directory.string(), errno);
  directory_mode_ = status.st_mode;
}

// Leaves files to be written anew, and empty streams. @return false if the program has made or changed anything else
bool PointDirectory::make_ready(const fs::path& directory, const Files& files) {
  struct stat status {};
  const Fd opened(open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  const int fd = opened.get();
  if (!opened || fstat(fd, &status) != 0 || status.st_mode != directory_mode_) return false;
  DirectoryNames names(fd);
  while (const char* const entry = names.next()) {
    const std::string_view name = entry;
    if (name == "." || name == "..") continue;
    const auto has_name = [name](const auto& file) { return file.name == name; };
    if (!is_stream(name) && std::none_of(files.begin(), files.end(), has_name)) {
      if (std::ranges::find(expected_, name) != expected_.end()) continue;
      note_removed(directory.parent_path(), name);
      return false;
    }
    if (fstatat(fd, entry, &status, AT_SYMLINK_NOFOLLOW) != 0) return false;
    // A link would have the next program's text written to whatever it leads to.
    if (status.st_mode != file_mode_ || status.st_nlink != 1) return false;
    if (!is_stream(name) || status.st_size == 0) continue;
    if (!Fd(openat(fd, entry, O_WRONLY | O_TRUNC | O_NOFOLLOW | O_CLOEXEC))) return false;
  }
  return expected_.empty() && !names.has_failed();
}

}  // namespace windrow::detail
